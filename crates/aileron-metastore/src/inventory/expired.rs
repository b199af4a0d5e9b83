//! Task state that has expired, and removing it.
//!
//! Airflow gives an expired value out until `airflow state-store clean` has run. Source:
//! `MetastoreBackend.cleanup` of Airflow 3.3.2.

use jiff::{SignedDuration, Timestamp};

use super::{Filter, Inventory};
use crate::database::{DatabaseError, Dialect, Row, Statement, sql};

/// States in which a task instance asks for nothing any more.
const FINISHED: [&str; 5] = ["success", "failed", "skipped", "upstream_failed", "removed"];

/// The expired values of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiredTask {
    /// The Dag.
    pub dag_id: String,
    /// The task.
    pub task_id: String,
    /// How many values have expired.
    pub values: i64,
    /// How many of them belong to a task instance that has not finished: one that runs, waits for a
    /// retry, or was never scheduled.
    pub unfinished: i64,
    /// When the first of them expired.
    pub oldest: Timestamp,
}

/// How long the values of a task are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The Dag.
    pub dag_id: String,
    /// The task.
    pub task_id: String,
    /// The shortest time from a write to its expiry.
    pub shortest: SignedDuration,
}

impl Inventory<'_> {
    /// What had expired at a time, by task. The key of the filter counts too.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn expired(
        &self,
        at: Timestamp,
        filter: &Filter,
    ) -> Result<Vec<ExpiredTask>, DatabaseError> {
        let database = self.store.database();
        let schema = database.schema();
        let place = match schema.keeps_tries() {
            false => "ti.map_index = store.map_index",
            true => {
                "ti.region_index = store.region_index and ti.region_id = store.region_id \
                 and ti.working_set"
            }
        };
        // A name that is in both tables would be ambiguous, so the filter is in a table of its own.
        let statement = sql("select store.dag_id, store.task_id, count(*) as expired, \
             count(case when ti.state in ")
        .list(FINISHED)
        .push(
            " then 1 end) as finished, min(store.expires_at) as oldest \
             from (select * from task_state_store where expires_at < ",
        )
        .value(at);
        let statement = filter.restrict(statement, schema).push(&format!(
            ") store left join task_instance ti on ti.dag_id = store.dag_id \
                 and ti.run_id = store.run_id and ti.task_id = store.task_id and {place} \
                 group by store.dag_id, store.task_id order by store.dag_id, store.task_id"
        ));
        let rows = database.read().await?.all(statement).await?;
        rows.iter().map(ExpiredTask::read).collect()
    }

    /// Removes values that had expired at a time, at most `batch` of them, in a transaction of its
    /// own. Says how many it removed: fewer than `batch` are the last ones.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn delete_expired(
        &self,
        at: Timestamp,
        filter: &Filter,
        batch: i64,
    ) -> Result<u64, DatabaseError> {
        let database = self.store.database();
        let schema = database.schema();
        // The second condition is for a value that is written again meanwhile.
        let statement = sql("delete from task_state_store where expires_at < ")
            .value(at)
            .push(" and id in (select id from task_state_store where expires_at < ")
            .value(at);
        let statement: Statement = filter
            .restrict(statement, schema)
            .push(" order by expires_at limit ")
            .value(batch)
            .push(")");
        database.change(statement).await
    }

    /// How long values are kept, by task, for those tasks whose values expire at all. What was expired
    /// already when it was written does not count.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn retentions(&self, filter: &Filter) -> Result<Vec<Retention>, DatabaseError> {
        let database = self.store.database();
        let kept = match database.dialect() {
            Dialect::Sqlite => "(julianday(expires_at) - julianday(updated_at)) * 86400.0",
            Dialect::Postgres => "cast(extract(epoch from expires_at - updated_at) as float)",
        };
        let statement = sql(format!(
            "select dag_id, task_id, min({kept}) as seconds from task_state_store \
             where expires_at > updated_at"
        ));
        let statement = filter
            .restrict(statement, database.schema())
            .push(" group by dag_id, task_id order by dag_id, task_id");
        let rows = database.read().await?.all(statement).await?;
        rows.iter().map(Retention::read).collect()
    }
}

impl Retention {
    fn read(row: &Row) -> Result<Self, DatabaseError> {
        let seconds: f64 = row.get("seconds")?;
        Ok(Self {
            dag_id: row.get("dag_id")?,
            task_id: row.get("task_id")?,
            // To the second: SQLite counts in days, and a float of days is not exact.
            shortest: SignedDuration::from_secs(seconds.round() as i64),
        })
    }
}

impl ExpiredTask {
    fn read(row: &Row) -> Result<Self, DatabaseError> {
        let values: i64 = row.get("expired")?;
        Ok(Self {
            dag_id: row.get("dag_id")?,
            task_id: row.get("task_id")?,
            values,
            unfinished: values - row.get::<i64>("finished")?,
            oldest: row.get("oldest")?,
        })
    }
}
