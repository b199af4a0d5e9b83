//! What the task state store holds about a job.
//!
//! One key, one value: every step replaces the whole, so a kill leaves the step before or the step after, never a mix.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Token;

/// The format written here.
const FORMAT: u64 = 1;
/// The field that tells a record of ours from an id that stands alone.
const MARK: &str = "aileron_job";

/// A submission that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Intent {
    pub(super) token: Token,
    pub(super) since: Timestamp,
    pub(super) try_number: i64,
}

/// How far a job has come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record<Id> {
    /// It is about to be submitted, or was, and the id is not known yet.
    Intended(Intent),
    /// It was submitted. Without an intent: an id that stood alone, as Airflow's Python mixin stores it.
    Submitted { intent: Option<Intent>, id: Id },
    /// It has succeeded, and a task got its result.
    Succeeded { intent: Option<Intent>, id: Id },
    /// It has failed; without an id: the system refused to make it.
    Failed {
        intent: Option<Intent>,
        id: Option<Id>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "aileron_job")]
    format: u64,
    state: Step,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Token>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    try_number: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Intended,
    Submitted,
    Succeeded,
    Failed,
}

impl<Id> Record<Id> {
    /// Whether the task has its result: only then may the record expire.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Succeeded { .. })
    }

    fn intent(&self) -> Option<&Intent> {
        match self {
            Self::Intended(intent) => Some(intent),
            Self::Submitted { intent, .. }
            | Self::Succeeded { intent, .. }
            | Self::Failed { intent, .. } => intent.as_ref(),
        }
    }
}

impl<Id: Serialize> Record<Id> {
    /// As JSON.
    ///
    /// # Errors
    /// When the id is not JSON, or null.
    pub(super) fn encode(&self) -> Result<Value, String> {
        let (state, id) = match self {
            Self::Intended(_) => (Step::Intended, None),
            Self::Submitted { id, .. } => (Step::Submitted, Some(id)),
            Self::Succeeded { id, .. } => (Step::Succeeded, Some(id)),
            Self::Failed { id, .. } => (Step::Failed, id.as_ref()),
        };
        let id = id
            .map(serde_json::to_value)
            .transpose()
            .map_err(|error| error.to_string())?;
        if id == Some(Value::Null) {
            return Err("it is null".to_owned());
        }
        let intent = self.intent();
        let stored = Stored {
            format: FORMAT,
            state,
            id,
            token: intent.map(|intent| intent.token.clone()),
            since: intent.map(|intent| intent.since),
            try_number: intent.map(|intent| intent.try_number),
        };
        serde_json::to_value(stored).map_err(|error| error.to_string())
    }
}

impl<Id: DeserializeOwned> Record<Id> {
    /// Reads a record, or an id that stands alone.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn decode(value: Value) -> Result<Self, String> {
        let Some(format) = value.get(MARK) else {
            let id = read_id(value)?;
            return Ok(Self::Submitted { intent: None, id });
        };
        if *format != FORMAT {
            return Err(format!(
                "it has the format {format}; this SDK knows {FORMAT}"
            ));
        }
        let stored: Stored = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let intent = match (stored.token, stored.since) {
            (Some(token), Some(since)) => Some(Intent {
                token,
                since,
                try_number: stored.try_number.unwrap_or_default(),
            }),
            _ => None,
        };
        let id = stored.id.map(read_id).transpose()?;
        match (stored.state, intent, id) {
            (Step::Intended, Some(intent), None) => Ok(Self::Intended(intent)),
            (Step::Submitted, intent, Some(id)) => Ok(Self::Submitted { intent, id }),
            (Step::Succeeded, intent, Some(id)) => Ok(Self::Succeeded { intent, id }),
            (Step::Failed, intent, id) => Ok(Self::Failed { intent, id }),
            (state, ..) => Err(format!(
                "`token`, `since` or `id` do not go with the state {state:?}"
            )),
        }
    }
}

fn read_id<Id: DeserializeOwned>(value: Value) -> Result<Id, String> {
    let found = value.to_string();
    serde_json::from_value(value).map_err(|error| {
        let expected = std::any::type_name::<Id>();
        format!("the id {found} is not a `{expected}`: {error}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn intent() -> Intent {
        Intent {
            token: Token::random(),
            since: "2026-01-02T03:04:05Z".parse().unwrap(),
            try_number: 2,
        }
    }

    #[test]
    fn every_record_is_read_as_it_was_written() {
        let intent = Some(intent());
        for record in [
            Record::Intended(intent.clone().unwrap()),
            Record::Submitted {
                intent: intent.clone(),
                id: "j-1".to_owned(),
            },
            Record::Succeeded {
                intent: None,
                id: "j-1".to_owned(),
            },
            Record::Failed {
                intent: intent.clone(),
                id: None,
            },
            Record::Failed {
                intent,
                id: Some("j-1".to_owned()),
            },
        ] {
            let encoded = record.encode().unwrap();
            assert_eq!(Record::decode(encoded.clone()), Ok(record), "{encoded}");
        }
    }

    #[test]
    fn an_id_of_the_python_mixin_is_a_submitted_job() {
        let id = json!({"cluster": "c", "step": 7});
        let record: Record<Value> = Record::decode(id.clone()).unwrap();
        assert_eq!(record, Record::Submitted { intent: None, id });
    }

    #[test]
    fn what_is_not_a_job_is_refused_and_says_why() {
        for (value, expected) in [
            (json!("seven"), "the id \"seven\" is not a `u64`"),
            (json!({"aileron_job": 2}), "format 2"),
            (
                json!({"aileron_job": 1, "state": "asleep"}),
                "unknown variant",
            ),
            (
                json!({"aileron_job": 1, "state": "submitted"}),
                "do not go with the state Submitted",
            ),
            (
                json!({"aileron_job": 1, "state": "intended"}),
                "do not go with the state Intended",
            ),
        ] {
            let error = Record::<u64>::decode(value).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_id_that_is_null_is_refused() {
        let record = Record::Submitted {
            intent: None,
            id: None::<u64>,
        };
        assert_eq!(record.encode(), Err("it is null".to_owned()));
    }
}
