//! Values of task instances: XComs and task state.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use uuid::Uuid;

use super::Inventory;
use crate::database::{DatabaseError, Row, Statement, sql};

/// Where values of task instances are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// XComs.
    XCom,
    /// The task state store.
    TaskState,
}

impl Kind {
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::XCom => "xcom",
            Self::TaskState => "task_state_store",
        }
    }

    /// The columns with the time of the last write, and of the end.
    fn times(self) -> &'static str {
        match self {
            Self::XCom => "timestamp as written_at, null as expires_at",
            Self::TaskState => "updated_at as written_at, expires_at as expires_at",
        }
    }

    fn written_at(self) -> &'static str {
        match self {
            Self::XCom => "timestamp",
            Self::TaskState => "updated_at",
        }
    }
}

/// Which values. What is not set does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Of this Dag.
    pub dag_id: Option<String>,
    /// Of this run.
    pub run_id: Option<String>,
    /// Of this task.
    pub task_id: Option<String>,
    /// Of this instance of a mapped task; -1 for a task that is not mapped.
    pub map_index: Option<i64>,
    /// Under this key.
    pub key: Option<String>,
}

impl Filter {
    /// Adds the conditions to a statement that has one already.
    pub(super) fn restrict(&self, mut statement: Statement) -> Statement {
        let texts = [
            (" and dag_id = ", &self.dag_id),
            (" and run_id = ", &self.run_id),
            (" and task_id = ", &self.task_id),
            (" and key = ", &self.key),
        ];
        for (condition, value) in texts {
            if let Some(value) = value {
                statement = statement.push(condition).value(value);
            }
        }
        match self.map_index {
            Some(index) => statement.push(" and map_index = ").value(index),
            None => statement,
        }
    }
}

/// A value of a task instance, without the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The Dag.
    pub dag_id: String,
    /// The run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
    /// The instance of a mapped task; -1 for a task that is not mapped.
    pub map_index: i64,
    /// The key.
    pub key: String,
    /// When it was written last.
    pub written_at: Timestamp,
    /// When it expires; `None` for never. XComs do not expire.
    pub expires_at: Option<Timestamp>,
    /// The length of its JSON text in characters.
    pub length: i64,
}

impl Entry {
    fn read(row: &Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            dag_id: row.get("dag_id")?,
            run_id: row.get("run_id")?,
            task_id: row.get("task_id")?,
            map_index: row.get("map_index")?,
            key: row.get("key")?,
            written_at: row.get("written_at")?,
            expires_at: row.get("expires_at")?,
            length: row.get::<Option<i64>>("length")?.unwrap_or_default(),
        })
    }

    fn filter(&self) -> Filter {
        Filter {
            dag_id: Some(self.dag_id.clone()),
            run_id: Some(self.run_id.clone()),
            task_id: Some(self.task_id.clone()),
            map_index: Some(self.map_index),
            key: Some(self.key.clone()),
        }
    }
}

impl Inventory<'_> {
    /// What matches, the newest run first, at most `limit` entries.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn entries(
        &self,
        kind: Kind,
        filter: &Filter,
        limit: i64,
    ) -> Result<Vec<Entry>, DatabaseError> {
        let statement = sql(
            "select dag_id, run_id, task_id, map_index, key, length(cast(value as text)) as length, ",
        )
        .push(kind.times())
        .push(" from ")
        .push(kind.table())
        .push(" where 1 = 1");
        let statement = filter
            .restrict(statement)
            .push(" order by dag_id, dag_run_id desc, task_id, map_index, ")
            .push(kind.written_at())
            .push(", key limit ")
            .value(limit);
        let rows = self.store.database().read().await?.all(statement).await?;
        rows.iter().map(Entry::read).collect()
    }

    /// The value of an entry; `None` when it has been deleted since.
    ///
    /// # Errors
    ///
    /// Those of the database, and when what is stored is no JSON.
    pub async fn value(&self, kind: Kind, entry: &Entry) -> Result<Option<RawJson>, DatabaseError> {
        let statement = sql("select value from ")
            .push(kind.table())
            .push(" where 1 = 1");
        let statement = entry.filter().restrict(statement);
        let row = self
            .store
            .database()
            .read()
            .await?
            .optional(statement)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let value: Option<RawJson> = row.get("value")?;
        Ok(Some(value.unwrap_or_else(RawJson::null)))
    }

    /// Deletes what matches, and says how many values that were.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn delete(&self, kind: Kind, filter: &Filter) -> Result<u64, DatabaseError> {
        let statement = sql("delete from ").push(kind.table()).push(" where 1 = 1");
        let statement = filter.restrict(statement);
        let mut transaction = self.store.database().begin().await?;
        let deleted = transaction.execute(statement).await?;
        transaction.commit().await?;
        Ok(deleted)
    }

    /// Deletes an entry. Says whether it was still there.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn delete_entry(&self, kind: Kind, entry: &Entry) -> Result<bool, DatabaseError> {
        Ok(self.delete(kind, &entry.filter()).await? > 0)
    }

    /// The task instances that match, the newest run first, at most `limit`; the key of the filter
    /// does not count.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn task_instances(
        &self,
        filter: &Filter,
        limit: i64,
    ) -> Result<Vec<KnownTaskInstance>, DatabaseError> {
        let filter = Filter {
            key: None,
            ..filter.clone()
        };
        let statement = filter
            .restrict(sql(
                "select id, dag_id, run_id, task_id, map_index from task_instance where 1 = 1",
            ))
            .push(
                " order by dag_id, (select max(dag_run.id) from dag_run \
                   where dag_run.dag_id = task_instance.dag_id \
                   and dag_run.run_id = task_instance.run_id) desc, task_id, map_index limit ",
            )
            .value(limit);
        let rows = self.store.database().read().await?.all(statement).await?;
        rows.iter().map(KnownTaskInstance::read).collect()
    }
}

/// A task instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTaskInstance {
    /// Its id, in its present try.
    pub id: Uuid,
    /// The Dag.
    pub dag_id: String,
    /// The run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
    /// The instance of a mapped task; -1 for a task that is not mapped.
    pub map_index: i64,
}

impl KnownTaskInstance {
    fn read(row: &Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.get("id")?,
            dag_id: row.get("dag_id")?,
            run_id: row.get("run_id")?,
            task_id: row.get("task_id")?,
            map_index: row.get("map_index")?,
        })
    }
}
