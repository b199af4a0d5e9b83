//! Going on after a wait: what a resume handler gets.

use aileron_wire::message::Kwargs;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Error, Result};

/// What Airflow calls the handler of a wait that did not end well (3.3.2, `airflow/models/trigger.py`).
const FAIL: &str = "__fail__";

/// What it says when the time was over.
const TRIGGER_TIMEOUT: &str = "Trigger timeout";

/// The event of a trigger that fired.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TriggerEvent {
    /// What the trigger yielded: JSON, with Python objects in their wrapped form.
    pub payload: Value,
    /// What the task had left for the handler.
    pub next_kwargs: Map<String, Value>,
}

impl TriggerEvent {
    /// An event with this payload. For unit tests of handlers; on Airflow the runtime makes it.
    pub fn new(payload: impl Into<Value>) -> Self {
        Self {
            payload: payload.into(),
            next_kwargs: Map::new(),
        }
    }

    /// Adds what the task would have left for the handler.
    #[must_use]
    pub fn with_next_kwarg(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.next_kwargs.insert(name.into(), value.into());
        self
    }

    /// The payload as a typed value. Python objects in it are read as in XComs (see [`python`](crate::python)).
    ///
    /// # Errors
    /// When it does not fit `T`; not worth a retry.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        read(&self.payload, "the payload of the trigger's event")
    }

    /// What the task left for the handler under that name
    /// ([`Trigger::next_kwarg`](crate::Trigger::next_kwarg)).
    ///
    /// # Errors
    /// When there is nothing of that name, or it does not fit `T`; not worth a retry.
    pub fn next_kwarg<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let value = self.next_kwargs.get(name).ok_or_else(|| {
            Error::no_retry(format!(
                "the task left nothing named `{name}` for this handler; it left {}",
                crate::context::list(self.next_kwargs.keys())
            ))
        })?;
        read(value, &format!("`{name}`, left by the task,"))
    }
}

pub(super) fn read<T: DeserializeOwned>(value: &Value, what: &str) -> Result<T> {
    aileron_xcom::from_value(value).map_err(|error| {
        Error::no_retry(format!(
            "{what} does not fit: expected `{}`: {error}",
            std::any::type_name::<T>()
        ))
    })
}

/// Why a wait ended without an event or an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The time to wait was over.
    #[error("the wait timed out: {message}")]
    Timeout {
        /// Airflow's words.
        message: String,
    },
    /// The trigger failed, or Airflow could not make use of its event.
    #[error("the trigger failed: {message}{}", .traceback.iter().fold(String::new(), |text, line| text + "\n" + line.trim_end()))]
    Failed {
        /// Airflow's words.
        message: String,
        /// The Python traceback, in pieces of one or more lines.
        traceback: Vec<String>,
    },
}

/// What a resume handler may take as its second parameter.
///
/// | the handler takes | it is called |
/// |---|---|
/// | [`TriggerEvent`] | when the trigger fired |
/// | [`HumanAnswer`](crate::HumanAnswer) | when a person answered, or the defaults were taken |
/// | `Result<`one of them`, `[`ResumeError`]`>` | then, and when the wait failed or timed out |
///
/// A task whose handlers do not take failures fails with the [`ResumeError`], and is tried again while it has retries
/// left. Airflow does not say which handler a failed trigger belonged to: of several, the one that takes failures is
/// called; where more than one does, the task fails.
#[diagnostic::on_unimplemented(
    message = "a resume handler cannot take a `{Self}`",
    label = "it takes `TriggerEvent`, `HumanAnswer`, or a `Result` of one of them with `ResumeError`"
)]
pub trait ResumeEvent: Sized {
    #[doc(hidden)]
    const TAKES_FAILURES: bool;
    #[doc(hidden)]
    fn from_resumed(resumed: Resumed) -> Result<Self>;
}

impl ResumeEvent for TriggerEvent {
    const TAKES_FAILURES: bool = false;
    fn from_resumed(resumed: Resumed) -> Result<Self> {
        Ok(resumed.0?)
    }
}

impl ResumeEvent for Result<TriggerEvent, ResumeError> {
    const TAKES_FAILURES: bool = true;
    fn from_resumed(resumed: Resumed) -> Result<Self> {
        Ok(resumed.0)
    }
}

/// How a wait ended.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq)]
pub struct Resumed(pub(crate) Result<TriggerEvent, ResumeError>);

impl Resumed {
    /// Reads what Airflow says about the wait; `None` for the handler of a failed one.
    pub(crate) fn read(method: &str, kwargs: Option<Kwargs>) -> Result<(Option<&str>, Self)> {
        let mut kwargs = match kwargs {
            None => Map::new(),
            Some(Kwargs::Map(kwargs)) => kwargs,
            Some(Kwargs::Encrypted(_)) => {
                return Err(Error::no_retry(
                    "Airflow sent the arguments of the resumed task encrypted; this SDK cannot read them",
                ));
            }
        };
        if method == FAIL {
            return Ok((None, Self(Err(failure(&kwargs)))));
        }
        let event = TriggerEvent {
            payload: kwargs.remove("event").unwrap_or(Value::Null),
            next_kwargs: kwargs,
        };
        Ok((Some(method), Self(Ok(event))))
    }
}

impl Resumed {
    /// The error of a failed wait that no handler takes.
    pub(crate) fn into_failure(self) -> Error {
        match self.0 {
            Err(error) => error.into(),
            Ok(_) => Error::msg("the wait did not fail"),
        }
    }
}

fn failure(kwargs: &Map<String, Value>) -> ResumeError {
    let message = match kwargs.get("error") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "Airflow does not say why".to_owned(),
    };
    if message == TRIGGER_TIMEOUT {
        return ResumeError::Timeout { message };
    }
    let traceback = match kwargs.get("traceback") {
        Some(Value::Array(lines)) => lines
            .iter()
            .filter_map(|line| line.as_str().map(str::to_owned))
            .collect(),
        Some(Value::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    };
    ResumeError::Failed { message, traceback }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resumed(method: &str, kwargs: Value) -> Resumed {
        let Value::Object(kwargs) = kwargs else {
            panic!("a map")
        };
        Resumed::read(method, Some(Kwargs::Map(kwargs))).unwrap().1
    }

    #[test]
    fn an_event_comes_with_what_the_task_left() {
        let resumed = resumed("found", json!({"event": {"path": "x"}, "job": 7}));
        let event = TriggerEvent::from_resumed(resumed).unwrap();
        assert_eq!(event.payload, json!({"path": "x"}));
        assert_eq!(event.next_kwarg::<i64>("job").unwrap(), 7);
        let missing = event.next_kwarg::<i64>("jobs").unwrap_err();
        assert!(missing.to_string().contains("it left `job`"), "{missing}");
        let wrong = event.payload::<i64>().unwrap_err();
        assert!(wrong.to_string().contains("expected `i64`"), "{wrong}");
    }

    #[test]
    fn a_failed_wait_reaches_only_handlers_that_take_failures() {
        let timeout = resumed(FAIL, json!({"error": "Trigger timeout"}));
        let taken: Result<TriggerEvent, ResumeError> =
            ResumeEvent::from_resumed(timeout.clone()).unwrap();
        assert!(matches!(taken, Err(ResumeError::Timeout { .. })));
        let error = TriggerEvent::from_resumed(timeout).unwrap_err();
        assert!(error.may_retry());
        assert!(error.downcast_ref::<ResumeError>().is_some());
    }

    #[test]
    fn the_traceback_of_a_failed_trigger_is_kept() {
        let failed = resumed(
            FAIL,
            json!({"error": "Trigger failure", "traceback": ["Traceback\n", "  line 1\n"]}),
        );
        let error = failed.0.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the trigger failed: Trigger failure\nTraceback\n  line 1"
        );
    }

    #[test]
    fn encrypted_arguments_are_a_clear_failure() {
        let error = Resumed::read("found", Some(Kwargs::Encrypted("gAAA".into()))).unwrap_err();
        assert!(error.to_string().contains("encrypted") && !error.may_retry());
    }
}
