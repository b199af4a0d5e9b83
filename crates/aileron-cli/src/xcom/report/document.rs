//! A report for scripts.

use serde_json::{Value, json};

use super::model::{Content, Measure, Report, Row};
use super::series::Point;

pub(super) fn document(report: &Report) -> Value {
    let without: Vec<Value> = report
        .without
        .iter()
        .map(|(place, why)| {
            json!({"run_id": place.run_id, "task_id": place.task_id, "map_index": place.map_index, "problem": why})
        })
        .collect();
    json!({
        "optimum": report.optimum.word(),
        "cells": report.cells,
        "measures": report.measures.iter().map(measure).collect::<Vec<_>>(),
        "without": without,
    })
}

fn measure(measure: &Measure) -> Value {
    let optima: Vec<Value> = measure
        .optima
        .iter()
        .map(|(point, count)| json!({"point": point, "cells": count}))
        .collect();
    json!({
        "field": measure.field, "points": measure.points, "min": measure.range.map(|range| range.0),
        "max": measure.range.map(|range| range.1), "optima": optima,
        "rows": measure.rows.iter().map(|row| of_row(row, measure)).collect::<Vec<_>>(),
    })
}

fn of_row(row: &Row, measure: &Measure) -> Value {
    let place = &row.place;
    let mut document = json!({
        "run_id": place.run_id, "task_id": place.task_id, "map_index": place.map_index, "name": place.label,
    });
    match &row.content {
        Content::Series(series) => {
            let values: Vec<Value> = series.values.iter().map(value).collect();
            document["values"] = json!(values);
            document["min"] = json!(series.min);
            document["mean"] = json!(series.mean);
            document["max"] = json!(series.max);
            document["optimum"] = json!(series.best());
            document["optimum_at"] = json!(series.optimum.map(|at| &measure.points[at]));
            document["missing_points"] = json!(series.gaps());
        }
        Content::Other(what) => document["problem"] = json!(what),
        Content::Missing => document["problem"] = json!("missing"),
    }
    document
}

/// JSON has no NaN; a gap is null.
fn value(point: &Point) -> Value {
    match point {
        Point::Number(number) => json!(number),
        Point::NotFinite => json!("not finite"),
        Point::Gap => Value::Null,
    }
}
