//! Small charts of letters.

use super::model::{Aligned, Optimum};
use super::series::Point;

/// The heights of a number.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A place without a number.
const GAP: char = '·';
/// NaN, or an infinity.
const NOT_FINITE: char = '!';

/// A chart, and which of its letters is the optimum.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chart {
    pub(super) letters: Vec<char>,
    pub(super) optimum: Option<usize>,
}

/// A series in at most `width` letters, between the numbers of `range`; its own smallest and greatest if none is given.
///
/// Where there are more points than letters, several share one, and the best of them is shown.
pub(super) fn chart(
    series: &Aligned,
    range: Option<(f64, f64)>,
    width: usize,
    optimum: Optimum,
) -> Chart {
    let count = series.values.len();
    let width = width.min(count).max(1);
    let own = series.min.zip(series.max);
    let range = range.or(own).unwrap_or((0.0, 0.0));
    let letters = (0..width)
        .map(|at| letter(&series.values[bucket(at, width, count)], range, optimum))
        .collect();
    let best = series.optimum;
    Chart {
        letters,
        optimum: best
            .and_then(|best| (0..width).find(|at| bucket(*at, width, count).contains(&best))),
    }
}

/// The points that share a letter.
fn bucket(at: usize, width: usize, count: usize) -> std::ops::Range<usize> {
    at * count / width..(at + 1) * count / width
}

fn letter(points: &[Point], range: (f64, f64), optimum: Optimum) -> char {
    let numbers = points.iter().filter_map(|point| point.number());
    let best = match optimum {
        Optimum::Max => numbers.reduce(f64::max),
        Optimum::Min => numbers.reduce(f64::min),
    };
    match best {
        Some(number) => HEIGHTS[height(number, range)],
        None if points.contains(&Point::NotFinite) => NOT_FINITE,
        None => GAP,
    }
}

fn height(number: f64, (low, high): (f64, f64)) -> usize {
    let top = HEIGHTS.len() - 1;
    // Halved first: the distance of two large numbers may be none.
    let part = (number / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
    match part.is_finite() {
        true => ((part * top as f64).round() as usize).min(top),
        // All are the same.
        false => top / 2,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::xcom::report::model::{Cell, Report, Wanted};

    fn series(value: Value) -> Aligned {
        let cell = Cell {
            run_id: "r".to_owned(),
            task_id: "t".to_owned(),
            map_index: -1,
            value: Ok(value),
        };
        let report = Report::of(vec![cell], &Wanted::default());
        report.measures[0].series().next().unwrap().clone()
    }

    fn text(value: Value, width: usize, optimum: Optimum) -> String {
        chart(&series(value), None, width, optimum)
            .letters
            .into_iter()
            .collect()
    }

    #[test]
    fn heights_go_from_the_smallest_to_the_greatest() {
        assert_eq!(
            text(json!([0, 1, 2, 3, 4, 5, 6, 7]), 80, Optimum::Max),
            "▁▂▃▄▅▆▇█"
        );
        assert_eq!(text(json!([-1, null, 1, "NaN"]), 80, Optimum::Max), "▁·█!");
        assert_eq!(text(json!([5, 5]), 80, Optimum::Max), "▄▄");
        assert_eq!(text(json!([-1e308, 1e308]), 80, Optimum::Max), "▁█");
    }

    #[test]
    fn where_points_share_a_letter_the_best_is_shown() {
        assert_eq!(text(json!([0, 9, 0, 0, 0, 3]), 3, Optimum::Max), "█▁▃");
        assert_eq!(text(json!([0, 9, 9, 9, 9, 3]), 3, Optimum::Min), "▁█▃");
        assert_eq!(
            chart(&series(json!([0, 9, 0, 0, 0, 3])), None, 3, Optimum::Max).optimum,
            Some(0)
        );
    }

    #[test]
    fn cells_can_share_a_scale() {
        let one = chart(&series(json!([0, 1])), Some((0.0, 2.0)), 80, Optimum::Max);
        assert_eq!(one.letters, ['▁', '▅']);
    }

    proptest! {
        #[test]
        fn a_chart_fits_and_shows_its_optimum(
            values in proptest::collection::vec(any::<f64>().prop_filter("JSON has no NaN", |n| n.is_finite()), 1..300), width in 1_usize..120
        ) {
            let series = series(json!(values));
            let chart = chart(&series, None, width, Optimum::Max);
            prop_assert_eq!(chart.letters.len(), width.min(values.len()));
            let best = chart.optimum.unwrap();
            let top = if series.min == series.max { '▄' } else { '█' };
            prop_assert_eq!(chart.letters[best], top);
        }
    }
}
