//! `aileron-server` answers as Airflow's own Execution API does.
//!
//! Both get the same requests, each on its own copy of one database. Compared are the status, the headers that a client looks
//! at, the body, and at the end what is in the tables. A difference is either an error or on the list in
//! `server_comparison/differences.rs`, with its reason; a difference on the list that is gone is an error too.

#![allow(clippy::unwrap_used)]

mod server_comparison;

use std::collections::BTreeMap;

use end_to_end::{AirflowVersion, ExecutionApiServer};
use server_comparison::asked::Asked;
use server_comparison::differences::Differences;
use server_comparison::pair::Pair;
use server_comparison::{generated, queries, states, tables, tokens, values};

/// Every request in its order, on both servers.
#[test]
fn every_request_is_answered_as_by_airflow() {
    let mut airflow = ExecutionApiServer::start(AirflowVersion::V3_3_2).unwrap();
    let workloads = airflow.make_run("run").unwrap();
    let ids: BTreeMap<_, _> = workloads
        .iter()
        .map(|(task, workload)| {
            (
                task.clone(),
                workload["ti"]["id"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(compare(&airflow, &ids));
}

async fn compare(airflow: &ExecutionApiServer, ids: &BTreeMap<String, String>) {
    let pair = Pair::of(airflow, ids).await;
    let requests: Vec<Asked> = [
        tokens::requests(),
        queries::requests(),
        values::requests(),
        states::requests(),
        generated::requests(),
    ]
    .concat();
    let mut differences = Differences::default();
    for asked in &requests {
        let (theirs, ours) = pair.ask(asked).await;
        differences.note(asked, &theirs, &ours);
    }
    for table in tables::TABLES {
        let (theirs, ours) = pair.rows(table);
        differences.note_table(table, &theirs, &ours);
    }
    println!(
        "{} requests and {} tables compared",
        requests.len(),
        tables::TABLES.len()
    );
    differences.check();
}
