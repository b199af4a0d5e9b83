//! Making a Dag known: what Airflow's Dag processor does with what it has parsed.

use aileron_bundle::manifest::DagOutline;
use aileron_wire::json::RawJson;
use jiff::Timestamp;
use uuid::Uuid;

use super::timetable::Timetable;
use super::{fingerprint, references, serialize};
use crate::Metastore;
use crate::database::{DatabaseError, Transaction, sql};

/// Where a Dag comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DagFile {
    /// The name of the Dag bundle, as Airflow means it: a place that Dags come from.
    pub bundle_name: String,
    /// The path of the file.
    pub fileloc: String,
    /// The path in the Dag bundle.
    pub relative_fileloc: String,
    /// The source code, for people to read.
    pub source_code: String,
    /// The queue of tasks that name none.
    pub queue: String,
}

/// A Dag that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisteredDag {
    /// The id of its version.
    pub version_id: Uuid,
    /// The number of its version, from 1.
    pub version_number: i64,
}

impl Metastore {
    /// Makes a Dag known, or brings what is known up to date.
    ///
    /// A Dag whose content is what is stored keeps its version. One that has changed gets a new
    /// version, unless no task instance belongs to the last: then that is rewritten.
    ///
    /// Source: `update_dag_parsing_results_in_db` and `SerializedDagModel.write_dag` of Airflow
    /// 3.3.2. A Dag is not paused here, and has no next run: there is no scheduler.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn register_dag(
        &self,
        dag: &DagOutline,
        file: &DagFile,
    ) -> Result<RegisteredDag, DatabaseError> {
        let mut transaction = self.database().begin().await?;
        let registered = register(&mut transaction, dag, file).await?;
        transaction.commit().await?;
        Ok(registered)
    }
}

async fn register(
    transaction: &mut Transaction,
    dag: &DagOutline,
    file: &DagFile,
) -> Result<RegisteredDag, DatabaseError> {
    write_bundle(transaction, &file.bundle_name).await?;
    write_dag(transaction, dag, file).await?;
    write_tags(transaction, dag).await?;
    references::write(transaction, dag).await?;
    write_version(transaction, dag, file).await
}

async fn write_bundle(transaction: &mut Transaction, name: &str) -> Result<(), DatabaseError> {
    let statement = sql(
        "insert into dag_bundle (name, active, template_params) values ($1, $2, $3) \
         on conflict (name) do update set active = $2",
    );
    transaction
        .execute(statement.bind(name).bind(true).bind(json_of("{}")))
        .await?;
    Ok(())
}

/// JSON that is known to be JSON.
fn json_of(text: &'static str) -> RawJson {
    RawJson::from_text(text.to_owned()).unwrap_or_else(|_| RawJson::null())
}

async fn write_dag(
    transaction: &mut Transaction,
    dag: &DagOutline,
    file: &DagFile,
) -> Result<(), DatabaseError> {
    let timetable = Timetable::of(dag.schedule.as_deref());
    let statement = sql(
        "insert into dag (dag_id, is_paused, is_stale, last_parsed_time, fileloc, \
         relative_fileloc, bundle_name, owners, timetable_type, timetable_summary, \
         timetable_description, timetable_periodic, partition_mapper_info, max_active_tasks, \
         max_active_runs, max_consecutive_failed_dag_runs, has_task_concurrency_limits, \
         has_import_errors, fail_fast, allowed_run_types, exceeds_max_non_backfill, \
         timetable_partitioned) \
         values ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $2, $2, \
         $2, $16, $2, $2) \
         on conflict (dag_id) do update set is_stale = $2, last_parsed_time = $3, fileloc = $4, \
         relative_fileloc = $5, bundle_name = $6, owners = $7, timetable_type = $8, \
         timetable_summary = $9, timetable_description = $10, timetable_periodic = $11, \
         max_active_tasks = $13, max_active_runs = $14, has_import_errors = $2",
    )
    .bind(dag.dag_id.as_str())
    .bind(false)
    .bind(Timestamp::now())
    .bind(file.fileloc.as_str())
    .bind(file.relative_fileloc.as_str())
    .bind(file.bundle_name.as_str())
    .bind(owners(dag))
    .bind(timetable.kind)
    .bind(timetable.summary)
    .bind(timetable.description)
    .bind(timetable.periodic)
    .bind(json_of("[]"))
    .bind(serialize::MAX_ACTIVE_TASKS)
    .bind(dag.max_active_runs.unwrap_or(serialize::MAX_ACTIVE_RUNS))
    .bind(0)
    .bind(RawJson::null());
    transaction.execute(statement).await?;
    Ok(())
}

/// The owners of the tasks, each once, as Airflow shows them: those who are nobody in particular
/// only when there is nobody else.
fn owners(dag: &DagOutline) -> String {
    let mut owners: Vec<&str> = dag
        .tasks
        .iter()
        .filter_map(|task| task.owner.as_deref())
        .filter(|owner| *owner != "airflow")
        .collect();
    owners.sort_unstable();
    owners.dedup();
    if owners.is_empty() {
        "airflow".to_owned()
    } else {
        owners.join(", ")
    }
}

async fn write_tags(transaction: &mut Transaction, dag: &DagOutline) -> Result<(), DatabaseError> {
    let old = sql("delete from dag_tag where dag_id = ").value(dag.dag_id.as_str());
    transaction.execute(old).await?;
    for tag in &dag.tags {
        let statement =
            sql("insert into dag_tag (name, dag_id) values ($1, $2) on conflict do nothing");
        transaction
            .execute(statement.bind(tag).bind(&dag.dag_id))
            .await?;
    }
    Ok(())
}

async fn write_version(
    transaction: &mut Transaction,
    dag: &DagOutline,
    file: &DagFile,
) -> Result<RegisteredDag, DatabaseError> {
    let data = serialize::serialize(dag, file);
    let hash = fingerprint::dag_hash(&data);
    let data = RawJson::of(&data).map_err(|error| DatabaseError::Column {
        column: "serialized_dag.data".to_owned(),
        problem: error.to_string(),
    })?;
    let latest = latest_version(transaction, &dag.dag_id).await?;
    if let Some((version, known)) = &latest
        && (*known == hash || !is_used(transaction, version.version_id).await?)
    {
        if *known != hash {
            rewrite(transaction, version.version_id, &data, &hash).await?;
        }
        write_code(transaction, version.version_id, dag, file).await?;
        return Ok(*version);
    }
    let number = latest.map_or(1, |(version, _)| version.version_number + 1);
    let version = insert_version(transaction, dag, file, number).await?;
    insert_serialized(transaction, version.version_id, &dag.dag_id, data, hash).await?;
    write_code(transaction, version.version_id, dag, file).await?;
    Ok(version)
}

async fn latest_version(
    transaction: &mut Transaction,
    dag_id: &str,
) -> Result<Option<(RegisteredDag, String)>, DatabaseError> {
    let statement = sql(
        "select v.id as id, v.version_number, s.dag_hash from dag_version v \
         join serialized_dag s on s.dag_version_id = v.id \
         where v.dag_id = $1 order by v.version_number desc limit 1",
    );
    let Some(row) = transaction.optional(statement.bind(dag_id)).await? else {
        return Ok(None);
    };
    let version = RegisteredDag {
        version_id: row.get("id")?,
        version_number: row.get("version_number")?,
    };
    Ok(Some((version, row.get("dag_hash")?)))
}

async fn is_used(transaction: &mut Transaction, version: Uuid) -> Result<bool, DatabaseError> {
    let statement = sql("select id from task_instance where dag_version_id = $1 limit 1");
    let row = transaction.optional(statement.bind(version)).await?;
    Ok(row.is_some())
}

async fn rewrite(
    transaction: &mut Transaction,
    version: Uuid,
    data: &RawJson,
    hash: &str,
) -> Result<(), DatabaseError> {
    let statement = sql(
        "update serialized_dag set data = $1, dag_hash = $2, last_updated = $3 \
         where dag_version_id = $4",
    );
    transaction
        .execute(
            statement
                .bind(data.clone())
                .bind(hash)
                .bind(Timestamp::now())
                .bind(version),
        )
        .await?;
    Ok(())
}

async fn insert_version(
    transaction: &mut Transaction,
    dag: &DagOutline,
    file: &DagFile,
    number: i64,
) -> Result<RegisteredDag, DatabaseError> {
    let version = RegisteredDag {
        version_id: Uuid::now_v7(),
        version_number: number,
    };
    let statement = sql(
        "insert into dag_version (id, version_number, dag_id, bundle_name, version_data, \
         created_at, last_updated) values ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(version.version_id)
    .bind(number)
    .bind(&dag.dag_id)
    .bind(&file.bundle_name)
    .bind(RawJson::null())
    .bind(Timestamp::now());
    transaction.execute(statement).await?;
    Ok(version)
}

async fn insert_serialized(
    transaction: &mut Transaction,
    version: Uuid,
    dag_id: &str,
    data: RawJson,
    hash: String,
) -> Result<(), DatabaseError> {
    let statement = sql(
        "insert into serialized_dag (id, dag_id, data, created_at, last_updated, dag_hash, \
         dag_version_id) values ($1, $2, $3, $4, $4, $5, $6)",
    )
    .bind(Uuid::now_v7())
    .bind(dag_id)
    .bind(data)
    .bind(Timestamp::now())
    .bind(hash)
    .bind(version);
    transaction.execute(statement).await?;
    Ok(())
}

async fn write_code(
    transaction: &mut Transaction,
    version: Uuid,
    dag: &DagOutline,
    file: &DagFile,
) -> Result<(), DatabaseError> {
    let statement = sql(
        "insert into dag_code (id, dag_id, fileloc, created_at, last_updated, source_code, \
         source_code_hash, dag_version_id) values ($1, $2, $3, $4, $4, $5, $6, $7) \
         on conflict (dag_version_id) do update set fileloc = $3, last_updated = $4, \
         source_code = $5, source_code_hash = $6 where dag_code.source_code_hash <> $6",
    )
    .bind(Uuid::now_v7())
    .bind(&dag.dag_id)
    .bind(&file.fileloc)
    .bind(Timestamp::now())
    .bind(&file.source_code)
    .bind(fingerprint::md5_of(file.source_code.as_bytes()))
    .bind(version);
    transaction.execute(statement).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use aileron_bundle::manifest::TaskOutline;
    use serde_json::json;

    use super::*;

    #[test]
    fn literals_in_this_file_are_json() {
        assert_eq!(
            json_of("{}").read::<serde_json::Value>().unwrap(),
            json!({})
        );
        assert_eq!(
            json_of("[]").read::<serde_json::Value>().unwrap(),
            json!([])
        );
    }

    #[test]
    fn owners_are_named_once_and_airflow_only_when_alone() {
        let task = |owner: Option<&str>| TaskOutline {
            owner: owner.map(str::to_owned),
            ..TaskOutline::default()
        };
        let mut dag = DagOutline {
            tasks: vec![task(None), task(Some("airflow"))],
            ..DagOutline::default()
        };
        assert_eq!(owners(&dag), "airflow");
        dag.tasks.push(task(Some("zoe")));
        dag.tasks.push(task(Some("ada")));
        dag.tasks.push(task(Some("zoe")));
        assert_eq!(owners(&dag), "ada, zoe");
    }
}
