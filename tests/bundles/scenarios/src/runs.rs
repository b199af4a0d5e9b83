//! Questions about Dag runs, and starting some.

use aileron::prelude::*;
use aileron::{DagRunState, TaskInstanceState, TaskStates, TriggerRunError};
use serde::Serialize;

#[derive(Serialize)]
struct Started {
    run_id: String,
    again: String,
}

/// Starts a run of `started` as the conf says, and then once more.
#[task]
async fn start(cx: &Context) -> Result<Started> {
    let date: String = cx.param("date")?;
    let trigger = cx
        .runs()
        .trigger("started")
        .run_id(format!("of_{date}"))
        .logical_date(date.parse()?)
        .conf(serde_json::json!({"from": cx.dag_run().run_id, "numbers": [1, 2]}));
    let run_id = trigger.clone().start().await?;
    let again = match trigger.start().await {
        Ok(run_id) => format!("there are two of {run_id}"),
        Err(TriggerRunError::AlreadyExists { run_id, .. }) => format!("{run_id} is there"),
        Err(error) => return Err(error.into()),
    };
    Ok(Started { run_id, again })
}

#[dag]
pub(crate) fn starting(dag: &mut Dag) {
    dag.add(start());
}

#[task]
async fn first() -> Result<()> {
    Ok(())
}

#[derive(Serialize)]
struct Look {
    state: DagRunState,
    conf: Option<serde_json::Value>,
    numbers: Vec<i64>,
    logical_date: Option<String>,
    runs: u64,
    runs_of_date: u64,
    runs_in_success: u64,
    previous: Option<String>,
    previous_failed: Option<String>,
    previous_success_ended: bool,
    tasks: u64,
    tasks_in_success: u64,
    states: TaskStates,
    breadcrumbs: Vec<aileron::Breadcrumb>,
    previous_try: Option<String>,
    first_reschedule: Option<String>,
    is_paused: bool,
    relative_fileloc: Option<String>,
    tags: Vec<String>,
    no_such_dag: String,
}

#[task]
async fn look(cx: &Context) -> Result<Look> {
    let (dag_id, run_id) = (&cx.ti().dag_id, &cx.ti().run_id);
    let runs = cx.runs();
    let run = runs.get(dag_id, run_id).await?;
    let dag = runs.dag(dag_id).await?;
    let tasks = || runs.tasks(dag_id).run_ids([run_id]);
    let previous_ti = runs.previous_task_instance();
    Ok(Look {
        state: runs.state(dag_id, run_id).await?,
        numbers: cx.param("numbers")?,
        logical_date: run.logical_date.map(|date| date.to_string()),
        conf: run.conf.map(serde_json::Value::Object),
        runs: runs.count(dag_id).get().await?,
        runs_of_date: runs
            .count(dag_id)
            .logical_dates(cx.logical_date())
            .get()
            .await?,
        runs_in_success: runs
            .count(dag_id)
            .states([DagRunState::Success])
            .get()
            .await?,
        previous: runs.previous().await?.map(|run| run.run_id),
        previous_failed: runs
            .previous_in_state(DagRunState::Failed)
            .await?
            .map(|run| run.run_id),
        previous_success_ended: runs
            .previous_successful()
            .await?
            .is_some_and(|success| success.end_date.is_some()),
        tasks: tasks().count().await?,
        tasks_in_success: tasks().count_in([TaskInstanceState::Success]).await?,
        states: tasks().states().await?,
        breadcrumbs: runs.breadcrumbs(dag_id, run_id).await?,
        previous_try: previous_ti
            .state(TaskInstanceState::Success)
            .get()
            .await?
            .map(|ti| ti.run_id),
        first_reschedule: runs
            .first_reschedule_date()
            .await?
            .map(|date| date.to_string()),
        is_paused: dag.is_paused,
        relative_fileloc: dag.relative_fileloc,
        tags: dag.tags,
        no_such_dag: match runs.dag("no_such_dag").await {
            Ok(_) => "there is one".to_owned(),
            Err(error) => error.to_string(),
        },
    })
}

#[dag(tags = ["looked-at"])]
pub(crate) fn started(dag: &mut Dag) {
    let first = dag.add(first());
    dag.add(look().after(first));
}
