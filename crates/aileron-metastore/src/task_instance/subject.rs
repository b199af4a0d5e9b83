//! The task instance that a request is about.

use aileron_wire::message::TaskInstanceState;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::Settings;
use crate::database::{DatabaseError, Dialect, Session, sql};
use crate::failure::Failure;
use crate::scope::Scope;

/// A task instance with what its Dag run and its Dag say about it.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) id: Uuid,
    pub(crate) scope: Scope,
    pub(crate) state: Option<String>,
    pub(crate) try_number: i64,
    pub(crate) max_tries: i64,
    pub(crate) start_date: Option<Timestamp>,
    pub(crate) hostname: Option<String>,
    pub(crate) unixname: Option<String>,
    pub(crate) pid: Option<i64>,
    pub(crate) next_method: Option<String>,
    pub(crate) next_kwargs: Option<Value>,
    pub(crate) dag_version_id: Option<Uuid>,
    pub(crate) logical_date: Option<Timestamp>,
    pub(crate) partition_key: Option<String>,
    pub(crate) owners: Option<String>,
    pub(crate) operator: Option<String>,
    /// The team that its Dag belongs to.
    pub(crate) team: Option<String>,
    pub(crate) fail_fast: bool,
}

impl Subject {
    /// Without a team, unless there are teams.
    pub(crate) fn with_team(mut self, settings: &Settings) -> Self {
        if !settings.multi_team {
            self.team = None;
        }
        self
    }

    pub(crate) fn is(&self, state: TaskInstanceState) -> bool {
        self.state.as_deref() == Some(state.as_str())
    }
}

/// Loads a task instance, and locks it until the transaction ends.
pub(crate) async fn load(
    session: &mut Session,
    id: Uuid,
) -> Result<Option<Subject>, DatabaseError> {
    let schema = session.schema();
    let (names, latest) = (schema.names(), schema.latest_try());
    let mut statement = sql(format!(
        "select {names}, ti.state, ti.try_number, \
         ti.max_tries, ti.start_date, ti.hostname, ti.unixname, ti.pid, ti.next_method, \
         ti.next_kwargs, ti.dag_version_id, ti.operator, dr.logical_date, dr.partition_key, d.owners, \
         d.fail_fast, (select min(team.team_name) from dag_bundle_team team \
         where team.dag_bundle_name = d.bundle_name) as team \
         from task_instance ti \
         join dag_run dr on dr.dag_id = ti.dag_id and dr.run_id = ti.run_id \
         join dag d on d.dag_id = ti.dag_id where ti.id = $1{latest}"
    ));
    if session.dialect() == Dialect::Postgres {
        statement = statement.push(" for update of ti");
    }
    let Some(row) = session.optional(statement.bind(id)).await? else {
        return Ok(None);
    };
    Ok(Some(Subject {
        id,
        scope: Scope::read(&row, schema)?,
        state: row.get("state")?,
        try_number: row.get("try_number")?,
        max_tries: row.get("max_tries")?,
        start_date: row.get("start_date")?,
        hostname: row.get("hostname")?,
        unixname: row.get("unixname")?,
        pid: row.get("pid")?,
        next_method: row.get("next_method")?,
        next_kwargs: row.get("next_kwargs")?,
        dag_version_id: row.get("dag_version_id")?,
        logical_date: row.get("logical_date")?,
        partition_key: row.get("partition_key")?,
        owners: row.get("owners")?,
        operator: row.get("operator")?,
        team: row.get("team")?,
        fail_fast: row.get("fail_fast")?,
    }))
}

/// The answer where there is no such task instance.
pub(crate) fn missing() -> Failure {
    Failure::not_found("Task Instance not found")
}

/// Seconds between two times.
pub(crate) fn seconds(start: Timestamp, end: Timestamp) -> f64 {
    (end.as_microsecond() - start.as_microsecond()) as f64 / 1e6
}
