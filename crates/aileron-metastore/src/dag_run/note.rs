//! The note of a Dag run.
//!
//! Source: `update_dag_run_note` in `routes/task_instances.py` of Airflow 3.4.0b2. The table is that
//! of 3.3.2.

use jiff::Timestamp;
use uuid::Uuid;

use crate::database::{Database, sql};
use crate::failure::Failure;
use crate::scope::Scope;

/// No note leaves the one that is there, and an empty one removes it. A task has no user, so nobody
/// has written the note then.
pub(crate) async fn set(
    database: &Database,
    ti_id: Uuid,
    note: Option<String>,
) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    let scope = Scope::of(&mut transaction, ti_id).await?;
    let Some(note) = note else { return Ok(()) };
    let row = transaction
        .one(
            sql("select id from dag_run where dag_id = $1 and run_id = $2")
                .bind(scope.dag_id)
                .bind(scope.run_id),
        )
        .await?;
    let dag_run_id: i64 = row.get("id")?;
    let statement = if note.is_empty() {
        sql("delete from dag_run_note where dag_run_id = $1").bind(dag_run_id)
    } else {
        sql(
            "insert into dag_run_note (dag_run_id, content, created_at, updated_at) \
             values ($1, $2, $3, $3) on conflict (dag_run_id) do update set \
             content = excluded.content, user_id = null, updated_at = excluded.updated_at",
        )
        .bind(dag_run_id)
        .bind(note)
        .bind(Timestamp::now())
    };
    transaction.execute(statement).await?;
    Ok(transaction.commit().await?)
}
