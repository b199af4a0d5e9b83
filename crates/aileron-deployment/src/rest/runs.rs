//! The runs of a Dag.

use jiff::Timestamp;
use serde::Deserialize;

use super::RestApi;
use super::dialect::ApiVersion;
use super::request::part;
use crate::Failure;
use crate::xcom::{DagRun, RunQuery, Sender};

/// How many are asked for at once; a server has its own maximum, of 100 when nobody changed it.
const PAGE: u64 = 100;

#[derive(Deserialize)]
struct Page {
    dag_runs: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    dag_run_id: String,
    run_type: String,
    state: Option<String>,
    logical_date: Option<Timestamp>,
    start_date: Option<Timestamp>,
    end_date: Option<Timestamp>,
}

pub(super) async fn send(
    api: RestApi,
    query: RunQuery,
    sender: Sender<DagRun>,
) -> Result<(), Failure> {
    let version = api.version().await?;
    let path = format!("{}/dags/{}/dagRuns", version.prefix(), part(&query.dag_id));
    // What both take; Airflow 2 does not know the id.
    let order = match version {
        ApiVersion::V1 => "-execution_date",
        ApiVersion::V2 => "-id",
    };
    let (most, mut sent) = (query.limit.unwrap_or(u64::MAX), 0);
    while sent < most {
        let limit = PAGE.min(most - sent);
        let asked = [
            ("order_by", order.to_owned()),
            ("limit", limit.to_string()),
            ("offset", sent.to_string()),
        ];
        let page: Page = api.get(&path, &asked).await?;
        let count = page.dag_runs.len() as u64;
        for run in page.dag_runs {
            let run = DagRun {
                run_id: run.dag_run_id,
                run_type: run.run_type,
                state: run.state,
                logical_date: run.logical_date,
                start_date: run.start_date,
                end_date: run.end_date,
            };
            if sender.send(run).await.is_err() {
                return Ok(());
            }
        }
        sent += count;
        if count == 0 {
            break;
        }
    }
    Ok(())
}
