//! Bodies with every kind of value in every place.

use serde_json::{Value, json};

use super::asked::Asked;

/// Values that a field may be given.
fn values() -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(5.0),
        json!(5.5),
        json!(1e300),
        json!([]),
        json!([1]),
        json!({}),
        json!({"a": 1}),
    ];
    let texts = [
        "",
        " ",
        "x",
        "5",
        "5.0",
        "5.5",
        " 5 ",
        "1_000",
        "1e3",
        "+5",
        "true",
        "off",
        "é",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00+25:00",
        "20260101T000000Z",
        "PT5S",
        "1:2",
    ];
    values.extend(texts.map(Value::from));
    values
}

/// A valid request whose fields are replaced one by one; it is never taken, as one other field is always wrong.
const SHAPES: [(&str, &str, &str); 4] = [
    (
        "PATCH",
        "/task-instances/{one}/run",
        r#"{"state": "running", "hostname": "h", "unixname": "u", "pid": 5, "start_date": "2026-01-01T00:00:00Z", "more": 1}"#,
    ),
    (
        "PUT",
        "/task-instances/{one}/heartbeat",
        r#"{"hostname": "h", "pid": 5, "more": 1}"#,
    ),
    (
        "PUT",
        "/variables/generated",
        r#"{"val": "v", "description": "d", "more": 1}"#,
    ),
    (
        "POST",
        "/dag-runs/execution_api/generated",
        r#"{"logical_date": null, "conf": {}, "reset_dag_run": false, "more": 1}"#,
    ),
];

pub(crate) fn requests() -> Vec<Asked> {
    let mut requests = Vec::new();
    for (method, path, body) in SHAPES {
        let body: Value = serde_json::from_str(body).unwrap();
        for key in body
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "more")
        {
            for value in values() {
                let mut body = body.clone();
                body[key] = value;
                requests.push(Asked::new(method, path).json(body));
            }
        }
    }
    for value in values() {
        let text = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let query = [
            ("map_index", text.as_str()),
            ("include_prior_dates", text.as_str()),
        ];
        let query: String = query
            .iter()
            .map(|(key, value)| {
                let escaped: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
                format!("&{key}={escaped}")
            })
            .collect();
        requests.push(Asked::new(
            "GET",
            format!("/xcoms/execution_api/run/one/nothing?{query}"),
        ));
    }
    requests
}
