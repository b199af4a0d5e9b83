//! Deferring a task to a trigger.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Ending, json_value};
use crate::Error;

/// A trigger that Airflow's triggerer runs while the task takes no worker.
///
/// A trigger is a Python class; it is named by its class path and gets keyword arguments. When it fires, the task goes
/// on in one of its resume handlers, in a new process:
///
/// ```
/// use std::time::Duration;
/// use aileron::{Trigger, TriggerEvent, prelude::*};
///
/// #[task(resume = [found])]
/// async fn wait_for_orders(cx: &Context) -> Result<String> {
///     Err(Trigger::new("airflow.providers.standard.triggers.file.FileTrigger")
///         .kwarg("filepath", "/data/orders.csv")
///         .kwarg("poke_interval", 5.0)
///         .timeout(Duration::from_secs(3600))
///         .next_kwarg("asked_by", &cx.ti().task_id)
///         .resume(wait_for_orders::found))
/// }
///
/// /// Returns what the task returns: another type does not compile.
/// async fn found(_cx: &Context, event: TriggerEvent) -> Result<String> {
///     let asked_by: String = event.next_kwarg("asked_by")?;
///     Ok(format!("{asked_by}: {}", event.payload::<bool>()?))
/// }
/// # fn main() {}
/// ```
///
/// `#[task(resume = [..])]` gives the task a constant of each handler's name, so that a misspelled one does not compile.
///
/// # Arguments
///
/// They reach the trigger as Airflow's own serialization reads them: JSON values as themselves, and the types of
/// [`python`](crate::python) as the Python objects that they stand for, a `datetime` for instance.
///
/// Source: `airflow/sdk/execution_time/task_runner.py` (`_defer_task`) and `airflow/sdk/serde` of Airflow 3.3.2.
#[derive(Clone)]
#[must_use = "a trigger is of use as the end of a task: `Err(Trigger::new(..).resume(..))`"]
pub struct Trigger {
    deferral: Deferral,
    problem: Option<String>,
}

/// What a deferred task waits for, and where it goes on.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Deferral {
    /// The Python class of the trigger.
    pub classpath: String,
    /// The arguments of the trigger.
    pub trigger_kwargs: Map<String, Value>,
    /// How long the trigger may take; `None`: as long as it likes.
    pub timeout: Option<Duration>,
    /// The triggerer queue.
    pub queue: Option<String>,
    /// The resume handler.
    pub next_method: String,
    /// What the handler gets beside the event.
    pub next_kwargs: Map<String, Value>,
}

impl Trigger {
    /// The trigger of this class path.
    pub fn new(classpath: impl Into<String>) -> Self {
        Self {
            deferral: Deferral {
                classpath: classpath.into(),
                trigger_kwargs: Map::new(),
                timeout: None,
                queue: None,
                next_method: String::new(),
                next_kwargs: Map::new(),
            },
            problem: None,
        }
    }

    /// A keyword argument of the trigger.
    pub fn kwarg(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        if let Some(value) = self.json(&name, &value) {
            self.deferral.trigger_kwargs.insert(name, value);
        }
        self
    }

    /// Something that the handler gets beside the event, under this name. It is stored in Airflow's database.
    pub fn next_kwarg(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        if name == "event" {
            self.problem
                .get_or_insert_with(|| "`event` is the name of the event itself".to_owned());
        } else if let Some(value) = self.json(&name, &value) {
            self.deferral.next_kwargs.insert(name, value);
        }
        self
    }

    /// How long to wait for the trigger. Then the task goes on with [`ResumeError::Timeout`](super::ResumeError::Timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deferral.timeout = Some(timeout);
        self
    }

    /// The triggerer queue; for an Airflow with `[triggerer] queues_enabled`.
    pub fn queue(mut self, queue: impl Into<String>) -> Self {
        self.deferral.queue = Some(queue.into());
        self
    }

    /// The error that defers the task, to go on in this handler of it.
    ///
    /// An argument that cannot be JSON makes it a failure that says so. So does, when the task ends, a handler that the
    /// task does not declare.
    #[must_use = "return it: `Err(trigger.resume(..))`"]
    pub fn resume(mut self, handler: impl Into<String>) -> Error {
        if let Some(problem) = self.problem {
            return Error::no_retry(format!(
                "the task cannot be deferred to {}: {problem}",
                self.deferral.classpath
            ));
        }
        self.deferral.next_method = handler.into();
        Error::msg(format_args!(
            "deferred to {}, to go on in `{}`",
            self.deferral.classpath, self.deferral.next_method
        ))
        .with_ending(Ending::Defer(Box::new(self.deferral)))
    }

    fn json(&mut self, name: &str, value: &impl Serialize) -> Option<Value> {
        match json_value(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem
                    .get_or_insert_with(|| format!("argument `{name}` cannot be JSON: {error}"));
                None
            }
        }
    }
}

/// Shows the names of the arguments only: their values may be secrets.
impl fmt::Debug for Deferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
        f.debug_struct("Deferral")
            .field("classpath", &self.classpath)
            .field("trigger_kwargs", &names(&self.trigger_kwargs))
            .field("timeout", &self.timeout)
            .field("queue", &self.queue)
            .field("next_method", &self.next_method)
            .field("next_kwargs", &names(&self.next_kwargs))
            .finish()
    }
}

impl fmt::Debug for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deferral.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_is_not_json_fails_the_task_and_names_itself() {
        let error = Trigger::new("a.B").kwarg("ratio", f64::NAN).resume("h");
        assert_eq!(error.ending(), &Ending::NoRetry);
        assert!(error.to_string().contains("argument `ratio`"), "{error}");
    }

    #[test]
    fn the_name_of_the_event_is_not_free() {
        let error = Trigger::new("a.B").next_kwarg("event", 1).resume("h");
        assert!(!error.may_retry());
    }

    #[test]
    fn the_arguments_are_not_shown() {
        let error = Trigger::new("a.B").kwarg("token", "hunter2").resume("h");
        let shown = format!("{error:?} {error}");
        assert!(
            shown.contains("token") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
