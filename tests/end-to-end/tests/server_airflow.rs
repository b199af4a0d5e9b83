//! `aileron-server` answers as Airflow's own Execution API does.
//!
//! Both get the same requests, each on its own copy of one database. Compared are the status, the headers that a client looks
//! at, the body, and at the end what is in the tables. A difference is either an error or on the list in
//! `server_comparison/differences.rs`, with its reason; a difference on the list that is gone is an error too.

#![allow(clippy::unwrap_used)]

mod server_comparison;

use std::collections::BTreeMap;

use end_to_end::{AirflowVersion, ExecutionApiServer, Postgres};
use server_comparison::asked::Asked;
use server_comparison::differences::Differences;
use server_comparison::pair::Pair;
use server_comparison::place::Place;
use server_comparison::{
    concurrent, connection_tests, generated, queries, seed, states, tables, teams, tokens, values,
};

#[test]
fn every_request_is_answered_as_by_airflow_332() {
    let airflow = ExecutionApiServer::start(AirflowVersion::V3_3_2).unwrap();
    every_request_is_answered_as_by(AirflowVersion::V3_3_2, airflow);
}

#[test]
fn every_request_and_every_crowd_is_answered_as_by_airflow_332_on_postgres() {
    let version = AirflowVersion::V3_3_2;
    every_request_is_answered_as_by(version, airflow_on_postgres(version));
}

#[test]
fn every_request_is_answered_as_by_airflow_340() {
    let airflow = ExecutionApiServer::start(AirflowVersion::V3_4_0b2).unwrap();
    every_request_is_answered_as_by(AirflowVersion::V3_4_0b2, airflow);
}

#[test]
fn every_request_and_every_crowd_is_answered_as_by_airflow_340_on_postgres() {
    let version = AirflowVersion::V3_4_0b2;
    every_request_is_answered_as_by(version, airflow_on_postgres(version));
}

#[test]
fn a_team_sees_what_airflow_332_shows_it() {
    a_team_sees_what_airflow_shows_it(AirflowVersion::V3_3_2);
}

#[test]
fn a_team_sees_what_airflow_340_shows_it() {
    a_team_sees_what_airflow_shows_it(AirflowVersion::V3_4_0b2);
}

fn airflow_on_postgres(version: AirflowVersion) -> ExecutionApiServer {
    let database = Postgres::start().unwrap().database(version).unwrap();
    ExecutionApiServer::start_on_postgres(version, &[], database).unwrap()
}

/// Every request in its order, on both servers, and after them crowds.
fn every_request_is_answered_as_by(version: AirflowVersion, mut airflow: ExecutionApiServer) {
    let mut ids = ids(&mut airflow, "run", "");
    ids.extend(self::ids(&mut airflow, "again", "again:"));
    let on_postgres = airflow.postgres().is_some();
    if on_postgres {
        ids.extend(self::ids(&mut airflow, concurrent::RUN, "crowd:"));
    }
    let database = Place::of(&airflow);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(seed::date(&database, "again"));
    let tests = runtime.block_on(seed::connection_tests(version, &database));
    ids.extend(tests.into_iter().map(|(name, id)| (name, id.to_string())));
    ids.insert("nobody".to_owned(), uuid::Uuid::from_u128(7).to_string());
    let requests = [
        tokens::requests(),
        queries::requests(),
        values::requests(),
        states::requests(version),
        connection_tests::requests(),
        generated::requests(),
    ]
    .concat();
    let mut differences = Differences::of(version);
    if on_postgres {
        differences = differences.on_postgres();
    }
    runtime.block_on(async {
        let pair = Pair::of(version, &airflow, &ids, &[]).await;
        compare(version, &pair, &requests, &mut differences).await;
        differences.check();
        if on_postgres {
            compare_crowds(version, &pair).await;
        }
    });
}

/// Requests that come at the same time, on a database that takes several at a time.
async fn compare_crowds(version: AirflowVersion, pair: &Pair) {
    let mut differences = Differences::strict(version);
    for crowd in concurrent::crowds() {
        let (theirs, ours) = pair.ask_at_once(&crowd.requests).await;
        for ((asked, theirs), ours) in crowd.requests.iter().zip(&theirs).zip(&ours) {
            assert!(
                theirs.status < 500 && ours.status < 500,
                "{theirs:?} {ours:?}"
            );
            if crowd.exact {
                differences.note(asked, theirs, ours);
            }
        }
    }
    pair.compare_rows(&concurrent::tables(version), &mut differences);
    differences.check();
}

/// The same with teams: a task of one of them asks.
fn a_team_sees_what_airflow_shows_it(version: AirflowVersion) {
    let mut airflow = ExecutionApiServer::start_with(version, teams::ENVIRONMENT).unwrap();
    let ids = ids(&mut airflow, "run", "");
    let database = Place::of(&airflow);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut differences = Differences::strict(version);
    runtime.block_on(async {
        seed::teams(&database).await;
        let pair = Pair::of(version, &airflow, &ids, teams::ENVIRONMENT).await;
        compare(version, &pair, &teams::requests(), &mut differences).await;
    });
    differences.check();
}

/// The task instances of a new run: ids by task.
fn ids(airflow: &mut ExecutionApiServer, run_id: &str, prefix: &str) -> BTreeMap<String, String> {
    let workloads = airflow.make_run(run_id).unwrap();
    let id = |workload: &serde_json::Value| workload["ti"]["id"].as_str().unwrap().to_owned();
    workloads
        .iter()
        .map(|(task, workload)| (format!("{prefix}{task}"), id(workload)))
        .collect()
}

async fn compare(
    version: AirflowVersion,
    pair: &Pair,
    requests: &[Asked],
    differences: &mut Differences,
) {
    for asked in requests {
        let (theirs, ours) = pair.ask(asked).await;
        differences.note(asked, &theirs, &ours);
    }
    let tables = tables::of(version);
    pair.compare_rows(&tables, differences);
    println!(
        "{} requests and {} tables compared",
        requests.len(),
        tables.len()
    );
}
