//! Starting a run of a Dag.

use aileron_wire::message::TriggerDagRun;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::comm::CommError;
use crate::{Context, ending};

/// A Dag run to be started. End it with [`TriggerRun::start`].
#[derive(Debug, Clone)]
#[must_use = "no run is started before `.start().await`"]
pub struct TriggerRun<'a> {
    context: &'a Context,
    dag_id: String,
    run_id: Option<String>,
    logical_date: Option<Timestamp>,
    run_after: Option<Timestamp>,
    conf: Result<Option<Map<String, Value>>, String>,
    note: Option<String>,
    reset: bool,
}

/// Why a Dag run was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TriggerRunError {
    /// There is a run with this id, or of this logical date, already.
    #[error("Dag `{dag_id}` has a run `{run_id}`, or one of the same logical date, already")]
    AlreadyExists {
        /// The Dag.
        dag_id: String,
        /// The run that was to be started.
        run_id: String,
    },
    /// The conf cannot be a JSON object. Nothing was sent.
    #[error("the conf of a run of Dag `{dag_id}` {reason}")]
    BadConf {
        /// The Dag.
        dag_id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Airflow refused it otherwise (there is no such Dag, for instance), or the supervisor could not answer.
    #[error("a run of Dag `{dag_id}` cannot be started")]
    Comm {
        /// The Dag.
        dag_id: String,
        /// What came instead of an answer.
        source: Box<CommError>,
    },
}

impl<'a> TriggerRun<'a> {
    pub(super) fn new(context: &'a Context, dag_id: String) -> Self {
        Self {
            context,
            dag_id,
            run_id: None,
            logical_date: None,
            run_after: None,
            conf: Ok(None),
            note: None,
            reset: false,
        }
    }

    /// The id of the new run.
    ///
    /// Without one, it is made of the logical date, or of the time now: a task that is tried again then starts another
    /// run. With an id of your own it gets [`TriggerRunError::AlreadyExists`].
    pub fn run_id(mut self, run_id: impl Into<String>) -> Self {
        self.run_id = Some(run_id.into());
        self
    }

    /// The conf of the run: anything that is a JSON object.
    pub fn conf(mut self, conf: impl Serialize) -> Self {
        self.conf = match ending::json_value(&conf) {
            Ok(Value::Object(conf)) => Ok(Some(conf)),
            Ok(other) => Err(format!("is a JSON object; this is {other}")),
            Err(error) => Err(format!("cannot be JSON: {error}")),
        };
        self
    }

    /// The logical date of the run. A Dag has one run of a logical date at most.
    pub fn logical_date(mut self, date: Timestamp) -> Self {
        self.logical_date = Some(date);
        self
    }

    /// The earliest time at which the run may start; now when not said.
    pub fn run_after(mut self, time: Timestamp) -> Self {
        self.run_after = Some(time);
        self
    }

    /// A note on the run that people read.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Clears a run that exists already, so that it runs again, instead of refusing.
    pub fn reset(mut self) -> Self {
        self.reset = true;
        self
    }

    /// Starts the run and gives its id. It does not wait for the run.
    ///
    /// # Errors
    /// [`TriggerRunError`].
    pub async fn start(self) -> Result<String, TriggerRunError> {
        let Self {
            context, dag_id, ..
        } = self;
        let conf = match self.conf {
            Ok(conf) => conf,
            Err(reason) => return Err(TriggerRunError::BadConf { dag_id, reason }),
        };
        let run_id = self.run_id.unwrap_or_else(|| {
            let date = self.logical_date.unwrap_or_else(Timestamp::now);
            format!("manual__{}", iso(date))
        });
        let mut request = TriggerDagRun::new(&dag_id, &run_id);
        request.conf = conf;
        request.logical_date = self.logical_date;
        request.run_after = self.run_after;
        request.note = self.note;
        request.reset_dag_run = Some(self.reset);
        match context.channel().send(&request).await {
            Ok(_) => Ok(run_id),
            Err(error) if error.is_refused_with("DAGRUN_ALREADY_EXISTS") => {
                Err(TriggerRunError::AlreadyExists { dag_id, run_id })
            }
            Err(error) => Err(TriggerRunError::Comm {
                dag_id,
                source: Box::new(error),
            }),
        }
    }
}

/// The date as Python's `isoformat` has it: run ids look alike whoever makes them.
fn iso(date: Timestamp) -> String {
    let text = if date.subsec_nanosecond() < 1_000 {
        date.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    } else {
        date.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00")
    };
    text.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_looks_as_airflow_makes_it() {
        let date = |text: &str| iso(text.parse().unwrap());
        assert_eq!(date("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05+00:00");
        assert_eq!(
            date("2026-01-02T03:04:05.5Z"),
            "2026-01-02T03:04:05.500000+00:00"
        );
    }
}
