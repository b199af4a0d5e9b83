//! The same requests to Airflow's own Execution API and to our metadata store have the same answers and leave the same rows.
#![allow(clippy::unwrap_used)]

mod broken;
mod clears;
mod events;
mod life;
mod questions;
mod runs;
mod secrets;
mod states;
mod triggers;
mod xcoms;

use std::sync::{Mutex, PoisonError};

use aileron_wire::json::{JsonMap, RawJson};
use end_to_end::{AirflowVersion, Comparison};
use serde_json::Value;

type Outcome = anyhow::Result<()>;

/// JSON text.
fn raw(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).unwrap()
}

/// A JSON object.
fn map(value: Value) -> JsonMap {
    value.as_object().unwrap().clone()
}

/// Runs a part of the comparison, and shows what was not the same.
///
/// All parts share one server and one pair of databases: most of the time is Airflow's start.
fn compare(part: impl AsyncFnOnce(&mut Comparison) -> Outcome) {
    static BOTH: Mutex<Option<Comparison>> = Mutex::new(None);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // A part that failed has not harmed the others.
    let mut both = BOTH.lock().unwrap_or_else(PoisonError::into_inner);
    runtime.block_on(async {
        let both = match &mut *both {
            Some(both) => both,
            nobody => nobody.insert(Comparison::start(AirflowVersion::V3_3_2).await.unwrap()),
        };
        both.reopen().await.unwrap();
        let ended = part(both).await;
        let differences = both.differences();
        assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
        ended.unwrap();
    });
}

#[test]
fn the_life_of_a_task_instance_is_what_it_is_in_airflow() {
    compare(life::life);
}

#[test]
fn xcoms_are_kept_and_found_as_airflow_does() {
    compare(xcoms::xcoms);
}

#[test]
fn where_airflow_breaks_ours_says_what_is_wrong() {
    compare(broken::broken);
}

#[test]
fn variables_and_connections_are_those_that_airflow_wrote() {
    compare(secrets::secrets);
}

#[test]
fn state_is_kept_as_airflow_keeps_it() {
    compare(states::states);
}

#[test]
fn a_success_leaves_the_events_that_airflow_leaves() {
    compare(events::events);
}

#[test]
fn questions_to_people_are_asked_and_answered_as_airflow_does() {
    compare(questions::questions);
}

#[test]
fn dag_runs_are_found_and_counted_as_airflow_does() {
    compare(runs::runs);
}

#[test]
fn a_task_starts_dag_runs_as_airflow_does() {
    compare(triggers::triggers);
}

#[test]
fn a_cleared_run_is_what_airflow_makes_of_it() {
    compare(clears::clears);
}
