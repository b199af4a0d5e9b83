//! Carrying state from one database to another.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use uuid::Uuid;

use super::line::{AssetLine, AssetStore, TaskLine, TaskStore, WriterLine};
use super::{AssetFilter, Filter, Inventory};
use crate::asset_state_store::STORE as ASSETS;
use crate::database::{DatabaseError, Row, Transaction, sql};
use crate::failure::Failure;
use crate::schema::Schema;
use crate::state_value;

const TASKS: &str = "the task state store";

/// What became of a value that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Imported {
    /// It was not there, and is now.
    Added,
    /// Another value was there, and is replaced.
    Replaced,
    /// The same was there already.
    Unchanged,
}

/// Why a value was not stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The database did not do it.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// It does not fit this database. What else there is may be tried.
    #[error("{0}")]
    Refused(String),
}

impl From<Failure> for ImportError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Database(error) => Self::Database(error),
            Failure::Refused(refusal) => Self::Refused(refusal.message().to_owned()),
        }
    }
}

/// Values that are stored together or not at all. Dropped without [`commit`](Self::commit), nothing is.
#[derive(Debug)]
pub struct StateImport {
    transaction: Transaction,
    overwrite: bool,
}

impl Inventory<'_> {
    /// Values of tasks that match, in the order they were made: at most `limit` after the one with
    /// this number; 0 for the first. With each comes its number.
    ///
    /// # Errors
    ///
    /// Those of the database, and when a value is no JSON.
    pub async fn task_lines(
        &self,
        filter: &Filter,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, TaskLine)>, DatabaseError> {
        let database = self.store.database();
        let schema = database.schema();
        let columns = match schema {
            Schema::Airflow332 => "map_index",
            Schema::Airflow340b2 => "region_index as map_index, region_id",
        };
        let statement = sql(format!(
            "select id, dag_id, run_id, task_id, key, value, updated_at, expires_at, {columns} \
             from task_state_store where id > "
        ))
        .value(after);
        let statement = filter.restrict(statement, schema);
        let statement = statement.push(" order by id limit ").value(limit);
        let rows = database.read().await?.all(statement).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, task_line(row, schema)?)))
            .collect()
    }

    /// Values of assets that match, by asset and key: at most `limit` after the one with this number
    /// of its asset and this key. With each comes the number of its asset.
    ///
    /// # Errors
    ///
    /// Those of the database, and when a value is no JSON.
    pub async fn asset_lines(
        &self,
        filter: &AssetFilter,
        after: Option<(i64, &str)>,
        limit: i64,
    ) -> Result<Vec<(i64, AssetLine)>, DatabaseError> {
        let mut statement = sql(
            "select store.asset_id, store.key, store.value, store.updated_at, \
             store.last_updated_by_kind, store.last_updated_by_dag_id, \
             store.last_updated_by_run_id, store.last_updated_by_task_id, \
             store.last_updated_by_map_index, asset.name as name, asset.uri as uri \
             from asset_state_store store join asset on asset.id = store.asset_id where 1 = 1",
        );
        if let Some((asset_id, key)) = after {
            statement = statement
                .push(" and (store.asset_id, store.key) > (")
                .value(asset_id)
                .push(", ")
                .value(key)
                .push(")");
        }
        let statement = filter
            .restrict(statement)
            .push(" order by store.asset_id, store.key limit ")
            .value(limit);
        let rows = self.store.database().read().await?.all(statement).await?;
        rows.iter()
            .map(|row| Ok((row.get("asset_id")?, asset_line(row)?)))
            .collect()
    }

    /// Begins to store values. With `overwrite`, those that are there with another value are replaced;
    /// without, they are refused.
    ///
    /// # Errors
    ///
    /// When there is no connection to be had.
    pub async fn import_state(&self, overwrite: bool) -> Result<StateImport, DatabaseError> {
        Ok(StateImport {
            transaction: self.store.database().begin().await?,
            overwrite,
        })
    }
}

fn task_line(row: &Row, schema: Schema) -> Result<TaskLine, DatabaseError> {
    let region_id = match schema {
        Schema::Airflow332 => None,
        Schema::Airflow340b2 => Some(row.get::<Uuid>("region_id")?).filter(|id| !id.is_nil()),
    };
    Ok(TaskLine {
        store: TaskStore::Task,
        dag_id: row.get("dag_id")?,
        run_id: row.get("run_id")?,
        task_id: row.get("task_id")?,
        map_index: row.get("map_index")?,
        region_id,
        key: row.get("key")?,
        value: raw(row.get("value")?),
        updated_at: row.get("updated_at")?,
        expires_at: row.get("expires_at")?,
    })
}

fn asset_line(row: &Row) -> Result<AssetLine, DatabaseError> {
    Ok(AssetLine {
        store: AssetStore::Asset,
        name: row.get("name")?,
        uri: row.get("uri")?,
        key: row.get("key")?,
        value: raw(row.get("value")?),
        updated_at: row.get("updated_at")?,
        last_updated_by: WriterLine {
            kind: row.get("last_updated_by_kind")?,
            dag_id: row.get("last_updated_by_dag_id")?,
            run_id: row.get("last_updated_by_run_id")?,
            task_id: row.get("last_updated_by_task_id")?,
            map_index: row.get("last_updated_by_map_index")?,
        },
    })
}

fn raw(value: RawJson) -> Box<serde_json::value::RawValue> {
    serde_json::value::RawValue::from_string(value.into_text())
        .expect("what was JSON a line ago is JSON")
}

/// What stands where a value is to go.
struct Present {
    value: String,
    expires_at: Option<Timestamp>,
}

impl StateImport {
    /// Stores a value of a task instance, as it was written then.
    ///
    /// # Errors
    ///
    /// When the task instance is not there, the value or its key may not be kept, or another value
    /// is there and is not to be replaced.
    pub async fn task(&mut self, line: &TaskLine) -> Result<Imported, ImportError> {
        let value = line.json();
        state_value::check(TASKS, &line.key, &value)?;
        let (dag_run_id, region_id) = self.task_instance(line).await?;
        let mut present = sql("select value, expires_at from task_state_store where dag_run_id = ")
            .value(dag_run_id)
            .push(" and task_id = ")
            .value(&line.task_id)
            .push(" and key = ")
            .value(&line.key)
            .push(&format!(
                " and {} = ",
                self.transaction.schema().index_column()
            ))
            .value(line.map_index);
        if let Some(region_id) = region_id {
            present = present.push(" and region_id = ").value(region_id);
        }
        let present = match self.transaction.optional(present).await? {
            Some(row) => Some(Present {
                value: row.get("value")?,
                expires_at: row.get("expires_at")?,
            }),
            None => None,
        };
        let imported = self.judge(present, value.get(), line.expires_at)?;
        if imported != Imported::Unchanged {
            self.write_task(line, dag_run_id, region_id, value).await?;
        }
        Ok(imported)
    }

    /// The number of the run, and since Airflow 3.4 the region of the task instance.
    async fn task_instance(&mut self, line: &TaskLine) -> Result<(i64, Option<Uuid>), ImportError> {
        let schema = self.transaction.schema();
        let region = match schema {
            Schema::Airflow332 => "",
            Schema::Airflow340b2 => ", ti.region_id",
        };
        let mut statement = sql(format!(
            "select dag_run.id as dag_run_id{region} from task_instance ti \
             join dag_run on dag_run.dag_id = ti.dag_id and dag_run.run_id = ti.run_id \
             where 1 = 1{}",
            schema.latest_try()
        ));
        for (column, name) in [
            ("ti.dag_id", &line.dag_id),
            ("ti.run_id", &line.run_id),
            ("ti.task_id", &line.task_id),
        ] {
            statement = statement.push(&format!(" and {column} = ")).value(name);
        }
        statement = statement
            .push(&format!(" and {} = ", schema.map_index()))
            .value(line.map_index);
        let rows = self.transaction.all(statement).await?;
        let name = format!(
            "task {}{} of run {} of Dag {}",
            line.task_id,
            if line.map_index < 0 {
                String::new()
            } else {
                format!("[{}]", line.map_index)
            },
            line.run_id,
            line.dag_id
        );
        match rows.as_slice() {
            [] => Err(ImportError::Refused(format!("there is no {name} here"))),
            [row] if schema == Schema::Airflow332 => Ok((row.get("dag_run_id")?, None)),
            [row] => Ok((row.get("dag_run_id")?, Some(row.get("region_id")?))),
            several => {
                for row in several {
                    let region_id: Uuid = row.get("region_id")?;
                    if Some(region_id) == line.region_id {
                        return Ok((row.get("dag_run_id")?, Some(region_id)));
                    }
                }
                Err(ImportError::Refused(format!(
                    "{name} is in a loop, and there are several"
                )))
            }
        }
    }

    async fn write_task(
        &mut self,
        line: &TaskLine,
        dag_run_id: i64,
        region_id: Option<Uuid>,
        value: RawJson,
    ) -> Result<(), DatabaseError> {
        let (column, place, unique) = match self.transaction.schema() {
            Schema::Airflow332 => ("", "", "dag_run_id, task_id, map_index, key"),
            Schema::Airflow340b2 => (
                ", region_id",
                ", $10",
                "dag_run_id, task_id, region_id, region_index, key",
            ),
        };
        let index = self.transaction.schema().index_column();
        let mut statement = sql(format!(
            "insert into task_state_store (dag_run_id, task_id, {index}, key, dag_id, run_id, value, \
             updated_at, expires_at{column}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9{place}) \
             on conflict ({unique}) do update set value = excluded.value, \
             updated_at = excluded.updated_at, expires_at = excluded.expires_at"
        ))
        .bind(dag_run_id)
        .bind(&line.task_id)
        .bind(line.map_index)
        .bind(&line.key)
        .bind(&line.dag_id)
        .bind(&line.run_id)
        .bind(value.into_text())
        .bind(line.updated_at)
        .bind(line.expires_at);
        if let Some(region_id) = region_id {
            statement = statement.bind(region_id);
        }
        self.transaction.execute(statement).await?;
        Ok(())
    }

    /// Stores a value of an asset, with who wrote it then. An asset is the one with the same name and
    /// URI.
    ///
    /// # Errors
    ///
    /// As [`task`](Self::task).
    pub async fn asset(&mut self, line: &AssetLine) -> Result<Imported, ImportError> {
        let value = line.json();
        state_value::check(ASSETS, &line.key, &value)?;
        check_writer(&line.last_updated_by)?;
        let asset = sql("select id from asset where name = $1 and uri = $2");
        let asset = asset.bind(&line.name).bind(&line.uri);
        let Some(row) = self.transaction.optional(asset).await? else {
            return Err(ImportError::Refused(format!(
                "there is no asset {:?} with the URI {:?} here",
                line.name, line.uri
            )));
        };
        let asset_id: i64 = row.get("id")?;
        let present = sql("select value from asset_state_store where asset_id = $1 and key = $2");
        let present = present.bind(asset_id).bind(&line.key);
        let present = match self.transaction.optional(present).await? {
            Some(row) => Some(Present {
                value: row.get("value")?,
                expires_at: None,
            }),
            None => None,
        };
        let imported = self.judge(present, value.get(), None)?;
        if imported != Imported::Unchanged {
            self.write_asset(line, asset_id, value).await?;
        }
        Ok(imported)
    }

    async fn write_asset(
        &mut self,
        line: &AssetLine,
        asset_id: i64,
        value: RawJson,
    ) -> Result<(), DatabaseError> {
        let mut updates = String::new();
        if self.transaction.schema().keeps_tries() {
            // The try that wrote it is in another database.
            for column in crate::asset_state_store::ATTEMPT {
                updates += &format!(", {column} = null");
            }
        }
        let writer = &line.last_updated_by;
        let statement = sql(format!(
            "insert into asset_state_store (asset_id, key, value, updated_at, \
             last_updated_by_kind, last_updated_by_dag_id, last_updated_by_run_id, \
             last_updated_by_task_id, last_updated_by_map_index) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             on conflict (asset_id, key) do update set \
             value = excluded.value, updated_at = excluded.updated_at, \
             last_updated_by_kind = excluded.last_updated_by_kind, \
             last_updated_by_dag_id = excluded.last_updated_by_dag_id, \
             last_updated_by_run_id = excluded.last_updated_by_run_id, \
             last_updated_by_task_id = excluded.last_updated_by_task_id, \
             last_updated_by_map_index = excluded.last_updated_by_map_index{updates}"
        ))
        .bind(asset_id)
        .bind(&line.key)
        .bind(value.into_text())
        .bind(line.updated_at)
        .bind(writer.kind.clone())
        .bind(writer.dag_id.clone())
        .bind(writer.run_id.clone())
        .bind(writer.task_id.clone())
        .bind(writer.map_index);
        self.transaction.execute(statement).await?;
        Ok(())
    }

    fn judge(
        &self,
        present: Option<Present>,
        value: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<Imported, ImportError> {
        let Some(present) = present else {
            return Ok(Imported::Added);
        };
        let same_time = match (present.expires_at, expires_at) {
            // The database keeps microseconds.
            (Some(one), Some(other)) => one.as_microsecond() == other.as_microsecond(),
            (one, other) => one == other,
        };
        // In an export a value is on one line.
        if same_time && present.value.replace(['\n', '\r'], " ") == value.replace(['\n', '\r'], " ")
        {
            Ok(Imported::Unchanged)
        } else if self.overwrite {
            Ok(Imported::Replaced)
        } else {
            Err(ImportError::Refused(
                "another value is there, or it expires at another time".to_owned(),
            ))
        }
    }

    /// Makes all of it durable.
    ///
    /// # Errors
    ///
    /// When the database did not take it. Nothing is stored then.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        self.transaction.commit().await
    }

    /// Takes all of it back.
    ///
    /// # Errors
    ///
    /// When the database is not there any more. It takes it back by itself then.
    pub async fn rollback(self) -> Result<(), DatabaseError> {
        self.transaction.rollback().await
    }
}

/// What Airflow reads back: a kind it knows, and names with a task only.
fn check_writer(writer: &WriterLine) -> Result<(), ImportError> {
    let names = [&writer.dag_id, &writer.run_id, &writer.task_id];
    let named = names.into_iter().filter(|name| name.is_some()).count();
    let fits = match writer.kind.as_deref() {
        Some("task") => named == 3 && writer.map_index.is_some(),
        Some("watcher" | "api") | None => named == 0 && writer.map_index.is_none(),
        Some(_) => false,
    };
    match fits {
        true => Ok(()),
        false => Err(ImportError::Refused(
            "last_updated_by is neither a task with its names and its map index, nor `watcher` or \
             `api` without"
                .to_owned(),
        )),
    }
}
