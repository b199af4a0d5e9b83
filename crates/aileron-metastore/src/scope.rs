//! Which task instance it is, by the names that do not change from try to try.

use uuid::Uuid;

use crate::database::{DatabaseError, Row, Session, sql};
use crate::failure::Failure;
use crate::schema::Schema;

/// A task instance by its names. Its id is another one in every try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) dag_id: String,
    pub(crate) run_id: String,
    pub(crate) task_id: String,
    pub(crate) map_index: i64,
    /// The region of the run that the map index counts in. Nil in 3.3.2, and where there is none.
    pub(crate) region_id: Uuid,
    /// Whether it is one of the passes of a loop, which Airflow has since 3.4.
    pub(crate) in_loop: bool,
}

impl Scope {
    /// The names of the task instance with this id, if this is its latest try.
    pub(crate) async fn of(session: &mut Session, ti_id: Uuid) -> Result<Self, Failure> {
        let schema = session.schema();
        let (names, latest) = (schema.names(), schema.latest_try());
        let statement = sql(format!(
            "select {names} from task_instance ti where ti.id = $1{latest}"
        ));
        let row = session.optional(statement.bind(ti_id)).await?;
        let row = row.ok_or_else(|| missing(ti_id))?;
        Ok(Self::read(&row, schema)?)
    }

    /// Reads the columns of [`Schema::names`].
    pub(crate) fn read(row: &Row, schema: Schema) -> Result<Self, DatabaseError> {
        let (region_id, in_loop) = match schema {
            Schema::Airflow332 => (Uuid::nil(), false),
            Schema::Airflow340b2 => (row.get("region_id")?, row.get("in_loop")?),
        };
        Ok(Self {
            dag_id: row.get("dag_id")?,
            run_id: row.get("run_id")?,
            task_id: row.get("task_id")?,
            map_index: row.get("map_index")?,
            region_id,
            in_loop,
        })
    }

    /// Refuses what is in a loop: which pass another task means is told by the Dag.
    pub(crate) fn refuse_in_loop(&self) -> Result<(), Failure> {
        if self.in_loop {
            return Err(Failure::unsupported(&format!(
                "task {:?}, which is in a loop",
                self.task_id
            )));
        }
        Ok(())
    }
}

/// Refuses tasks in loops: which of their passes is meant is told by the Dag, and by who asks.
pub(crate) async fn refuse_loops(
    session: &mut Session,
    dag_id: &str,
    run_id: Option<&str>,
    task_id: &str,
) -> Result<(), Failure> {
    if !session.schema().keeps_tries() {
        return Ok(());
    }
    let mut statement = sql("select 1 as one from task_instance ti \
         join dynamic_region region on region.id = ti.region_id \
         where ti.working_set and (region.node_id <> ti.task_id or region.parent_region_id is not null) \
         and ti.dag_id = ")
    .value(dag_id)
    .push(" and ti.task_id = ")
    .value(task_id);
    if let Some(run_id) = run_id {
        statement = statement.push(" and ti.run_id = ").value(run_id);
    }
    match session.optional(statement.push(" limit 1")).await? {
        Some(_) => Err(Failure::unsupported(&format!(
            "task {task_id:?}, which is in a loop"
        ))),
        None => Ok(()),
    }
}

/// The answer where there is no such task instance.
pub(crate) fn missing(ti_id: Uuid) -> Failure {
    Failure::not_found(format!("there is no task instance {ti_id}"))
}
