//! The triggers that need no triggerer: those that wait for a time.

use aileron_wire::json::JsonMap;
use aileron_xcom::from_value;
use aileron_xcom::python::{DateTime, TimeDelta};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const DATE_TIME: &str = "airflow.providers.standard.triggers.temporal.DateTimeTrigger";
const TIME_DELTA: &str = "airflow.providers.standard.triggers.temporal.TimeDeltaTrigger";

/// A trigger that waits for a time.
///
/// Source: `airflow.providers.standard.triggers.temporal`, in Airflow 3.3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeTrigger {
    /// The time.
    pub moment: Timestamp,
    /// Whether the task ends with success then, instead of going on.
    pub end_from_trigger: bool,
}

/// Why a trigger cannot be waited for here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TriggerError {
    /// It does something else than wait.
    #[error(
        "the trigger {classpath} needs an Airflow with a triggerer; `aileron run` waits for DateTimeTrigger and TimeDeltaTrigger only"
    )]
    NeedsAirflow {
        /// The Python class of the trigger.
        classpath: String,
    },
    /// Its arguments make no sense.
    #[error("the trigger {classpath} cannot be made: {problem}")]
    Arguments {
        /// The Python class of the trigger.
        classpath: String,
        /// What is wrong.
        problem: String,
    },
}

impl TimeTrigger {
    /// The trigger of this class with these arguments, for a task that was deferred at `since`.
    ///
    /// # Errors
    /// When it is a trigger of another kind, or its arguments make no sense.
    pub fn new(classpath: &str, kwargs: &JsonMap, since: Timestamp) -> Result<Self, TriggerError> {
        let moment = match classpath {
            DATE_TIME => moment(kwargs),
            TIME_DELTA => delta(kwargs)
                .and_then(|delta| since.checked_add(delta).map_err(|error| error.to_string())),
            _ => {
                return Err(TriggerError::NeedsAirflow {
                    classpath: classpath.to_owned(),
                });
            }
        };
        let trigger = moment.and_then(|moment| {
            Ok(Self {
                moment,
                end_from_trigger: flag(kwargs, "end_from_trigger")?,
            })
        });
        trigger.map_err(|problem| TriggerError::Arguments {
            classpath: classpath.to_owned(),
            problem,
        })
    }

    /// What the task is told when the time has come: the moment, as a `datetime` in UTC.
    #[must_use]
    pub fn event(&self) -> DateTime {
        DateTime(self.moment.to_zoned(TimeZone::UTC))
    }
}

/// Airflow takes one of the two names.
fn moment(kwargs: &JsonMap) -> Result<Timestamp, String> {
    match (given(kwargs, "moment"), given(kwargs, "target_time")) {
        (Some(value), None) => datetime("moment", value),
        (None, Some(value)) => datetime("target_time", value),
        _ => Err("it takes either `moment` or `target_time`".to_owned()),
    }
}

fn datetime(name: &str, value: &Value) -> Result<Timestamp, String> {
    from_value::<Timestamp>(value).map_err(|error| format!("`{name}` is no time: {error}"))
}

fn delta(kwargs: &JsonMap) -> Result<SignedDuration, String> {
    let value = given(kwargs, "delta").ok_or("it takes `delta`")?;
    from_value::<TimeDelta>(value)
        .map(|delta| delta.0)
        .map_err(|error| format!("`delta` is no duration: {error}"))
}

fn flag(kwargs: &JsonMap, name: &str) -> Result<bool, String> {
    match given(kwargs, name) {
        None => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(format!("`{name}` is neither true nor false")),
    }
}

fn given<'a>(kwargs: &'a JsonMap, name: &str) -> Option<&'a Value> {
    kwargs.get(name).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn new(classpath: &str, kwargs: &Value) -> Result<TimeTrigger, String> {
        let kwargs = kwargs.as_object().unwrap().clone();
        TimeTrigger::new(classpath, &kwargs, "2026-01-01T00:00:00Z".parse().unwrap())
            .map_err(|error| error.to_string())
    }

    fn python(value: impl serde::Serialize) -> Value {
        serde_json::to_value(value).unwrap()
    }

    #[test]
    fn a_time_is_taken_as_python_writes_it_and_handed_on_the_same_way() {
        let noon: Timestamp = "2026-01-02T12:00:00Z".parse().unwrap();
        let tokyo = noon.to_zoned(TimeZone::get("Asia/Tokyo").unwrap());
        let trigger = new(DATE_TIME, &json!({"moment": python(DateTime(tokyo))})).unwrap();
        assert_eq!(trigger.moment, noon);
        assert_eq!(trigger.event().0.time_zone(), &TimeZone::UTC);
        assert!(!trigger.end_from_trigger);
        let text = json!({"moment": null, "target_time": "2026-01-02T12:00:00Z", "end_from_trigger": true});
        let trigger = new(DATE_TIME, &text).unwrap();
        assert!(trigger.moment == noon && trigger.end_from_trigger);
    }

    #[test]
    fn a_delta_counts_from_when_the_task_was_deferred() {
        let delta = python(TimeDelta(SignedDuration::from_secs(90)));
        let trigger = new(TIME_DELTA, &json!({"delta": delta})).unwrap();
        assert_eq!(trigger.moment.to_string(), "2026-01-01T00:01:30Z");
    }

    #[test]
    fn any_other_trigger_says_that_it_needs_an_airflow() {
        let error = new("a.FileTrigger", &json!({})).unwrap_err();
        assert!(error.contains("a.FileTrigger needs an Airflow"), "{error}");
    }

    #[test]
    fn arguments_that_make_no_sense_are_named() {
        for (classpath, kwargs, part) in [
            (DATE_TIME, json!({}), "`moment`"),
            (DATE_TIME, json!({"moment": "soon"}), "`moment` is no time"),
            (
                TIME_DELTA,
                json!({"delta": "long"}),
                "`delta` is no duration",
            ),
            (
                DATE_TIME,
                json!({"moment": "2026-01-02T12:00:00Z", "end_from_trigger": 1}),
                "`end_from_trigger`",
            ),
        ] {
            let error = new(classpath, &kwargs).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
