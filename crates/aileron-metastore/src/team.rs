//! Teams: which of them a task belongs to, and what it may see of others.
//!
//! The Dag bundle of a Dag belongs to a team, or to none. Only with `[core] multi_team` it matters.
//!
//! Source: `security.py` and `routes/xcoms.py` of the Execution API of Airflow 3.3.2.

use aileron_execution_api::ErrorKind;
use uuid::Uuid;

use crate::Settings;
use crate::database::{DatabaseError, Session, sql};
use crate::failure::Failure;

/// The team of a task instance; `None` when it has none, or there are no teams.
pub(crate) async fn of_task(
    session: &mut Session,
    settings: &Settings,
    ti_id: Uuid,
) -> Result<Option<String>, DatabaseError> {
    if !settings.multi_team {
        return Ok(None);
    }
    let latest = session.schema().latest_try();
    let statement = sql(format!(
        "select team.team_name from task_instance ti join dag on dag.dag_id = ti.dag_id \
         join dag_bundle_team team on team.dag_bundle_name = dag.bundle_name \
         where ti.id = $1{latest}"
    ));
    let row = session.optional(statement.bind(ti_id)).await?;
    row.map(|row| row.get("team_name")).transpose()
}

/// The team of a Dag; `None` when it has none, or there are no teams.
pub(crate) async fn of_dag(
    session: &mut Session,
    settings: &Settings,
    dag_id: &str,
) -> Result<Option<String>, DatabaseError> {
    if !settings.multi_team {
        return Ok(None);
    }
    let statement = sql("select team.team_name from dag \
         join dag_bundle_team team on team.dag_bundle_name = dag.bundle_name where dag.dag_id = $1");
    let row = session.optional(statement.bind(dag_id)).await?;
    row.map(|row| row.get("team_name")).transpose()
}

/// Refuses XComs of another team. Those of a Dag without a team may be read, but not written, by
/// everybody.
pub(crate) async fn check_xcom(
    session: &mut Session,
    settings: &Settings,
    ti_id: Uuid,
    dag_id: &str,
    write: bool,
) -> Result<(), Failure> {
    if !settings.multi_team {
        return Ok(());
    }
    let own = of_task(session, settings, ti_id).await?;
    let other = of_dag(session, settings, dag_id).await?;
    if own == other || (!write && other.is_none()) {
        return Ok(());
    }
    Err(Failure::because(
        ErrorKind::Forbidden,
        "access_denied",
        "Task does not have access to this XCom in multi-team mode",
    ))
}
