//! Outcomes without what is different in every run.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A longer value stands in the table by its digest.
const LONGEST: usize = 1_500;

/// A value without what is new in every run: ids, times of the last hour, durations, the run's own name.
pub fn normal(value: Value, run_id: &str) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match name.as_str() {
                "duration" if value.is_number() => (name, json!("<duration>")),
                "xcoms" => (name, values(value, run_id)),
                name if name == run_id => ("<run>".to_owned(), normal(value, run_id)),
                _ => (name, normal(value, run_id)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| normal(item, run_id)).collect(),
        Value::String(text) => Value::String(normal_text(text, run_id)),
        other => other,
    }
}

/// The values of XComs, some of which are large.
fn values(xcoms: Value, run_id: &str) -> Value {
    let Value::Object(xcoms) = xcoms else {
        return xcoms;
    };
    xcoms
        .into_iter()
        .map(|(key, value)| {
            let text = value.to_string();
            if text.len() <= LONGEST {
                return (key, normal(value, run_id));
            }
            let digest = Sha256::digest(text.as_bytes());
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            (key, json!({"<bytes>": text.len(), "<sha256>": hex}))
        })
        .collect()
}

fn normal_text(text: String, run_id: &str) -> String {
    if text == run_id {
        return "<run>".to_owned();
    }
    if let Some(rest) = text
        .strip_prefix(run_id)
        .filter(|rest| rest.starts_with('/'))
    {
        return format!("<run>{rest}");
    }
    if text.starts_with("manual__") {
        return "<another run>".to_owned();
    }
    if let Some(token) = text.strip_prefix("aileron-")
        && token.len() == 32
    {
        return "<token>".to_owned();
    }
    if Uuid::try_parse(&text).is_ok() {
        return "<id>".to_owned();
    }
    if text.starts_with("00-") && text.len() == 55 {
        return "<trace>".to_owned();
    }
    if let Some((before, trace)) = text.split_once("\nTraceback (most recent call last):\n") {
        // Paths and line numbers of the Python that is installed.
        let last = trace.lines().next_back().unwrap_or_default();
        return format!("{before} <traceback> {last}");
    }
    if is_recent(&text) {
        return "<now>".to_owned();
    }
    text
}

/// Whether it is a time of the last hour, or of the next one.
fn is_recent(text: &str) -> bool {
    // SQLite has it without a zone: `2026-01-01 00:00:00.500000`.
    let with_zone = match text.ends_with('Z') || text.contains('+') {
        true => text.to_owned(),
        false => format!("{}Z", text.replacen(' ', "T", 1)),
    };
    let time: Result<jiff::Timestamp, _> = with_zone.parse();
    time.is_ok_and(|time| {
        let age = jiff::Timestamp::now().duration_since(time);
        age.abs() < jiff::SignedDuration::from_hours(1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_in_every_run_is_replaced() {
        let now = jiff::Timestamp::now().to_string();
        let outcome = json!({
            "run": "r", "job": "r/job", "from": "manual__2026", "other": "run r", "at": now, "date": "2026-05-06T00:00:00Z", "id": Uuid::new_v4().to_string(),
            "duration": 1.5, "token": "aileron-e9308bf3a97347c18a3fc45e6a847703", "states": {"r": 1}, "xcoms": {"long": "x".repeat(2_000), "short": [1]},
        });
        let normal = normal(outcome, "r");
        assert_eq!(normal["xcoms"]["long"]["<bytes>"], 2_002);
        assert_eq!(normal["xcoms"]["short"], json!([1]));
        let rest = json!([
            normal["run"],
            normal["job"],
            normal["from"],
            normal["other"],
            normal["at"],
            normal["date"],
            normal["id"],
            normal["duration"],
            normal["token"],
            normal["states"]["<run>"]
        ]);
        let expected = json!([
            "<run>",
            "<run>/job",
            "<another run>",
            "run r",
            "<now>",
            "2026-05-06T00:00:00Z",
            "<id>",
            "<duration>",
            "<token>",
            1
        ]);
        assert_eq!(rest, expected);
    }
}
