//! Fetching the XComs of a report from a live deployment.

use aileron_deployment::{RunQuery, XComQuery};
use anyhow::bail;

use super::Arguments;
use super::model::Cell;
use super::rows::Document;
use crate::deployment::Reached;
use crate::outcome::UsageError;
use crate::xcom::live;

/// The cells of the runs that are asked for.
pub(super) async fn cells(
    arguments: &Arguments,
    database: Option<String>,
) -> anyhow::Result<Vec<Cell>> {
    let Some(dag_id) = &arguments.dag_id else {
        return Err(UsageError("which Dag? Say it with --dag-id".to_owned()).into());
    };
    let Reached { deployment, limits } = arguments.deployment.reach(database)?;
    let deployment = deployment.located(&limits).await?;
    let mut run_ids = arguments.run_id.clone();
    if run_ids.is_empty() {
        let query = RunQuery {
            dag_id: dag_id.clone(),
            limit: Some(arguments.runs),
        };
        let mut runs = deployment.runs(&query, &limits).await?;
        while let Some(run) = runs.next().await? {
            run_ids.push(run.run_id);
        }
    }
    if run_ids.is_empty() {
        bail!("{}: there is no run of Dag {dag_id}", deployment.name());
    }
    let mut cells = Vec::new();
    for run_id in run_ids {
        let query = XComQuery {
            dag_id: dag_id.clone(),
            run_id,
            key: arguments.key.clone(),
            task_id: arguments.task_id.clone(),
            map_index: None,
            limit: None,
            resolve: arguments.resolve,
        };
        let mut xcoms = deployment.xcoms(&query, &limits).await?;
        while let Some(xcom) = xcoms.next().await? {
            let line = live::line(xcom, &query, &arguments.secrets)?;
            cells.push(serde_json::from_str::<Document>(&line)?.cell());
        }
    }
    if cells.is_empty() {
        bail!(
            "{}: no XCom {:?} in these runs of Dag {dag_id}; `aileron xcom runs` lists runs, --runs takes more of them",
            deployment.name(),
            arguments.key
        );
    }
    // The newest come first; a person reads tasks by their names.
    cells.sort_by(|one, other| one.task_id.cmp(&other.task_id));
    Ok(cells)
}
