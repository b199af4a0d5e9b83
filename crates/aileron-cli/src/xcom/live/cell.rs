//! An XCom as it is printed.

use aileron_deployment::{Failure, Resolved, Stored, XCom, XComQuery};
use aileron_wire::json::RawJson;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::output::Shown;
use crate::stored::{Secrets, index_text, pretty, time_text};
use crate::style::{DIM, NAME, NOTE, paint};

/// How many characters of a value a table shows.
const SHOWN: usize = 60;

/// What a pickle of protocol 2 and later begins with; Airflow 2 writes these.
const PICKLE: u8 = 0x80;

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// JSON.
    Json,
    /// No value at all.
    Null,
    /// Text that is no JSON.
    Text,
    /// A pickled Python object.
    Pickled,
    /// Other bytes.
    Bytes,
    /// A path in an object storage, where the value lies.
    Reference,
}

/// An XCom as it is printed.
pub(super) struct Cell {
    dag_id: String,
    run_id: String,
    task_id: String,
    map_index: i64,
    key: String,
    timestamp: Timestamp,
    kind: Kind,
    /// JSON text. Of bytes it is a text of base64.
    value: String,
    /// Where the value was fetched from.
    reference: Option<String>,
    /// Why it could not be fetched.
    problem: Option<String>,
}

/// A value that was looked at.
struct Looked {
    kind: Kind,
    value: String,
    reference: Option<String>,
    problem: Option<String>,
}

impl Looked {
    fn new(kind: Kind, value: String) -> Self {
        Self {
            kind,
            value,
            reference: None,
            problem: None,
        }
    }
}

impl Cell {
    pub(super) fn new(
        xcom: XCom,
        query: &XComQuery,
        raw: bool,
        secrets: &Secrets,
    ) -> Result<Self, Failure> {
        let folder = [
            query.dag_id.as_str(),
            query.run_id.as_str(),
            xcom.task_id.as_str(),
        ];
        let mut looked = look(xcom.value, xcom.resolved, &folder);
        if looked.kind == Kind::Json {
            looked.value = readable(looked.value, &xcom.key, raw, secrets);
        }
        Ok(Self {
            dag_id: query.dag_id.clone(),
            run_id: query.run_id.clone(),
            task_id: xcom.task_id,
            map_index: xcom.map_index,
            key: xcom.key,
            timestamp: xcom.timestamp,
            kind: looked.kind,
            value: looked.value,
            reference: looked.reference,
            problem: looked.problem,
        })
    }

    /// Whether the value was to be fetched, and could not be.
    pub(super) fn is_unresolved(&self) -> bool {
        self.problem.is_some()
    }

    /// What a person must know beside the value.
    fn label(&self) -> Option<String> {
        let decoded = self.value.len().saturating_sub(2) / 4 * 3;
        Some(match (self.kind, &self.reference, &self.problem) {
            (_, Some(path), Some(problem)) => {
                format!("in the object storage at {path}, and not fetched: {problem}")
            }
            (_, Some(path), None) => format!("fetched from {path}"),
            (Kind::Json, None, _) => return None,
            (Kind::Null, None, _) => "no value".to_owned(),
            (Kind::Text, None, _) => "text that is no JSON".to_owned(),
            (Kind::Pickled, None, _) => format!("pickled, about {decoded} bytes, as base64"),
            (Kind::Bytes, None, _) => {
                format!("bytes that are neither text nor pickled, about {decoded}, as base64")
            }
            (Kind::Reference, None, _) => {
                "a path in the object storage; --resolve fetches the value".to_owned()
            }
        })
    }
}

/// Finds out what a value is.
fn look(stored: Stored, resolved: Option<Resolved>, folder: &[&str]) -> Looked {
    let text = match stored {
        Stored::Nothing => return Looked::new(Kind::Null, "null".to_owned()),
        Stored::Bytes(bytes) => {
            let kind = match bytes.first() {
                Some(&PICKLE) => Kind::Pickled,
                _ => Kind::Bytes,
            };
            return Looked::new(kind, quoted(&STANDARD.encode(bytes)));
        }
        Stored::Text(text) => text,
    };
    if RawJson::from_text(text.clone()).is_err() {
        return Looked::new(Kind::Text, quoted(&text));
    }
    let path: Option<String> = serde_json::from_str(&text).ok();
    match (path, resolved) {
        (Some(path), Some(Resolved::Problem(problem))) => Looked {
            reference: Some(path),
            problem: Some(problem),
            ..Looked::new(Kind::Reference, text)
        },
        (Some(path), Some(Resolved::Text(content))) => {
            let looked = match RawJson::from_text(content.clone()) {
                Ok(_) => Looked::new(Kind::Json, content),
                Err(_) => Looked::new(Kind::Text, quoted(&content)),
            };
            Looked {
                reference: Some(path),
                ..looked
            }
        }
        (Some(path), None) if is_offloaded(&path, folder) => Looked::new(Kind::Reference, text),
        _ => Looked::new(Kind::Json, text),
    }
}

/// Whether a text is a path that Airflow's object storage backend writes: a URL with Dag, run and task in it.
fn is_offloaded(path: &str, folder: &[&str]) -> bool {
    let Some((scheme, rest)) = path.split_once("://") else {
        return false;
    };
    let is_scheme = !scheme.is_empty()
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme && rest.contains(&format!("/{}/", folder.join("/")))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Python types as what they are, escaped letters as letters, secrets hidden. Numbers stay as they are, digit for digit.
fn readable(text: String, key: &str, raw: bool, secrets: &Secrets) -> String {
    let text = match raw {
        true => text,
        // What lies too deep to be looked at is shown as it is.
        false => aileron_xcom::plain(&text).unwrap_or(text),
    };
    match RawJson::from_text(text.clone()) {
        Ok(json) => secrets.shown(key, json),
        Err(_) => text,
    }
}

#[derive(Serialize)]
struct Document<'a> {
    dag_id: &'a str,
    run_id: &'a str,
    task_id: &'a str,
    map_index: i64,
    key: &'a str,
    timestamp: Timestamp,
    kind: Kind,
    value: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: &'a Option<String>,
}

impl Shown for Cell {
    const HEAD: &'static [&'static str] = &["TASK", "MAP", "KEY", "WRITTEN", "VALUE"];
    const COLUMNS: &'static [&'static str] = &[
        "dag_id",
        "run_id",
        "task_id",
        "map_index",
        "key",
        "timestamp",
        "kind",
        "value",
    ];
    const TEXT_IS_TABLE: bool = false;

    fn block(&self) -> String {
        let index = match self.map_index {
            -1 => String::new(),
            index => format!("[{index}]"),
        };
        let name = paint(NAME, format!("{}{index}", self.task_id));
        let mut block = format!(
            "{name}  {}  {}",
            self.key,
            paint(DIM, time_text(self.timestamp))
        );
        if let Some(label) = self.label() {
            block.push_str(&format!("  {}", paint(NOTE, format!("({label})"))));
        }
        block.push('\n');
        for line in pretty(&self.value).lines() {
            block.push_str(&format!("  {line}\n"));
        }
        block
    }

    fn cells(&self) -> Vec<String> {
        let value = match self.value.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &self.value[..end]),
            None => self.value.clone(),
        };
        let value = match self.label() {
            Some(label) => format!("{value} ({label})"),
            None => value,
        };
        vec![
            self.task_id.clone(),
            index_text(self.map_index),
            self.key.clone(),
            time_text(self.timestamp),
            value,
        ]
    }

    fn record(&self) -> Vec<String> {
        let kind = serde_json::to_value(self.kind).ok();
        vec![
            self.dag_id.clone(),
            self.run_id.clone(),
            self.task_id.clone(),
            self.map_index.to_string(),
            self.key.clone(),
            self.timestamp.to_string(),
            kind.as_ref()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            self.value.clone(),
        ]
    }

    fn document(&self) -> serde_json::Result<String> {
        serde_json::to_string(&Document {
            dag_id: &self.dag_id,
            run_id: &self.run_id,
            task_id: &self.task_id,
            map_index: self.map_index,
            key: &self.key,
            timestamp: self.timestamp,
            kind: self.kind,
            value: serde_json::from_str(&self.value)?,
            reference: &self.reference,
            problem: &self.problem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: [&str; 3] = ["d", "manual__2026-01-01T00:00:00+00:00", "t"];

    fn kind(stored: Stored) -> (Kind, String) {
        let looked = look(stored, None, &FOLDER);
        (looked.kind, looked.value)
    }

    fn text(text: &str) -> Stored {
        Stored::Text(text.to_owned())
    }

    #[test]
    fn what_is_json_is_told_from_what_is_not() {
        let number = "123456789012345678901234567890";
        assert_eq!(kind(text(number)), (Kind::Json, number.to_owned()));
        assert_eq!(kind(text("null")), (Kind::Json, "null".to_owned()));
        assert_eq!(kind(Stored::Nothing), (Kind::Null, "null".to_owned()));
        assert_eq!(kind(text("NaN")), (Kind::Text, "\"NaN\"".to_owned()));
        assert_eq!(
            kind(Stored::Bytes(vec![0x80, 4, b'}', b'.'])),
            (Kind::Pickled, "\"gAR9Lg==\"".to_owned())
        );
        assert_eq!(kind(Stored::Bytes(vec![0xff])).0, Kind::Bytes);
    }

    #[test]
    fn a_path_of_the_object_storage_names_dag_run_and_task() {
        let folder = FOLDER.join("/");
        for (path, expected) in [
            (
                format!("s3://aws@bucket/xcom/{folder}/3fa8.gz"),
                Kind::Reference,
            ),
            (
                format!("file:///tmp/{folder}/ti-1/return_value.json"),
                Kind::Reference,
            ),
            ("s3://bucket/data.csv".to_owned(), Kind::Json),
            (format!("/{folder}/x"), Kind::Json),
            (format!("see s3://bucket/{folder}/x"), Kind::Json),
        ] {
            assert_eq!(kind(text(&quoted(&path))).0, expected, "{path}");
        }
    }

    #[test]
    fn a_fetched_value_takes_the_place_of_its_path() {
        let stored = || text("\"s3://b/x\"");
        let looked = look(stored(), Some(Resolved::Text("[1]".to_owned())), &FOLDER);
        assert_eq!((looked.kind, looked.value.as_str()), (Kind::Json, "[1]"));
        assert_eq!(looked.reference.as_deref(), Some("s3://b/x"));
        let looked = look(
            stored(),
            Some(Resolved::Problem("gone".to_owned())),
            &FOLDER,
        );
        assert_eq!(
            (looked.kind, looked.problem.as_deref()),
            (Kind::Reference, Some("gone"))
        );
    }
}
