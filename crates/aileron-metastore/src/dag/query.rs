//! Questions about Dags.
//!
//! Source: `routes/dags.py` of Airflow 3.3.2.

use aileron_wire::message::DagResult;

use crate::database::{Database, sql};
use crate::failure::Failure;

/// A Dag, be it in use or not.
pub(crate) async fn get(database: &Database, dag_id: &str) -> Result<DagResult, Failure> {
    let mut session = database.read().await?;
    let row = session
        .optional(
            sql(
                "select is_paused, bundle_name, bundle_version, relative_fileloc, owners, \
                 next_dagrun from dag where dag_id = $1",
            )
            .bind(dag_id),
        )
        .await?;
    let row = row.ok_or_else(|| Failure::not_found(format!("there is no Dag {dag_id:?}")))?;
    let tags = session
        .all(sql("select name from dag_tag where dag_id = $1").bind(dag_id))
        .await?;
    let mut tags: Vec<String> = tags
        .iter()
        .map(|tag| tag.get("name"))
        .collect::<Result<_, _>>()?;
    // Not by the database: its order may be that of a language.
    tags.sort();
    Ok(DagResult {
        dag_id: dag_id.to_owned(),
        is_paused: row.get("is_paused")?,
        bundle_name: row.get("bundle_name")?,
        bundle_version: row.get("bundle_version")?,
        relative_fileloc: row.get("relative_fileloc")?,
        owners: row.get("owners")?,
        tags,
        next_dagrun: row.get("next_dagrun")?,
    })
}
