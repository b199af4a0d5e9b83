//! A report in a terminal.

use super::chart::chart;
use super::model::{Content, Measure, Report, Row};
use super::number::number_text;
use super::shown_place;
use crate::stored::{Table, index_text, printable};
use crate::style;

/// How many points of optima are named.
const OPTIMA: usize = 5;

/// The narrowest and the widest chart.
const CHART: std::ops::RangeInclusive<usize> = 8..=60;

/// How the report is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    /// Of the terminal, in columns.
    pub(super) width: usize,
    /// Whether all cells have one scale.
    pub(super) one_scale: bool,
}

pub(super) fn text(report: &Report, drawn: Drawn) -> String {
    let mut out = String::new();
    for measure in &report.measures {
        out += &of_measure(report, measure, drawn);
        out.push('\n');
    }
    if report.measures.is_empty() {
        out += "no cell has numbers:\n";
        for (place, why) in &report.without {
            out += &format!("  {}: {}\n", printable(&shown_place(place)), printable(why));
        }
    }
    out
}

fn of_measure(report: &Report, measure: &Measure, drawn: Drawn) -> String {
    let name = match measure.field.as_str() {
        "" => "value",
        field => field,
    };
    let range = measure.range.map_or(String::new(), |(min, max)| {
        format!(", from {} to {}", number_text(min), number_text(max))
    });
    let mut out = format!(
        "{}  {} cells, {} points{range}\n",
        style::paint(style::NAME, printable(name)),
        measure.rows.len(),
        measure.points.len()
    );
    let has_labels = measure.rows.iter().any(|row| row.place.label.is_some());
    let mut head = vec!["RUN", "TASK", "MAP"];
    if has_labels {
        head.push("NAME");
    }
    head.extend(["POINTS", "MIN", "MEAN", "MAX", "OPTIMUM AT", "CHART"]);
    let cells: Vec<Vec<String>> = measure
        .rows
        .iter()
        .map(|row| cells(row, measure, has_labels))
        .collect();
    let width = chart_width(&head, &cells, drawn.width);
    let mut table = Table::new(&head);
    for (row, cells) in measure.rows.iter().zip(&cells) {
        table.row_with_colours(cells, drawing(report, measure, row, width, drawn.one_scale));
    }
    out += &table.to_string();
    out += &optima(report, measure);
    out
}

/// All columns but the chart.
fn cells(row: &Row, measure: &Measure, has_labels: bool) -> Vec<String> {
    let place = &row.place;
    let mut cells = vec![
        place.run_id.clone(),
        place.task_id.clone(),
        index_text(place.map_index),
    ];
    if has_labels {
        cells.push(place.label.clone().unwrap_or_else(|| "-".to_owned()));
    }
    let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), number_text);
    match row.series() {
        Some(series) => cells.extend([
            series.count().to_string(),
            number(series.min),
            number(series.mean),
            number(series.max),
            series.optimum.map_or_else(
                || "-".to_owned(),
                |at| point_text(&measure.points[at]).to_owned(),
            ),
        ]),
        None => cells.extend(std::iter::repeat_n("-".to_owned(), 5)),
    }
    cells
}

/// A number alone is a series with one point, which has no name.
fn point_text(label: &str) -> &str {
    match label {
        "" => "-",
        label => label,
    }
}

/// What the other columns leave, and the two spaces between them.
fn chart_width(head: &[&str], cells: &[Vec<String>], width: usize) -> usize {
    let columns = head.len() - 1;
    let taken: usize = (0..columns)
        .map(|at| {
            let longest = cells.iter().map(|row| row[at].chars().count()).max();
            longest.unwrap_or(0).max(head[at].chars().count()) + 2
        })
        .sum();
    width
        .saturating_sub(taken)
        .clamp(*CHART.start(), *CHART.end())
}

fn drawing(report: &Report, measure: &Measure, row: &Row, width: usize, one_scale: bool) -> String {
    let series = match &row.content {
        Content::Series(series) => series,
        Content::Other(what) => return format!("({})", printable(what)),
        Content::Missing => return "(missing)".to_owned(),
    };
    let range = measure.range.filter(|_| one_scale);
    let chart = chart(series, range, width, report.optimum);
    let mut out = String::new();
    for (at, letter) in chart.letters.iter().enumerate() {
        match chart.optimum == Some(at) {
            true => out += &style::paint(style::OK, letter),
            false => out.push(*letter),
        }
    }
    let (gaps, not_finite) = (series.gaps(), series.not_finite());
    if gaps > 0 {
        out += &format!(" {gaps} missing");
    }
    if not_finite > 0 {
        out += &format!(" {not_finite} not finite");
    }
    out
}

fn optima(report: &Report, measure: &Measure) -> String {
    let with: usize = measure.optima.iter().map(|(_, count)| count).sum();
    if measure.points.len() < 2 || with == 0 {
        return String::new();
    }
    let named: Vec<String> = measure
        .optima
        .iter()
        .take(OPTIMA)
        .map(|(point, count)| format!("{} in {count}", printable(point)))
        .collect();
    let more = match measure.optima.len().saturating_sub(OPTIMA) {
        0 => String::new(),
        more => format!(", and {more} other points"),
    };
    let word = report.optimum.word();
    format!(
        "optimum ({word}) of {with} cells: at {}{more}\n",
        named.join(", at ")
    )
}
