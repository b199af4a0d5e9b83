//! A Dag run as it is printed.

use aileron_deployment::DagRun;
use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

use super::output::Shown;
use crate::stored::time_text;

/// A Dag run as it is printed.
pub(super) struct Run {
    dag_id: String,
    run: DagRun,
}

impl Run {
    pub(super) fn new(dag_id: &str, run: DagRun) -> Self {
        Self {
            dag_id: dag_id.to_owned(),
            run,
        }
    }

    /// How long it took; nothing while it runs.
    fn seconds(&self) -> Option<f64> {
        let span = self.run.end_date?.since(self.run.start_date?).ok()?;
        span.total(Unit::Second).ok()
    }
}

fn shown(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), time_text)
}

impl Shown for Run {
    const HEAD: &'static [&'static str] =
        &["RUN", "TYPE", "STATE", "LOGICAL DATE", "STARTED", "SECONDS"];
    const COLUMNS: &'static [&'static str] = &[
        "dag_id",
        "run_id",
        "run_type",
        "state",
        "logical_date",
        "start_date",
        "end_date",
    ];
    const TEXT_IS_TABLE: bool = true;

    fn block(&self) -> String {
        format!("{}\n", self.cells().join("  "))
    }

    fn cells(&self) -> Vec<String> {
        let run = &self.run;
        vec![
            run.run_id.clone(),
            run.run_type.clone(),
            run.state.clone().unwrap_or_else(|| "-".to_owned()),
            shown(run.logical_date),
            shown(run.start_date),
            self.seconds()
                .map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1}")),
        ]
    }

    fn record(&self) -> Vec<String> {
        let run = &self.run;
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
        vec![
            self.dag_id.clone(),
            run.run_id.clone(),
            run.run_type.clone(),
            run.state.clone().unwrap_or_default(),
            time(run.logical_date),
            time(run.start_date),
            time(run.end_date),
        ]
    }

    fn document(&self) -> serde_json::Result<String> {
        let mut document = json!({"dag_id": self.dag_id});
        if let (Value::Object(fields), Value::Object(run)) =
            (&mut document, serde_json::to_value(&self.run)?)
        {
            fields.extend(run);
        }
        serde_json::to_string(&document)
    }
}
