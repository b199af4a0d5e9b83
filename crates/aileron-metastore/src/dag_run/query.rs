//! Questions about Dag runs.
//!
//! Source: `routes/dag_runs.py` of Airflow 3.3.2.

use aileron_wire::message::{
    DagRun, DagRunState, DagRunType, GetDRCount, GetPreviousDagRun, PrevSuccessfulDagRunResult,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::events;
use crate::database::{Database, DatabaseError, Row, Session, Statement, sql};
use crate::failure::Failure;
use crate::scope::Scope;
use crate::{Metastore, team};

macro_rules! columns {
    () => {
        "select dag_run.id as id, dag_run.dag_id as dag_id, dag_run.run_id as run_id, \
         dag_run.logical_date as logical_date, dag_run.data_interval_start as data_interval_start, \
         dag_run.data_interval_end as data_interval_end, dag_run.run_after as run_after, \
         dag_run.start_date as start_date, dag_run.end_date as end_date, \
         dag_run.clear_number as clear_number, dag_run.run_type as run_type, dag_run.state as state, \
         dag_run.conf as conf, dag_run.triggering_user_name as triggering_user_name, \
         dag_run.partition_key as partition_key, dag_run.partition_date as partition_date"
    };
}

const SELECT: &str = concat!(columns!(), " from dag_run where ");

/// With what a task that starts is told beside its run, and whether it is worth asking for the rest.
const SELECT_FOR_START: &str = concat!(
    columns!(),
    ", (select count(*) from task_reschedule where ti_id = $3) as reschedules, \
     exists (select 1 from dagrun_asset_event where dag_run_id = dag_run.id) as has_events, \
     exists (select 1 from xcom where xcom.dag_run_id = dag_run.id and xcom.task_id = $4) as has_xcoms \
     from dag_run where dag_run.dag_id = $1 and dag_run.run_id = $2"
);

/// The same since Airflow 3.4, where a try has XComs of its own.
const SELECT_FOR_START_OF_TRY: &str = concat!(
    columns!(),
    ", (select count(*) from task_reschedule where ti_id = $3) as reschedules, \
     (select min(start_date) from task_reschedule where ti_id = $3) as first_reschedule, \
     exists (select 1 from dagrun_asset_event where dag_run_id = dag_run.id) as has_events, \
     (exists (select 1 from xcom_v2 where task_instance_id = $3) \
     or exists (select 1 from legacy_task_data_owner where task_instance_id = $3)) as has_xcoms \
     from dag_run where dag_run.dag_id = $1 and dag_run.run_id = $2"
);

/// A Dag run, without the asset events that it consumed: Airflow gives those out when a task starts
/// and at no other time.
pub(crate) async fn get(store: &Metastore, dag_id: &str, run_id: &str) -> Result<DagRun, Failure> {
    let statement = by_id(sql(SELECT), dag_id, run_id);
    let mut session = store.database().read().await?;
    let row = session.optional(statement).await?;
    let row = row.ok_or_else(|| missing(dag_id, run_id))?;
    let mut run = read(&row)?;
    run.team_name = team(store, &mut session, dag_id).await?;
    Ok(run)
}

/// The team of a Dag, where it is told: until 3.4 only to a task that starts.
async fn team(
    store: &Metastore,
    session: &mut Session,
    dag_id: &str,
) -> Result<Option<String>, DatabaseError> {
    if !session.schema().keeps_tries() {
        return Ok(None);
    }
    team::of_dag(session, store.settings(), dag_id).await
}

/// What a task that starts is told about its run.
pub(crate) struct Started {
    /// The run with the asset events that it consumed.
    pub(crate) run: DagRun,
    /// How often this try was rescheduled.
    pub(crate) reschedules: i64,
    /// When it was first, which is told since Airflow 3.4.
    pub(crate) first_reschedule: Option<Timestamp>,
    /// Whether the task, with any map index, has XComs in this run.
    pub(crate) has_xcoms: bool,
}

/// The Dag run of a task that starts.
pub(crate) async fn for_start(
    session: &mut Session,
    scope: &Scope,
    ti_id: Uuid,
) -> Result<Started, Failure> {
    let keeps_tries = session.schema().keeps_tries();
    let statement = sql(match keeps_tries {
        false => SELECT_FOR_START,
        true => SELECT_FOR_START_OF_TRY,
    })
    .bind(&scope.dag_id)
    .bind(&scope.run_id)
    .bind(ti_id);
    let statement = match keeps_tries {
        false => statement.bind(&scope.task_id),
        true => statement,
    };
    let row = session
        .optional(statement)
        .await?
        .ok_or_else(|| missing(&scope.dag_id, &scope.run_id))?;
    let mut run = read(&row)?;
    if row.get("has_events")? {
        run.consumed_asset_events = events::consumed(session, row.get("id")?).await?;
    }
    Ok(Started {
        run,
        reschedules: row.get("reschedules")?,
        first_reschedule: match keeps_tries {
            false => None,
            true => row.get("first_reschedule")?,
        },
        has_xcoms: row.get("has_xcoms")?,
    })
}

fn by_id(statement: Statement, dag_id: &str, run_id: &str) -> Statement {
    statement
        .push("dag_run.dag_id = ")
        .value(dag_id)
        .push(" and dag_run.run_id = ")
        .value(run_id)
}

fn missing(dag_id: &str, run_id: &str) -> Failure {
    Failure::not_found(format!("Dag {dag_id:?} has no run {run_id:?}"))
}

/// A Dag run from a row of [`SELECT`].
fn read(row: &Row) -> Result<DagRun, DatabaseError> {
    Ok(DagRun {
        dag_id: row.get("dag_id")?,
        run_id: row.get("run_id")?,
        logical_date: row.get("logical_date")?,
        data_interval_start: row.get("data_interval_start")?,
        data_interval_end: row.get("data_interval_end")?,
        run_after: row.get("run_after")?,
        start_date: row.get("start_date")?,
        end_date: row.get("end_date")?,
        clear_number: row.get("clear_number")?,
        run_type: one_of(row, "run_type", DagRunType::ALL, DagRunType::as_str)?,
        state: state_of(row)?,
        conf: row.get("conf")?,
        triggering_user_name: row.get("triggering_user_name")?,
        consumed_asset_events: Vec::new(),
        partition_key: row.get("partition_key")?,
        partition_date: row.get("partition_date")?,
        // Airflow gives the note out at no request of a task.
        note: None,
        team_name: None,
    })
}

fn state_of(row: &Row) -> Result<DagRunState, DatabaseError> {
    one_of(row, "state", DagRunState::ALL, DagRunState::as_str)
}

/// One of the values whose text stands in a column.
fn one_of<T: Copy>(
    row: &Row,
    column: &str,
    values: &[T],
    text: fn(T) -> &'static str,
) -> Result<T, DatabaseError> {
    let found: String = row.get(column)?;
    let value = values.iter().find(|value| text(**value) == found);
    value.copied().ok_or_else(|| DatabaseError::Column {
        column: column.to_owned(),
        problem: format!("{found:?} is not known"),
    })
}

pub(crate) async fn state(
    database: &Database,
    dag_id: &str,
    run_id: &str,
) -> Result<DagRunState, Failure> {
    let statement = by_id(sql("select state from dag_run where "), dag_id, run_id);
    let row = database.read().await?.optional(statement).await?;
    Ok(state_of(&row.ok_or_else(|| missing(dag_id, run_id))?)?)
}

/// A list without items is no condition, as Airflow has it.
pub(crate) async fn count(database: &Database, query: GetDRCount) -> Result<i64, Failure> {
    let mut statement =
        sql("select count(*) as n from dag_run where dag_id = ").value(query.dag_id);
    if let Some(dates) = query.logical_dates.filter(|dates| !dates.is_empty()) {
        statement = statement.push(" and logical_date in ").list(dates);
    }
    if let Some(ids) = query.run_ids.filter(|ids| !ids.is_empty()) {
        statement = statement.push(" and run_id in ").list(ids);
    }
    if let Some(states) = query.states.filter(|states| !states.is_empty()) {
        statement = statement.push(" and state in ").list(states);
    }
    Ok(database.read().await?.one(statement).await?.get("n")?)
}

pub(crate) async fn previous(
    store: &Metastore,
    query: GetPreviousDagRun,
) -> Result<Option<DagRun>, Failure> {
    let mut session = store.database().read().await?;
    let row = before(
        &mut session,
        &query.dag_id,
        query.logical_date,
        query.state.as_deref(),
    )
    .await?;
    let Some(row) = row else { return Ok(None) };
    let mut run = read(&row)?;
    run.team_name = team(store, &mut session, &query.dag_id).await?;
    Ok(Some(run))
}

/// The row of [`SELECT`] of the last run of a Dag before a date, in a state.
async fn before(
    session: &mut Session,
    dag_id: &str,
    logical_date: Timestamp,
    state: Option<&str>,
) -> Result<Option<Row>, Failure> {
    let mut statement = sql(SELECT)
        .push("dag_run.dag_id = ")
        .value(dag_id)
        .push(" and dag_run.logical_date < ")
        .value(logical_date);
    if let Some(state) = state {
        statement = statement.push(" and dag_run.state = ").value(state);
    }
    let statement = statement.push(" order by dag_run.logical_date desc limit 1");
    Ok(session.optional(statement).await?)
}

/// Without dates when there is none, or the run of the task instance has no logical date.
pub(crate) async fn previous_successful(
    database: &Database,
    ti_id: Uuid,
) -> Result<PrevSuccessfulDagRunResult, Failure> {
    let mut session = database.read().await?;
    let latest = session.schema().latest_try();
    let this = session
        .optional(
            sql(format!(
                "select dag_run.dag_id as dag_id, dag_run.logical_date as logical_date \
                 from task_instance ti join dag_run on dag_run.dag_id = ti.dag_id \
                 and dag_run.run_id = ti.run_id where ti.id = $1 \
                 and dag_run.logical_date is not null{latest}"
            ))
            .bind(ti_id),
        )
        .await?;
    let Some(this) = this else {
        return Ok(PrevSuccessfulDagRunResult::default());
    };
    let dag_id: String = this.get("dag_id")?;
    let success = DagRunState::Success.as_str();
    let row = before(
        &mut session,
        &dag_id,
        this.get("logical_date")?,
        Some(success),
    )
    .await?;
    let Some(row) = row else {
        return Ok(PrevSuccessfulDagRunResult::default());
    };
    Ok(PrevSuccessfulDagRunResult {
        data_interval_start: row.get("data_interval_start")?,
        data_interval_end: row.get("data_interval_end")?,
        start_date: row.get("start_date")?,
        end_date: row.get("end_date")?,
    })
}
