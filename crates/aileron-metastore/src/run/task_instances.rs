//! What is known of the task instances of a run.

use std::collections::HashMap;

use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::TaskInstanceState;
use jiff::Timestamp;
use uuid::Uuid;

use super::Run;
use crate::database::{DatabaseError, Row, Session, Statement, sql};

/// What is known of a task instance.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskInstanceRecord {
    /// The id. It changes with every retry.
    pub id: Uuid,
    /// The task.
    pub task_id: String,
    /// The map index; -1 when it has none, or not yet.
    pub map_index: i64,
    /// The state; `None` before it is first looked at.
    pub state: Option<TaskInstanceState>,
    /// The number of the try: from 1, and 0 before the first.
    pub try_number: i64,
    /// How many retries it has.
    pub max_tries: i64,
    /// When its try started.
    pub start_date: Option<Timestamp>,
    /// When its try ended.
    pub end_date: Option<Timestamp>,
    /// How long its try ran, in seconds.
    pub duration: Option<f64>,
    /// The pause that its last try asked for, in seconds, in place of the task's.
    pub retry_delay_override: Option<f64>,
    /// When its try asked to be started again.
    pub reschedule_date: Option<Timestamp>,
    /// What it waits for.
    pub trigger: Option<PendingTrigger>,
    /// When it has waited long enough, for a trigger or a person.
    pub trigger_timeout: Option<Timestamp>,
    /// The method that goes on after it has waited.
    pub next_method: Option<String>,
    /// The host of its supervisor.
    pub hostname: Option<String>,
    /// The process of its supervisor.
    pub pid: Option<i64>,
    /// When its supervisor last said that it is alive.
    pub last_heartbeat_at: Option<Timestamp>,
    /// The queue.
    pub queue: Option<String>,
    /// The version of the Dag.
    pub dag_version_id: Option<Uuid>,
    /// W3C trace context.
    pub context_carrier: Option<JsonMap>,
    /// The label of an instance of a mapped task.
    pub rendered_map_index: Option<String>,
}

/// A trigger that a task instance waits for.
#[derive(Clone, PartialEq)]
pub struct PendingTrigger {
    /// The Python class.
    pub classpath: String,
    /// The arguments as they are stored: JSON, or text that Airflow has encrypted. They may hold
    /// secrets.
    pub kwargs: String,
    /// Since when it waits.
    pub created_date: Timestamp,
}

impl std::fmt::Debug for PendingTrigger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingTrigger")
            .field("classpath", &self.classpath)
            .field("created_date", &self.created_date)
            .finish_non_exhaustive()
    }
}

const SELECT: &str = "select ti.id, ti.task_id, ti.map_index, ti.state, ti.try_number, ti.max_tries, \
    ti.start_date, ti.end_date, ti.duration, ti.retry_delay_override, \
    ti.trigger_timeout, ti.next_method, ti.hostname, ti.pid, ti.last_heartbeat_at, \
    ti.queue, ti.dag_version_id, ti.context_carrier, ti.rendered_map_index, \
    tr.classpath, tr.kwargs, tr.created_date \
    from task_instance ti left join \"trigger\" tr on tr.id = ti.trigger_id \
    where ti.dag_id = $1 and ti.run_id = $2";

const RESCHEDULED: &str = "select r.ti_id, r.reschedule_date from task_reschedule r \
    join task_instance ti on ti.id = r.ti_id where ti.dag_id = $1 and ti.run_id = $2";

impl Run {
    /// All task instances of the run, by task and map index.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn task_instances(&self) -> Result<Vec<TaskInstanceRecord>, DatabaseError> {
        self.records(
            self.select(),
            sql(RESCHEDULED).bind(&self.dag_id).bind(&self.run_id),
        )
        .await
    }

    /// The task instances of these ids, as far as the run has them.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn task_instances_of(
        &self,
        ids: &[Uuid],
    ) -> Result<Vec<TaskInstanceRecord>, DatabaseError> {
        let select = self
            .select()
            .push(" and ti.id in ")
            .list(ids.iter().copied());
        let rescheduled = sql(RESCHEDULED).bind(&self.dag_id).bind(&self.run_id);
        let rescheduled = rescheduled.push(" and ti.id in ").list(ids.iter().copied());
        self.records(select, rescheduled).await
    }

    /// A task instance, by what stays the same through all its tries.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn task_instance(
        &self,
        task_id: &str,
        map_index: i64,
    ) -> Result<Option<TaskInstanceRecord>, DatabaseError> {
        let only = |statement: Statement| {
            let statement = statement.push(" and ti.task_id = ").value(task_id);
            statement.push(" and ti.map_index = ").value(map_index)
        };
        let rescheduled = only(sql(RESCHEDULED).bind(&self.dag_id).bind(&self.run_id));
        let records = self.records(only(self.select()), rescheduled).await?;
        Ok(records.into_iter().next())
    }

    fn select(&self) -> Statement {
        sql(SELECT).bind(&self.dag_id).bind(&self.run_id)
    }

    async fn records(
        &self,
        select: Statement,
        rescheduled: Statement,
    ) -> Result<Vec<TaskInstanceRecord>, DatabaseError> {
        let mut session = self.database.read().await?;
        let rows = session
            .all(select.push(" order by ti.task_id, ti.map_index"))
            .await?;
        let mut rescheduled = reschedule_dates(&mut session, rescheduled).await?;
        rows.iter()
            .map(|row| {
                let mut record = record(row)?;
                record.reschedule_date = rescheduled.remove(&record.id);
                Ok(record)
            })
            .collect()
    }
}

/// The last time at which each instance that was rescheduled asked to be started again.
async fn reschedule_dates(
    session: &mut Session,
    statement: Statement,
) -> Result<HashMap<Uuid, Timestamp>, DatabaseError> {
    let rows = session.all(statement.push(" order by r.id")).await?;
    rows.iter()
        .map(|row| Ok((row.get("ti_id")?, row.get("reschedule_date")?)))
        .collect()
}

fn record(row: &Row) -> Result<TaskInstanceRecord, DatabaseError> {
    Ok(TaskInstanceRecord {
        id: row.get("id")?,
        task_id: row.get("task_id")?,
        map_index: row.get("map_index")?,
        state: row.get("state")?,
        try_number: row.get("try_number")?,
        max_tries: row.get("max_tries")?,
        start_date: row.get("start_date")?,
        end_date: row.get("end_date")?,
        duration: row.get("duration")?,
        retry_delay_override: row.get("retry_delay_override")?,
        reschedule_date: None,
        trigger: trigger(row)?,
        trigger_timeout: row.get("trigger_timeout")?,
        next_method: row.get("next_method")?,
        hostname: row.get("hostname")?,
        pid: row.get("pid")?,
        last_heartbeat_at: row.get("last_heartbeat_at")?,
        queue: row.get("queue")?,
        dag_version_id: row.get("dag_version_id")?,
        context_carrier: carrier(row)?,
        rendered_map_index: row.get("rendered_map_index")?,
    })
}

fn trigger(row: &Row) -> Result<Option<PendingTrigger>, DatabaseError> {
    let Some(classpath) = row.get("classpath")? else {
        return Ok(None);
    };
    Ok(Some(PendingTrigger {
        classpath,
        kwargs: row.get("kwargs")?,
        created_date: row.get("created_date")?,
    }))
}

/// Airflow wraps the map: `{"__type": "dict", "__var": {..}}`.
fn carrier(row: &Row) -> Result<Option<JsonMap>, DatabaseError> {
    let raw: Option<RawJson> = row.get("context_carrier")?;
    let Some(mut map) = raw.and_then(|raw| raw.read::<Option<JsonMap>>().ok().flatten()) else {
        return Ok(None);
    };
    Ok(Some(match map.remove("__var") {
        Some(serde_json::Value::Object(inner)) => inner,
        _ => map,
    }))
}
