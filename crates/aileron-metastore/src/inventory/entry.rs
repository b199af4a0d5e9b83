//! Values of task instances: XComs and task state.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use uuid::Uuid;

use super::Inventory;
use crate::database::{DatabaseError, Row, Statement, sql};
use crate::schema::Schema;

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
    pub(super) fn restrict(&self, mut statement: Statement, schema: Schema) -> Statement {
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
            Some(index) => {
                let column = schema.index_column();
                statement.push(&format!(" and {column} = ")).value(index)
            }
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
    /// What its map index counts in, since Airflow 3.4: a mapped task, or the passes of a loop.
    /// `None` before, and where there is neither.
    pub region_id: Option<Uuid>,
}

impl Entry {
    fn read(row: &Row, schema: Schema) -> Result<Self, DatabaseError> {
        let region_id = match schema {
            Schema::Airflow332 => None,
            Schema::Airflow340b2 => Some(row.get::<Uuid>("region_id")?).filter(|id| !id.is_nil()),
        };
        Ok(Self {
            dag_id: row.get("dag_id")?,
            run_id: row.get("run_id")?,
            task_id: row.get("task_id")?,
            map_index: row.get("map_index")?,
            key: row.get("key")?,
            written_at: row.get("written_at")?,
            expires_at: row.get("expires_at")?,
            length: row.get::<Option<i64>>("length")?.unwrap_or_default(),
            region_id,
        })
    }

    /// Adds the conditions for this entry alone.
    fn restrict(&self, statement: Statement, schema: Schema) -> Statement {
        let statement = self.filter().restrict(statement, schema);
        match schema {
            Schema::Airflow332 => statement,
            Schema::Airflow340b2 => statement
                .push(" and region_id = ")
                .value(self.region_id.unwrap_or_default()),
        }
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
        let schema = self.store.database().schema();
        let rows = self.select(kind, filter, limit, "").await?;
        rows.iter().map(|row| Entry::read(row, schema)).collect()
    }

    /// The same with the values: those of at most `longest` characters.
    ///
    /// # Errors
    ///
    /// Those of the database, and when what is stored is no JSON.
    pub async fn entries_with_values(
        &self,
        kind: Kind,
        filter: &Filter,
        limit: i64,
        longest: i64,
    ) -> Result<Vec<(Entry, Option<RawJson>)>, DatabaseError> {
        let schema = self.store.database().schema();
        let value =
            format!("case when length(cast(value as text)) <= {longest} then value end as value, ");
        let rows = self.select(kind, filter, limit, &value).await?;
        rows.iter()
            .map(|row| Ok((Entry::read(row, schema)?, row.get("value")?)))
            .collect()
    }

    async fn select(
        &self,
        kind: Kind,
        filter: &Filter,
        limit: i64,
        value: &str,
    ) -> Result<Vec<Row>, DatabaseError> {
        let schema = self.store.database().schema();
        let statement =
            sql("select dag_id, run_id, task_id, key, length(cast(value as text)) as length, ")
                .push(value)
                .push(index_columns(schema))
                .push(kind.times())
                .push(" from ")
                .push(kind.table())
                .push(" where 1 = 1");
        let statement = filter
            .restrict(statement, schema)
            .push(" order by dag_id, dag_run_id desc, task_id, map_index, ")
            .push(kind.written_at())
            .push(", key limit ")
            .value(limit);
        self.store.database().read().await?.all(statement).await
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
        let statement = entry.restrict(statement, self.store.database().schema());
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
        let database = self.store.database();
        database
            .change(filter.restrict(statement, database.schema()))
            .await
    }

    /// Deletes an entry. Says whether it was still there.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn delete_entry(&self, kind: Kind, entry: &Entry) -> Result<bool, DatabaseError> {
        let statement = sql("delete from ").push(kind.table()).push(" where 1 = 1");
        let database = self.store.database();
        let statement = entry.restrict(statement, database.schema());
        Ok(database.change(statement).await? > 0)
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
        let schema = self.store.database().schema();
        let statement = sql(format!(
            "select id, dag_id, run_id, task_id, {} as map_index from task_instance ti where 1 = 1{}",
            schema.index_column(),
            schema.latest_try()
        ));
        let statement = filter
            .restrict(statement, schema)
            .push(
                " order by dag_id, (select max(dag_run.id) from dag_run \
                   where dag_run.dag_id = ti.dag_id \
                   and dag_run.run_id = ti.run_id) desc, task_id, map_index limit ",
            )
            .value(limit);
        let rows = self.store.database().read().await?.all(statement).await?;
        rows.iter().map(KnownTaskInstance::read).collect()
    }
}

/// The columns with the place of a value among the instances of its task.
fn index_columns(schema: Schema) -> &'static str {
    match schema {
        Schema::Airflow332 => "map_index, ",
        Schema::Airflow340b2 => "region_index as map_index, region_id, ",
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
