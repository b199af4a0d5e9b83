use proptest::prelude::*;
use serde_json::{Value, json};

use super::model::{Cell, Content, Optimum, Report, Wanted};
use super::series::Point;

fn cell(run_id: &str, map_index: i64, value: Value) -> Cell {
    Cell {
        run_id: run_id.to_owned(),
        task_id: "t".to_owned(),
        map_index,
        value: Ok(value),
    }
}

#[test]
fn series_are_lined_up_by_their_labels_and_the_optimum_is_found() {
    let report = Report::of(
        vec![
            cell(
                "r2",
                1,
                json!({"name": "eth", "auc_by_seed": {"10": 0.5, "2": 0.9}}),
            ),
            cell(
                "r2",
                0,
                json!({"name": "btc", "auc_by_seed": {"2": 0.7, "10": 0.8, "100": 0.1}}),
            ),
            cell(
                "r1",
                0,
                json!({"name": "btc", "auc_by_seed": {"2": 0.6, "10": null}}),
            ),
        ],
        &Wanted {
            label: Some("name".to_owned()),
            ..Wanted::default()
        },
    );
    let measure = &report.measures[0];
    assert_eq!(
        (measure.field.as_str(), report.measures.len(), report.cells),
        ("auc_by_seed", 1, 4)
    );
    assert_eq!(
        measure.points,
        ["2", "10", "100"],
        "in the order of the numbers"
    );
    let found: Vec<_> = measure
        .rows
        .iter()
        .map(|row| {
            let optimum = row.series().and_then(|series| series.optimum);
            (
                row.place.run_id.as_str(),
                row.place.map_index,
                row.place.label.as_deref(),
                optimum,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("r2", 0, Some("btc"), Some(1)),
            ("r2", 1, Some("eth"), Some(0)),
            ("r1", 0, Some("btc"), Some(0)),
            ("r1", 1, None, None)
        ]
    );
    assert_eq!(measure.rows[3].content, Content::Missing);
    assert_eq!(measure.optima, [("2".to_owned(), 2), ("10".to_owned(), 1)]);
    assert_eq!(measure.range, Some((0.1, 0.9)));
    let last = measure.rows[2].series().unwrap();
    assert_eq!((last.count(), last.gaps()), (1, 2));
}

#[test]
fn cells_without_numbers_say_what_they_have() {
    let mut broken = cell("r", 4, json!(null));
    broken.value = Err("pickled".to_owned());
    let cells = vec![
        cell("r", 0, json!([1, 2])),
        cell("r", 1, json!("s3://b/k")),
        cell("r", 2, json!(null)),
        cell("r", 3, json!({"other": [1]})),
        broken,
    ];
    let report = Report::of(cells.clone(), &Wanted::default());
    let contents: Vec<_> = report.measures[0]
        .rows
        .iter()
        .map(|row| row.content.clone())
        .collect();
    let other = |text: &str| Content::Other(text.to_owned());
    assert_eq!(
        contents[1..],
        [
            other("text"),
            other("null"),
            other("has other fields"),
            other("pickled")
        ]
    );
    let none = Report::of(cells[1..3].to_vec(), &Wanted::default());
    assert!(none.measures.is_empty());
    assert_eq!(
        none.without
            .iter()
            .map(|(_, why)| why.as_str())
            .collect::<Vec<_>>(),
        ["text", "null"]
    );
}

#[test]
fn nan_is_neither_a_number_nor_a_gap() {
    let report = Report::of(
        vec![cell("r", 0, json!(["NaN", 1, null, "Infinity"]))],
        &Wanted::default(),
    );
    let series = report.measures[0].rows[0].series().unwrap();
    assert_eq!(
        (series.count(), series.gaps(), series.not_finite()),
        (1, 1, 2)
    );
    assert_eq!((series.optimum, series.mean), (Some(1), Some(1.0)));
    let only = Report::of(vec![cell("r", 0, json!(["NaN"]))], &Wanted::default());
    let series = only.measures[0].rows[0].series().unwrap();
    assert_eq!(
        (series.optimum, series.best(), series.min, series.mean),
        (None, None, None, None)
    );
}

#[test]
fn the_smallest_is_the_optimum_when_asked_for_and_fields_are_chosen() {
    let wanted = Wanted {
        optimum: Optimum::Min,
        fields: vec!["loss".to_owned()],
        label: None,
    };
    let report = Report::of(
        vec![cell(
            "r",
            0,
            json!({"loss": [3, 1, 1, 2], "auc": 1, "x": "y"}),
        )],
        &wanted,
    );
    assert_eq!(report.measures.len(), 1);
    let series = report.measures[0].rows[0].series().unwrap();
    assert_eq!(
        (series.optimum, series.best()),
        (Some(1), Some(1.0)),
        "the first of the same"
    );
}

proptest! {
    #[test]
    fn whatever_comes_every_cell_has_a_row_and_the_optimum_is_no_worse_than_any_number(
        cells in proptest::collection::vec((0..3_u8, 0..4_i64, proptest::collection::vec(proptest::option::of(-1e300..1e300_f64), 0..8)), 1..20),
        smallest in any::<bool>(),
    ) {
        let wanted = Wanted { optimum: if smallest { Optimum::Min } else { Optimum::Max }, ..Wanted::default() };
        let given: Vec<Cell> = cells.iter().map(|(run, index, values)| cell(&format!("r{run}"), *index, json!(values))).collect();
        let runs: std::collections::BTreeSet<_> = given.iter().map(|cell| cell.run_id.clone()).collect();
        let indexes: std::collections::BTreeSet<_> = given.iter().map(|cell| cell.map_index).collect();
        let report = Report::of(given, &wanted);
        prop_assert_eq!(report.cells, runs.len() * indexes.len());
        for measure in &report.measures {
            prop_assert_eq!(measure.rows.len(), report.cells);
            let counted: usize = measure.optima.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(counted, measure.series().filter(|series| series.count() > 0).count());
            for series in measure.series() {
                prop_assert_eq!(series.values.len(), measure.points.len());
                let numbers = series.values.iter().filter_map(|point| point.number());
                let best = series.best();
                for number in numbers {
                    let best = best.unwrap();
                    let no_worse = if smallest { best <= number } else { best >= number };
                    prop_assert!(no_worse);
                }
                prop_assert!(series.mean.is_none_or(f64::is_finite));
                prop_assert_eq!(series.count() + series.gaps() + series.not_finite(), series.values.len());
                prop_assert!(series.values.iter().all(|point| *point != Point::NotFinite));
            }
        }
    }
}
