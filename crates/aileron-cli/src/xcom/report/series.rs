//! Finding series of numbers in a value.

use serde_json::{Map, Value};

/// How deep a value is looked into. A value may come from anybody.
const DEPTH: usize = 6;

/// One place of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Point {
    /// A finite number.
    Number(f64),
    /// A number that is none: NaN or an infinity, which JSON has as text.
    NotFinite,
    /// `null`, or a place that other series have.
    Gap,
}

impl Point {
    pub(super) fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::NotFinite | Self::Gap => None,
        }
    }

    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => match number.as_f64() {
                Some(number) if number.is_finite() => Some(Self::Number(number)),
                _ => Some(Self::NotFinite),
            },
            Value::Null => Some(Self::Gap),
            Value::String(text) => {
                let name = text.trim_start_matches(['+', '-']).to_lowercase();
                matches!(name.as_str(), "nan" | "inf" | "infinity").then_some(Self::NotFinite)
            }
            _ => None,
        }
    }
}

/// A series: labels with what stands there.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Series {
    pub(super) points: Vec<(String, Point)>,
}

/// A series, and the fields that lead to it; none when the value itself is one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) field: String,
    pub(super) series: Series,
}

/// All series in a value. A list or an object of numbers is one, and so is a number alone.
pub(super) fn series_in(value: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    look(value, &mut Vec::new(), &mut found);
    found
}

/// What a value is that has no series.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::String(_) => "text",
        Value::Array(items) if items.is_empty() => "an empty list",
        Value::Array(_) => "a list without numbers",
        Value::Object(fields) if fields.is_empty() => "an empty object",
        Value::Object(_) => "an object without numbers",
        Value::Number(_) => "a number",
    }
}

fn look(value: &Value, path: &mut Vec<String>, found: &mut Vec<Found>) {
    let series = match value {
        Value::Number(_) => Point::of(value).map(|point| Series {
            points: vec![(String::new(), point)],
        }),
        Value::Array(items) => of_list(items),
        Value::Object(fields) => of_object(fields),
        _ => None,
    };
    if let Some(series) = series {
        let field = path.join(".");
        found.push(Found { field, series });
        return;
    }
    if let (Value::Object(fields), true) = (value, path.len() < DEPTH) {
        for (name, value) in fields {
            path.push(name.clone());
            look(value, path, found);
            path.pop();
        }
    }
}

fn of_list(items: &[Value]) -> Option<Series> {
    let labelled = items.iter().enumerate();
    series(labelled.map(|(at, value)| (at.to_string(), value)))
}

fn of_object(fields: &Map<String, Value>) -> Option<Series> {
    series(fields.iter().map(|(name, value)| (name.clone(), value)))
}

/// A series when nothing else is among it, and at least one number.
fn series<'a>(items: impl Iterator<Item = (String, &'a Value)>) -> Option<Series> {
    let points: Option<Vec<_>> = items
        .map(|(label, value)| Some((label, Point::of(value)?)))
        .collect();
    let points = points?;
    let has_number = points.iter().any(|(_, point)| *point != Point::Gap);
    has_number.then_some(Series { points })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Vec<String> {
        series_in(value)
            .into_iter()
            .map(|found| found.field)
            .collect()
    }

    #[test]
    fn numbers_lists_and_objects_of_numbers_are_series() {
        assert_eq!(fields(&json!(0.5)), [""]);
        assert_eq!(fields(&json!([1, null, 2.5, "NaN"])), [""]);
        assert_eq!(fields(&json!({"7": 0.1, "11": 0.2})), [""]);
        let list = &series_in(&json!([1, null, "-Infinity"]))[0].series.points;
        let points: Vec<Point> = list.iter().map(|(_, point)| *point).collect();
        assert_eq!(points, [Point::Number(1.0), Point::Gap, Point::NotFinite]);
    }

    #[test]
    fn series_are_found_among_other_fields() {
        let value = json!({
            "crypto": "BTC", "auc_by_seed": {"1": 0.7, "2": 0.8}, "auc": 0.75, "deltas_per_point": [0.1, -0.2],
            "verdict": {"ok": true, "margin": {"low": 0.1, "high": 0.3}}, "nothing": [],
        });
        assert_eq!(
            fields(&value),
            ["auc_by_seed", "auc", "deltas_per_point", "verdict.margin"]
        );
    }

    #[test]
    fn what_has_no_numbers_says_what_it_is() {
        for (value, expected) in [
            (json!(null), "null"),
            (json!("s3://bucket/key"), "text"),
            (json!([]), "an empty list"),
            (json!([null]), "a list without numbers"),
            (json!({"a": "b"}), "an object without numbers"),
            (json!(true), "true or false"),
        ] {
            assert_eq!(series_in(&value), [], "{value}");
            assert_eq!(kind(&value), expected);
        }
    }

    #[test]
    fn a_value_that_is_deep_does_not_end_it() {
        let mut value = json!(1);
        for _ in 0..100 {
            value = json!({"a": value, "t": "x"});
        }
        assert_eq!(series_in(&value), []);
    }
}
