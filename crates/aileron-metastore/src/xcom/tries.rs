//! XComs of tries, since Airflow 3.4.
//!
//! An XCom belongs to a try. What an upgrade from 3.3 found belongs to the try that
//! `legacy_task_data_owner` names, until that try writes the same key again.
//!
//! Source: `models/xcom.py` and `routes/xcoms.py` of Airflow 3.4.0b2.

use aileron_execution_api::ErrorKind;
use aileron_wire::json::RawJson;
use aileron_wire::message::{DeleteXCom, SetXCom};
use jiff::Timestamp;
use uuid::Uuid;

use crate::database::{DatabaseError, Session, Statement, sql};
use crate::failure::Failure;
use crate::schema::Schema;
use crate::scope::{self, Scope};

/// Keys of Airflow's own about loops begin with this.
const RESERVED: &str = "_airflow_loop_";

/// The only key whose value a task is expanded over.
const RETURN_VALUE: &str = "return_value";

/// `select {what}` of the XComs `xcom` of the latest tries of a task in `dag_run`; the run is left
/// to conditions that are added.
pub(super) fn select(what: &str, dag_id: &str, task_id: &str, key: &str) -> Statement {
    const OF: &str = "from task_instance ti join xcom_v2 x on x.task_instance_id = ti.id \
        where ti.working_set and ti.dag_id = $1 and ti.task_id = $2 and x.key = $3";
    const BEFORE: &str = "from task_instance ti \
        join legacy_task_data_owner o on o.task_instance_id = ti.id \
        join xcom_v1 x on x.dag_id = o.dag_id and x.task_id = o.task_id and x.run_id = o.run_id \
        and x.map_index = o.map_index \
        where ti.working_set and ti.dag_id = $1 and ti.task_id = $2 and x.key = $3 \
        and not exists (select 1 from xcom_v2 n where n.task_instance_id = ti.id and n.key = x.key)";
    const COLUMNS: &str =
        "select ti.dag_id, ti.run_id, ti.region_index as map_index, x.value, x.timestamp";
    sql(format!(
        "select {what} from ({COLUMNS} {OF} union all {COLUMNS} {BEFORE}) xcom \
         join dag_run on dag_run.dag_id = xcom.dag_id and dag_run.run_id = xcom.run_id where true"
    ))
    .bind(dag_id)
    .bind(task_id)
    .bind(key)
}

/// The keys of a try.
pub(crate) async fn keys_of_try(
    session: &mut Session,
    ti_id: Uuid,
) -> Result<Vec<String>, DatabaseError> {
    let statement = sql("select key from xcom_v2 where task_instance_id = $1 \
         union select x.key from legacy_task_data_owner o \
         join xcom_v1 x on x.dag_id = o.dag_id and x.task_id = o.task_id and x.run_id = o.run_id \
         and x.map_index = o.map_index where o.task_instance_id = $1 order by 1");
    let rows = session.all(statement.bind(ti_id)).await?;
    rows.iter().map(|row| row.get("key")).collect()
}

/// Refuses what is asked of a try that another has followed: its values are not those of the task
/// any more.
pub(super) async fn refuse_followed(
    session: &mut Session,
    ti_id: Uuid,
    (dag_id, run_id, task_id, map_index): (&str, &str, &str, i64),
) -> Result<(), Failure> {
    let names = Schema::Airflow340b2.names();
    let statement = sql(format!(
        "select {names}, ti.working_set from task_instance ti where ti.id = $1"
    ));
    let Some(row) = session.optional(statement.bind(ti_id)).await? else {
        return Ok(());
    };
    let latest: Option<bool> = row.get("working_set")?;
    let caller = Scope::read(&row, Schema::Airflow340b2)?;
    let is_own = caller.dag_id == dag_id
        && caller.run_id == run_id
        && caller.task_id == task_id
        && caller.map_index == map_index;
    if is_own && latest != Some(true) {
        return Err(crate::task_instance::attempt::followed());
    }
    Ok(())
}

pub(super) async fn set(
    session: &mut Session,
    ti_id: Uuid,
    request: SetXCom<RawJson>,
    index: i64,
) -> Result<(), Failure> {
    let place = (
        request.dag_id.as_str(),
        request.run_id.as_str(),
        request.task_id.as_str(),
        index,
    );
    let Some(owner) = owner(session, ti_id, place).await? else {
        return Err(Failure::not_found(format!(
            "run {:?} of Dag {:?} has no instance of task {:?} with map index {index}",
            request.run_id, request.dag_id, request.task_id
        )));
    };
    let statement = sql(
        "insert into xcom_v2 (id, task_instance_id, key, value, timestamp, dag_result, mapped_length) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (task_instance_id, key) do update set \
         value = excluded.value, timestamp = excluded.timestamp, \
         dag_result = excluded.dag_result, mapped_length = excluded.mapped_length",
    )
    .bind(Uuid::now_v7())
    .bind(owner)
    .bind(request.key)
    .bind(request.value)
    .bind(Timestamp::now())
    .bind(request.dag_result)
    .bind(request.mapped_length);
    session.execute(statement).await?;
    Ok(())
}

/// Refuses a key that is Airflow's own, and a length that nobody would read.
pub(super) fn check(request: &SetXCom<RawJson>) -> Result<(), Failure> {
    if request.key.starts_with(RESERVED) {
        return Err(Failure::refused(
            ErrorKind::BadRequest,
            "Reserved loop XCom key",
        ));
    }
    if request.mapped_length.is_some() && request.key != RETURN_VALUE {
        return Err(Failure::because(
            ErrorKind::BadRequest,
            "invalid_mapped_length_key",
            format!("only the value under {RETURN_VALUE:?} may have a mapped length"),
        ));
    }
    Ok(())
}

pub(super) async fn delete(
    session: &mut Session,
    ti_id: Uuid,
    request: &DeleteXCom,
    index: i64,
) -> Result<(), Failure> {
    let place = (
        request.dag_id.as_str(),
        request.run_id.as_str(),
        request.task_id.as_str(),
        index,
    );
    let Some(owner) = owner(session, ti_id, place).await? else {
        return Ok(());
    };
    for statement in [
        "delete from xcom_v2 where task_instance_id = $1 and key = $2",
        "delete from xcom_v1 where key = $2 and exists (select 1 from legacy_task_data_owner o \
         where o.task_instance_id = $1 and o.dag_id = xcom_v1.dag_id and o.task_id = xcom_v1.task_id \
         and o.run_id = xcom_v1.run_id and o.map_index = xcom_v1.map_index)",
    ] {
        session
            .execute(sql(statement).bind(owner).bind(&request.key))
            .await?;
    }
    Ok(())
}

/// The try whose XCom is written: the caller's own, even where another has followed, or else the
/// latest.
async fn owner(
    session: &mut Session,
    ti_id: Uuid,
    (dag_id, run_id, task_id, map_index): (&str, &str, &str, i64),
) -> Result<Option<Uuid>, Failure> {
    let own = sql(
        "select id from task_instance where id = $1 and dag_id = $2 and run_id = $3 \
         and task_id = $4 and region_index = $5",
    )
    .bind(ti_id)
    .bind(dag_id)
    .bind(run_id)
    .bind(task_id)
    .bind(map_index);
    scope::refuse_loops(session, dag_id, Some(run_id), task_id).await?;
    if let Some(row) = session.optional(own).await? {
        return Ok(Some(row.get("id")?));
    }
    let latest = sql(
        "select id from task_instance where dag_id = $1 and run_id = $2 and task_id = $3 \
         and region_index = $4 and working_set limit 2",
    )
    .bind(dag_id)
    .bind(run_id)
    .bind(task_id)
    .bind(map_index);
    match session.all(latest).await?.as_slice() {
        [] => Ok(None),
        [row] => Ok(Some(row.get("id")?)),
        _ => Err(Failure::refused(
            ErrorKind::Conflict,
            format!(
                "run {run_id:?} has several instances of task {task_id:?} with map index {map_index}"
            ),
        )),
    }
}
