//! Printing the rows.

use serde_json::{Value, json};

use super::row::{Row, Target};

const HEAD: [&str; 6] = ["benchmark", "ours", "peer", "ratio", "target", "met"];

/// The rows as a table, and a sentence about the targets.
pub(super) fn table(rows: &[Row]) -> String {
    let lines: Vec<[String; 6]> = std::iter::once(HEAD.map(str::to_owned))
        .chain(rows.iter().map(cells))
        .collect();
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| {
            lines
                .iter()
                .map(|line| line[column].len())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for line in &lines {
        for (cell, width) in line.iter().zip(&widths) {
            text.push_str(&format!("{cell:width$}  "));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text.push_str(&verdict(rows));
    text
}

fn cells(row: &Row) -> [String; 6] {
    [
        row.name.clone(),
        format!("{} {}", number(row.ours), row.unit),
        format!("{} {} {}", number(row.peer_value), row.unit, row.peer),
        number(row.ratio()),
        row.target
            .map_or_else(String::new, |target| limit(target, row.unit)),
        match row.met() {
            Some(true) => "yes".to_owned(),
            Some(false) => "NO".to_owned(),
            None => String::new(),
        },
    ]
}

fn limit(target: Target, unit: &str) -> String {
    match target {
        Target::AtMost(limit) => format!("ours <= {limit} {unit}"),
        Target::RatioAtMost(limit) => format!("ratio <= {limit}"),
        Target::RatioAtLeast(limit) => format!("ratio >= {limit}"),
    }
}

/// Three digits that count: enough for measurements.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        value if value >= 0.1 => 3,
        _ => 5,
    };
    format!("{value:.decimals$}")
}

fn verdict(rows: &[Row]) -> String {
    let missed: Vec<&str> = rows
        .iter()
        .filter(|row| row.met() == Some(false))
        .map(|row| row.name.as_str())
        .collect();
    let meaning =
        "The ratio is ours / peer: below 1 is better for times and memory, above 1 for speeds.";
    if missed.is_empty() {
        format!("{meaning}\nEvery target is met.\n")
    } else {
        format!("{meaning}\nMISSED: {}\n", missed.join("; "))
    }
}

/// The rows for a script.
pub(super) fn json(rows: &[Row]) -> Value {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "unit": row.unit,
                "ours": row.ours,
                "peer": row.peer,
                "peer_value": row.peer_value,
                "ratio": row.ratio(),
                "target": row.target.map(|target| limit(target, row.unit)),
                "met": row.met(),
            })
        })
        .collect();
    json!({"rows": rows})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> [Row; 2] {
        [
            Row::new("start", "ms", 6.0, ("of the peer", 12.0)).target(Target::AtMost(5.0)),
            Row::new("speed", "MB/s", 730.0, ("msgspec", 0.0001)),
        ]
    }

    #[test]
    fn a_missed_target_is_said_plainly() {
        let table = table(&rows());
        assert!(table.contains("ours <= 5 ms  NO\n"), "{table}");
        assert!(table.ends_with("MISSED: start\n"), "{table}");
    }

    #[test]
    fn the_json_has_a_row_for_each_row_and_null_without_a_target() {
        let json = json(&rows());
        assert_eq!(json["rows"][0]["met"], false);
        assert_eq!(json["rows"][0]["ratio"], 0.5);
        assert_eq!(json["rows"][1]["target"], Value::Null);
    }

    #[test]
    fn numbers_keep_three_digits() {
        let shown = [1234.5, 12.345, 1.2345, 0.12345, 0.0012345].map(number);
        assert_eq!(shown, ["1234", "12.3", "1.23", "0.123", "0.00123"]);
    }
}
