//! Asking a probe.

use jiff::Timestamp;
use serde_json::json;

use super::stored::Sent;
use super::stream::Stream;
use super::{DagRun, DagRuns, Resolved, RunQuery, Stored, XCom, XComQuery, XComs};
use crate::{Exec, Failure, Limits, Probe};

/// The XComs of a run.
pub(crate) const PULL: Probe = Probe::new(include_str!("pull.py"));
/// The runs of a Dag.
pub(crate) const RUNS: Probe = Probe::new(include_str!("runs.py"));

type XComRow = (String, i64, String, Timestamp, Option<Sent>);
type ResolvedRow = (String, i64, String, Timestamp, Option<Sent>, Option<Sent>);
type RunRow = (
    String,
    String,
    Option<String>,
    Option<Timestamp>,
    Option<Timestamp>,
    Option<Timestamp>,
);

pub(crate) async fn xcoms(
    exec: &Exec,
    query: &XComQuery,
    limits: &Limits,
) -> Result<XComs, Failure> {
    let mut rows = exec.run(&PULL, &json!(query), limits).await?;
    let (place, resolve) = (exec.place().to_owned(), query.resolve);
    Ok(Stream::of(|sender| async move {
        while let Some(row) = rows.next().await? {
            let (task_id, map_index, key, timestamp, value, resolved) = match resolve {
                true => row.read::<ResolvedRow>()?,
                false => {
                    let (task_id, map_index, key, timestamp, value) = row.read::<XComRow>()?;
                    (task_id, map_index, key, timestamp, value, None)
                }
            };
            let value = Stored::sent(value).map_err(|problem| Failure::Output {
                place: place.clone(),
                problem,
            })?;
            let resolved = resolved.map(Resolved::sent);
            let xcom = XCom {
                task_id,
                map_index,
                key,
                timestamp,
                value,
                resolved,
            };
            if sender.send(xcom).await.is_err() {
                break;
            }
        }
        Ok(())
    }))
}

pub(crate) async fn runs(
    exec: &Exec,
    query: &RunQuery,
    limits: &Limits,
) -> Result<DagRuns, Failure> {
    let mut rows = exec.run(&RUNS, &json!(query), limits).await?;
    Ok(Stream::of(|sender| async move {
        while let Some(row) = rows.next().await? {
            let (run_id, run_type, state, logical_date, start_date, end_date) =
                row.read::<RunRow>()?;
            let run = DagRun {
                run_id,
                run_type,
                state,
                logical_date,
                start_date,
                end_date,
            };
            if sender.send(run).await.is_err() {
                break;
            }
        }
        Ok(())
    }))
}
