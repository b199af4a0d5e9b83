//! The `detail` of a refusal.

use serde_json::{Map, Value};

/// How much of a detail nobody knows is shown.
const SHOWN: usize = 300;

/// The `detail` of an answer, or the whole answer where it has none.
///
/// What a validation found wrong is left out: it is what the task sent.
pub(crate) fn of_body(body: &[u8]) -> Option<Value> {
    let mut body: Map<String, Value> = serde_json::from_slice(body).ok()?;
    match body.shift_remove("detail") {
        Some(detail) => Some(without_input(detail)),
        None => Some(Value::Object(body)),
    }
}

fn without_input(detail: Value) -> Value {
    let Value::Array(problems) = detail else {
        return detail;
    };
    let kept = problems.into_iter().map(|problem| match problem {
        Value::Object(mut problem) => {
            problem.retain(|key, _| matches!(key.as_str(), "loc" | "msg" | "type"));
            Value::Object(problem)
        }
        other => other,
    });
    Value::Array(kept.collect())
}

/// The detail for a person.
pub(crate) fn readable(detail: &Value) -> String {
    match detail {
        Value::String(text) => shortened(text),
        Value::Array(problems) => {
            let texts: Vec<String> = problems.iter().map(problem).collect();
            shortened(&texts.join("; "))
        }
        Value::Object(fields) => object(fields),
        other => shortened(&other.to_string()),
    }
}

fn object(fields: &Map<String, Value>) -> String {
    let Some(message) = fields.get("message").and_then(Value::as_str) else {
        return shortened(&Value::Object(fields.clone()).to_string());
    };
    // The rest says more, such as the state that the task instance is in.
    let rest = fields
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "message" | "reason" | "correlation-id"))
        .map(|(key, value)| format!("{key}: {}", plain(value)));
    let rest: Vec<String> = rest.collect();
    if rest.is_empty() {
        return shortened(message);
    }
    shortened(&format!("{message} ({})", rest.join(", ")))
}

/// One finding of a validation: where and what.
fn problem(problem: &Value) -> String {
    let place: Vec<String> = match problem.get("loc") {
        Some(Value::Array(parts)) => parts.iter().map(plain).collect(),
        _ => Vec::new(),
    };
    let what = problem.get("msg").map_or_else(|| plain(problem), plain);
    if place.is_empty() {
        return what;
    }
    format!("{}: {what}", place.join("."))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> String {
        readable(&of_body(body.as_bytes()).unwrap())
    }

    #[test]
    fn every_form_of_a_detail_is_readable() {
        for (body, text) in [
            (r#"{"detail": "Invalid auth token"}"#, "Invalid auth token"),
            (
                r#"{"detail": {"reason": "not_found", "message": "gone"}}"#,
                "gone",
            ),
            (
                r#"{"detail": {"reason": "invalid_state", "message": "no", "previous_state": "running"}}"#,
                "no (previous_state: running)",
            ),
            (
                r#"{"detail": [{"loc": ["body", "state"], "msg": "Field required", "type": "missing"}, {"loc": ["query", 0], "msg": "m"}]}"#,
                "body.state: Field required; query.0: m",
            ),
            (r#"{"detail": {"a": 1}}"#, r#"{"a":1}"#),
            (
                r#"{"message": "Internal server error", "correlation-id": "x"}"#,
                "Internal server error",
            ),
        ] {
            assert_eq!(shown(body), text);
        }
    }

    #[test]
    fn what_a_task_sent_is_not_shown() {
        let body = r#"{"detail": [{"loc": ["body"], "msg": "m", "type": "t", "input": "hunter2", "ctx": {"e": "hunter2"}}]}"#;
        let detail = of_body(body.as_bytes()).unwrap();
        assert!(!detail.to_string().contains("hunter2"), "{detail}");
    }

    #[test]
    fn a_long_detail_is_cut_between_characters() {
        let text = shown(&format!(r#"{{"detail": "{}"}}"#, "ä".repeat(1000)));
        assert_eq!(text.chars().count(), SHOWN + 1);
    }

    #[test]
    fn what_is_no_json_object_has_no_detail() {
        for body in ["", "<html>", "[1]", "\"x\"", "{"] {
            assert_eq!(of_body(body.as_bytes()), None, "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_reading_of_a_detail(body: Vec<u8>, text: String) {
            let _ = of_body(&body).map(|detail| readable(&detail));
            let _ = of_body(format!("{{\"detail\": {text}}}").as_bytes()).map(|detail| readable(&detail));
        }
    }
}
