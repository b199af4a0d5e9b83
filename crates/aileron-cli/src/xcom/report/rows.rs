//! XComs as `aileron xcom pull --format json` and `--format ndjson` print them.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::Value;

use super::model::Cell;

/// An XCom as it is printed. What else stands there does not matter here.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    run_id: String,
    task_id: String,
    #[serde(default = "not_mapped")]
    map_index: i64,
    #[serde(default = "json")]
    kind: String,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    problem: Option<String>,
}

fn not_mapped() -> i64 {
    -1
}

fn json() -> String {
    "json".to_owned()
}

impl Document {
    pub(super) fn cell(self) -> Cell {
        let value = match (self.kind.as_str(), self.problem) {
            ("json", None) => Ok(self.value),
            ("null", None) => Ok(Value::Null),
            ("text", None) => text(self.value),
            ("reference", None) => Err("in the object storage; --resolve fetches it".to_owned()),
            (_, Some(problem)) => Err(format!("not fetched: {problem}")),
            (kind, None) => Err(kind.to_owned()),
        };
        Cell {
            run_id: self.run_id,
            task_id: self.task_id,
            map_index: self.map_index,
            value,
        }
    }
}

/// Text that is no JSON may be Python's: with NaN and infinities.
fn text(value: Value) -> Result<Value, String> {
    let text = value.as_str().map(finite).unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| "text that is no JSON".to_owned())
}

/// `NaN`, `Infinity` and `-Infinity` of Python as texts of JSON. Texts stay as they are.
fn finite(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    let mut rest = json;
    while let Some(character) = rest.chars().next() {
        let name = ["NaN", "-Infinity", "Infinity"]
            .into_iter()
            .find(|name| !in_text && rest.starts_with(name));
        if let Some(name) = name {
            out.push('"');
            out.push_str(name);
            out.push('"');
            rest = &rest[name.len()..];
            continue;
        }
        if character == '"' && !escaped {
            in_text = !in_text;
        }
        escaped = character == '\\' && !escaped;
        out.push(character);
        rest = &rest[character.len_utf8()..];
    }
    out
}

/// Reads a list of XComs, or one on each line.
pub(super) fn read(text: &str) -> anyhow::Result<Vec<Cell>> {
    let begin = text.trim_start();
    if begin.starts_with('[') {
        let documents: Vec<Document> =
            serde_json::from_str(text).context("it is no list of XComs")?;
        return Ok(documents.into_iter().map(Document::cell).collect());
    }
    let mut cells = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let document: Document = serde_json::from_str(line).with_context(|| {
            format!(
                "line {} is no XCom of `aileron xcom pull --format ndjson`",
                at + 1
            )
        })?;
        cells.push(document.cell());
    }
    if cells.is_empty() {
        bail!("there are no XComs in it");
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const LINE: &str = r#"{"dag_id":"d","run_id":"r","task_id":"t","map_index":3,"key":"k","kind":"json","value":[1]}"#;

    #[test]
    fn a_list_and_lines_are_the_same() {
        let lines = read(&format!("{LINE}\n\n{LINE}\n")).unwrap();
        assert_eq!(lines, read(&format!(" [{LINE},{LINE}]")).unwrap());
        assert_eq!((lines[0].map_index, &lines[0].value), (3, &Ok(json!([1]))));
        for (text, expected) in [
            ("", "no XComs"),
            ("x", "line 1"),
            ("[1]", "no list"),
            ("{}", "line 1"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_no_json_says_what_it_is() {
        let value = |kind: &str, value: Value| {
            let line = json!({"run_id": "r", "task_id": "t", "kind": kind, "value": value});
            read(&line.to_string()).unwrap().remove(0).value
        };
        assert_eq!(value("null", json!(null)), Ok(json!(null)));
        assert_eq!(value("pickled", json!("gA==")), Err("pickled".to_owned()));
        assert_eq!(
            value("text", json!("hello")),
            Err("text that is no JSON".to_owned())
        );
        let python = value(
            "text",
            json!(r#"{"a NaN \" NaN": [NaN, -Infinity, Infinity, 1]}"#),
        );
        assert_eq!(
            python,
            Ok(json!({"a NaN \" NaN": ["NaN", "-Infinity", "Infinity", 1]}))
        );
        assert!(
            value("reference", json!("s3://b/k"))
                .unwrap_err()
                .contains("--resolve")
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = read(&text);
            let _ = finite(&text);
        }

        #[test]
        fn json_stays_as_it_is(text in ".*", number in any::<i32>()) {
            let json = json!({"a": text, "b": [number]}).to_string();
            prop_assert_eq!(finite(&json), json);
        }
    }
}
