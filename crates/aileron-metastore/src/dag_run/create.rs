//! Creating a Dag run with its task instances.

use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::{DagRunState, DagRunType};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::dag::data::{self, DagData, TaskData};
use crate::database::{DatabaseError, Transaction, sql};
use crate::{Metastore, StoreError};

/// An empty dictionary in Python's pickle format: the executor configuration of a task without one.
const NO_EXECUTOR_CONFIG: &[u8] = b"\x80\x05}\x94.";

/// Who asked for a Dag run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TriggeredBy {
    /// A person at a command line.
    Cli,
    /// A task.
    Operator,
}

impl TriggeredBy {
    fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "CLI",
            Self::Operator => "OPERATOR",
        }
    }
}

/// A Dag run that shall exist.
#[derive(Debug, Clone, PartialEq)]
pub struct DagRunRequest {
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The logical date.
    pub logical_date: Option<Timestamp>,
    /// The data interval; absent without a logical date.
    pub data_interval: Option<(Timestamp, Timestamp)>,
    /// The earliest time at which the run may start.
    pub run_after: Timestamp,
    /// The configuration.
    pub conf: JsonMap,
    /// What starts the run.
    pub run_type: DagRunType,
    /// Who asked.
    pub triggered_by: TriggeredBy,
    /// The name of the user who asked.
    pub triggering_user_name: Option<String>,
    /// A note that people read.
    pub note: Option<String>,
}

impl DagRunRequest {
    /// A run that a person starts at a command line.
    ///
    /// Its data interval is the point in time that its logical date is, as for a Dag without a
    /// schedule or with one of points in time.
    #[must_use]
    pub fn manual(
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
        logical_date: Option<Timestamp>,
    ) -> Self {
        Self {
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            logical_date,
            data_interval: logical_date.map(|date| (date, date)),
            run_after: logical_date.unwrap_or_else(Timestamp::now),
            conf: JsonMap::new(),
            run_type: DagRunType::Manual,
            triggered_by: TriggeredBy::Cli,
            triggering_user_name: None,
            note: None,
        }
    }
}

impl Metastore {
    /// Creates a Dag run, queued, with the task instances of the latest version of its Dag.
    ///
    /// Returns `false`, and changes nothing, when a run of this id exists already.
    ///
    /// Source: `SerializedDAG.create_dagrun` and `DagRun.verify_integrity` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoDag`] when the Dag was never registered; [`StoreError::LogicalDateTaken`]
    /// when another run of the Dag has the logical date; and those of the database.
    pub async fn create_dag_run(&self, request: &DagRunRequest) -> Result<bool, StoreError> {
        let mut transaction = self.database().begin().await?;
        let known = sql("select id from dag_run where dag_id = $1 and run_id = $2");
        let known = known.bind(&request.dag_id).bind(&request.run_id);
        if transaction.optional(known).await?.is_some() {
            return Ok(false);
        }
        match create(&mut transaction, request).await {
            Ok(()) => {}
            Err(StoreError::RunTaken { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
        transaction.commit().await?;
        Ok(true)
    }
}

/// Creates a Dag run. The caller has looked whether it exists.
pub(crate) async fn create(
    transaction: &mut Transaction,
    request: &DagRunRequest,
) -> Result<(), StoreError> {
    let Some((version, dag)) = data::latest(transaction, &request.dag_id).await? else {
        return Err(StoreError::NoDag {
            dag_id: request.dag_id.clone(),
        });
    };
    if let Some(date) = request.logical_date {
        refuse_taken_date(transaction, request, date).await?;
    }
    let carrier = trace_carrier();
    if !insert_run(transaction, request, version, &carrier).await? {
        // Another was faster. Which of the two keys it took decides what is said.
        if let Some(date) = request.logical_date {
            let known = sql("select id from dag_run where dag_id = $1 and run_id = $2");
            let known = known.bind(&request.dag_id).bind(&request.run_id);
            if transaction.optional(known).await?.is_none() {
                refuse_taken_date(transaction, request, date).await?;
            }
        }
        return Err(StoreError::RunTaken {
            dag_id: request.dag_id.clone(),
            run_id: request.run_id.clone(),
        });
    }
    // Who starts a run at a command line, of an earlier date for instance, wants its tasks.
    let date = request
        .logical_date
        .filter(|_| request.triggered_by == TriggeredBy::Operator);
    let due = |task: &&TaskData| dag.has_at(task, date);
    for task in dag.tasks().iter().filter(due) {
        for index in dag.map_indexes(task) {
            insert_task_instance(transaction, request, &dag, (task, index), version, &carrier)
                .await?;
        }
    }
    Ok(())
}

async fn refuse_taken_date(
    transaction: &mut Transaction,
    request: &DagRunRequest,
    date: Timestamp,
) -> Result<(), StoreError> {
    let taken = sql("select run_id from dag_run where dag_id = $1 and logical_date = $2");
    let taken = taken.bind(&request.dag_id).bind(date);
    match transaction.optional(taken).await? {
        Some(row) => Err(StoreError::LogicalDateTaken {
            dag_id: request.dag_id.clone(),
            logical_date: date,
            run_id: row.get("run_id")?,
        }),
        None => Ok(()),
    }
}

/// A W3C trace context that says that nobody records: Airflow gives every run one.
pub(super) fn trace_carrier() -> RawJson {
    let trace = Uuid::new_v4().simple().to_string();
    let span = &Uuid::new_v4().simple().to_string()[..16];
    let carrier = json!({
        "__var": {"traceparent": format!("00-{trace}-{span}-00")},
        "__type": "dict",
    });
    RawJson::of(&carrier).unwrap_or_else(|_| RawJson::null())
}

/// Returns whether there was no such run.
async fn insert_run(
    transaction: &mut Transaction,
    request: &DagRunRequest,
    version: Uuid,
    carrier: &RawJson,
) -> Result<bool, DatabaseError> {
    let conf = RawJson::of(&request.conf).map_err(|error| DatabaseError::Encode(error.into()))?;
    let statement = sql(
        "insert into dag_run (dag_id, run_id, queued_at, logical_date, state, run_type, \
         triggered_by, triggering_user_name, conf, data_interval_start, data_interval_end, \
         run_after, log_template_id, created_at, updated_at, clear_number, bundle_version, \
         context_carrier, created_dag_version_id) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
         (select max(id) from log_template), $3, $3, $13, \
         (select bundle_version from dag where dag_id = $1), $14, $15) \
         on conflict do nothing returning id",
    )
    .bind(&request.dag_id)
    .bind(&request.run_id)
    .bind(Timestamp::now())
    .bind(request.logical_date)
    .bind(DagRunState::Queued.as_str())
    .bind(request.run_type.as_str())
    .bind(request.triggered_by.as_str())
    .bind(request.triggering_user_name.as_deref())
    .bind(conf)
    .bind(request.data_interval.map(|(start, _)| start))
    .bind(request.data_interval.map(|(_, end)| end))
    .bind(request.run_after)
    .bind(0)
    .bind(carrier.clone())
    .bind(version);
    let Some(row) = transaction.optional(statement).await? else {
        return Ok(false);
    };
    if let Some(note) = &request.note {
        let id: i64 = row.get("id")?;
        let statement = sql(
            "insert into dag_run_note (dag_run_id, content, created_at, updated_at) \
             values ($1, $2, $3, $3)",
        );
        transaction
            .execute(statement.bind(id).bind(note).bind(Timestamp::now()))
            .await?;
    }
    Ok(true)
}

async fn insert_task_instance(
    transaction: &mut Transaction,
    request: &DagRunRequest,
    dag: &DagData,
    (task, map_index): (&TaskData, i64),
    version: Uuid,
    carrier: &RawJson,
) -> Result<(), DatabaseError> {
    let options = task.options();
    let statement = sql(
        "insert into task_instance (id, task_id, dag_id, run_id, map_index, try_number, \
         max_tries, hostname, unixname, pool, pool_slots, queue, priority_weight, operator, \
         custom_operator_name, executor, executor_config, updated_at, context_carrier, \
         task_display_name, dag_version_id) \
         values ($1, $2, $3, $4, $19, 0, $5, '', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
         $16, $17, $18)",
    )
    .bind(Uuid::now_v7())
    .bind(&task.task_id)
    .bind(&request.dag_id)
    .bind(&request.run_id)
    .bind(options.retries)
    .bind(user_name())
    .bind(&options.pool)
    .bind(options.pool_slots)
    .bind(&options.queue)
    .bind(dag.priority_weight(task))
    .bind(&task.task_type)
    .bind(task.operator_name.as_deref().unwrap_or(&task.task_type))
    .bind(options.executor.as_deref())
    .bind(NO_EXECUTOR_CONFIG.to_vec())
    .bind(Timestamp::now())
    .bind(carrier.clone())
    .bind(task.display_name())
    .bind(version)
    .bind(map_index);
    transaction.execute(statement).await?;
    Ok(())
}

/// The user, for people to read. The supervisor of the task says who it really runs as.
fn user_name() -> String {
    ["LOGNAME", "USER", "LNAME", "USERNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.is_empty())
        .or_else(|| whoami::username().ok())
        .unwrap_or_default()
}
