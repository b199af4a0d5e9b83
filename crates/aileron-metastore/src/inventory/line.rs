//! State as lines of JSON, to carry it from one database to another.
//!
//! The first line is `{"aileron_state": 1}`; each other line is one value:
//!
//! ```json
//! {"store":"task","dag_id":"orders","run_id":"monday","task_id":"load","map_index":-1,"key":"job","value":{"id":7},
//!  "updated_at":"2026-11-27T10:00:00Z","expires_at":null}
//! {"store":"asset","name":"prices","uri":"s3://shop/prices","key":"watermark","value":3,
//!  "updated_at":"2026-11-27T10:00:00Z","last_updated_by":{"kind":"api"}}
//! ```
//!
//! Unknown fields are refused: a later format has another number in its first line.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The number of the format.
const FORMAT: u32 = 1;

/// A line.
#[derive(Debug, Clone)]
pub enum StateLine {
    /// The first line.
    Head,
    /// A value of a task instance.
    Task(TaskLine),
    /// A value of an asset.
    Asset(AssetLine),
}

/// The word in a line for the task state store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskStore {
    /// `task`.
    #[default]
    Task,
}

/// The word in a line for the asset state store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetStore {
    /// `asset`.
    #[default]
    Asset,
}

/// A value of a task instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskLine {
    /// Which store.
    pub store: TaskStore,
    /// The Dag.
    pub dag_id: String,
    /// The run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
    /// The instance of a mapped task; -1 for a task that is not mapped.
    pub map_index: i64,
    /// What the map index counts in, since Airflow 3.4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_id: Option<Uuid>,
    /// The key.
    pub key: String,
    /// The value.
    pub value: Box<RawValue>,
    /// When it was written last.
    pub updated_at: Timestamp,
    /// When it expires; null for never.
    pub expires_at: Option<Timestamp>,
}

/// A value of an asset.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetLine {
    /// Which store.
    pub store: AssetStore,
    /// The name of the asset.
    pub name: String,
    /// Its URI.
    pub uri: String,
    /// The key.
    pub key: String,
    /// The value.
    pub value: Box<RawValue>,
    /// When it was written last.
    pub updated_at: Timestamp,
    /// What wrote it last.
    #[serde(default)]
    pub last_updated_by: WriterLine,
}

/// What wrote the value of an asset last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WriterLine {
    /// `task`, `watcher` or `api`.
    pub kind: Option<String>,
    /// The Dag of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dag_id: Option<String>,
    /// Its run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Its map index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_index: Option<i64>,
}

/// Why a text is no such line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// It is no JSON, or a field is missing, unknown or of another type.
    #[error("it is no line of an export: {0}")]
    Json(#[from] serde_json::Error),
    /// A format that is not known here.
    #[error("the export has the format {found}, and this program knows {FORMAT}; use a newer one")]
    Format {
        /// The number in the first line.
        found: u32,
    },
    /// Another `store`.
    #[error("there is no store {found:?}; it is `task` or `asset`")]
    Store {
        /// What stands there.
        found: String,
    },
}

/// What tells the kinds of lines apart.
#[derive(Deserialize)]
struct Probe {
    aileron_state: Option<u32>,
    store: Option<String>,
}

#[derive(Serialize)]
struct Head {
    aileron_state: u32,
}

impl StateLine {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, LineError> {
        let probe: Probe = serde_json::from_str(text)?;
        if let Some(found) = probe.aileron_state {
            return match found {
                FORMAT => Ok(Self::Head),
                found => Err(LineError::Format { found }),
            };
        }
        match probe.store.as_deref() {
            Some("task") => Ok(Self::Task(serde_json::from_str(text)?)),
            Some("asset") => Ok(Self::Asset(serde_json::from_str(text)?)),
            found => Err(LineError::Store {
                found: found.unwrap_or_default().to_owned(),
            }),
        }
    }

    /// Writes a line, without a line break.
    ///
    /// # Errors
    ///
    /// When `serde_json` cannot write it.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let text = match self {
            Self::Head => serde_json::to_string(&Head {
                aileron_state: FORMAT,
            }),
            Self::Task(line) => serde_json::to_string(line),
            Self::Asset(line) => serde_json::to_string(line),
        }?;
        // A value stands as it was stored. A line break in it can only be between its parts.
        Ok(text.replace(['\n', '\r'], " "))
    }
}

impl TaskLine {
    /// The value.
    #[must_use]
    pub fn json(&self) -> RawJson {
        self.value.clone().into()
    }
}

impl AssetLine {
    /// The value.
    #[must_use]
    pub fn json(&self) -> RawJson {
        self.value.clone().into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn task(key: String, value: &str, map_index: i64, expires_at: Option<Timestamp>) -> TaskLine {
        TaskLine {
            store: TaskStore::Task,
            dag_id: "d".to_owned(),
            run_id: "r".to_owned(),
            task_id: "t".to_owned(),
            map_index,
            region_id: None,
            key,
            value: RawValue::from_string(value.to_owned()).unwrap(),
            updated_at: Timestamp::UNIX_EPOCH,
            expires_at,
        }
    }

    #[test]
    fn what_is_no_line_says_so() {
        for (text, expected) in [
            ("", "EOF"),
            ("[]", "no line of an export"),
            ("{}", "there is no store \"\""),
            (r#"{"store":"xcom"}"#, "there is no store \"xcom\""),
            (r#"{"store":"task"}"#, "missing field `dag_id`"),
            (r#"{"aileron_state":2}"#, "has the format 2"),
            (
                r#"{"store":"asset","name":"n","uri":"u","key":"k","value":1,"updated_at":"x"}"#,
                "four digit year",
            ),
        ] {
            let error = StateLine::read(text).unwrap_err().to_string();
            assert!(
                error.contains(expected) || text.is_empty(),
                "{text}: {error}"
            );
        }
        let head = StateLine::Head.write().unwrap();
        assert!(matches!(StateLine::read(&head).unwrap(), StateLine::Head));
    }

    #[test]
    fn a_line_is_one_line_and_no_digit_is_lost() {
        let value = "{\n\"a\": 123456789012345678901234567890,\r\n\"b\": 1.10}";
        let text = StateLine::Task(task("k".to_owned(), value, -1, None))
            .write()
            .unwrap();
        assert_eq!(text.lines().count(), 1);
        let StateLine::Task(read) = StateLine::read(&text).unwrap() else {
            panic!("{text}");
        };
        assert!(read.value.get().contains("123456789012345678901234567890"));
        assert!(read.value.get().contains("1.10"));
    }

    proptest! {
        #[test]
        fn every_line_is_read_as_it_was_written(
            key in ".*", value in ".*", map_index in -1_i64..10_000, expires in proptest::option::of(0_i64..4_000_000_000)
        ) {
            let value = serde_json::to_string(&value).unwrap();
            let expires_at = expires.map(|second| Timestamp::from_second(second).unwrap());
            let line = task(key.clone(), &value, map_index, expires_at);
            let text = StateLine::Task(line).write().unwrap();
            prop_assert_eq!(text.lines().count().max(1), 1);
            let StateLine::Task(read) = StateLine::read(&text).unwrap() else { panic!("{text}") };
            prop_assert_eq!(read.key, key);
            prop_assert_eq!(read.value.get(), value);
            prop_assert_eq!((read.map_index, read.expires_at), (map_index, expires_at));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = StateLine::read(&text);
        }
    }
}
