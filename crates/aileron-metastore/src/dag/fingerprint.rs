//! `dag_hash`: tells whether a Dag is the one that is stored already.

use std::io;

use md5::{Digest, Md5};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use serde_json::{Map, Value};

/// The digest that Airflow computes of a serialized Dag: of its JSON with sorted keys and lists,
/// without the path of its file.
pub(super) fn dag_hash(data: &Value) -> String {
    let mut sorted = sorted(data);
    if let Some(dag) = sorted.get_mut("dag").and_then(Value::as_object_mut) {
        // What comes after it stays in its order.
        dag.shift_remove("fileloc");
    }
    md5_of(python_json(&sorted).as_bytes())
}

/// The digest of source code.
pub(super) fn md5_of(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter();
            Value::Object(
                entries
                    .map(|(key, value)| (key.clone(), sorted(value)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(sorted).collect();
            if items.iter().all(|item| task_id(item).is_some()) {
                items.sort_by(|a, b| task_id(a).cmp(&task_id(b)));
            } else if items.iter().all(Value::is_string) {
                items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            }
            Value::Array(items)
        }
        other => other.clone(),
    }
}

fn task_id(item: &Value) -> Option<&str> {
    item.get("__var")?.get("task_id")?.as_str()
}

/// JSON as Python's `json.dumps` writes it: a space behind colons and commas, and only ASCII.
fn python_json(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Python);
    // A tree of JSON values can always be written to memory.
    let _ = value.serialize(&mut serializer);
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Python;

impl Python {
    fn separate<W: io::Write + ?Sized>(writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }
}

impl Formatter for Python {
    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        Self::separate(writer, first)
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        Self::separate(writer, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                write!(writer, "{character}")?;
            } else {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn write_char_escape<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"/"),
            CharEscape::Backspace => writer.write_all(b"\\b"),
            CharEscape::FormFeed => writer.write_all(b"\\f"),
            CharEscape::LineFeed => writer.write_all(b"\\n"),
            CharEscape::CarriageReturn => writer.write_all(b"\\r"),
            CharEscape::Tab => writer.write_all(b"\\t"),
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_written_as_python_writes_it() {
        let value = json!({"b": [1, 2.0, null], "a": "é\n😀\u{7f}\""});
        let expected = r#"{"b": [1, 2.0, null], "a": "\u00e9\n\ud83d\ude00\u007f\""}"#;
        assert_eq!(python_json(&value), expected);
    }

    #[test]
    fn the_digest_is_the_one_that_airflow_computes() {
        // Computed with SerializedDagModel.hash of Airflow 3.3.2.
        let data = json!({
            "__version": 3,
            "dag": {
                "fileloc": "/a",
                "zeta": 1.0,
                "dag_id": "é",
                "tags": ["y", "x"],
                "tasks": [{"__var": {"task_id": "b"}}, {"__var": {"task_id": "a"}}],
                "edge_info": {},
            },
        });
        assert_eq!(dag_hash(&data), "c466af177b4184cc679f948d9b6829e3");
    }

    #[test]
    fn neither_the_order_of_keys_nor_the_path_counts() {
        let one =
            json!({"__version": 3, "dag": {"fileloc": "/a", "dag_id": "d", "tags": ["x", "y"]}});
        let other =
            json!({"dag": {"tags": ["y", "x"], "dag_id": "d", "fileloc": "/b"}, "__version": 3});
        assert_eq!(dag_hash(&one), dag_hash(&other));
        let changed = json!({"__version": 3, "dag": {"fileloc": "/a", "dag_id": "e"}});
        assert_ne!(dag_hash(&one), dag_hash(&changed));
    }
}
