//! What two who ask at the same time are told: never that the database broke.
//!
//! On SQLite there is one writer at a time, so these say little there; on PostgreSQL they do.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod support;

use std::sync::Arc;

use aileron_bundle::manifest::DagOutline;
use aileron_execution_api::{ApiError, ExecutionApi, StateUpdate};
use aileron_metastore::{DagRunRequest, Metastore, TaskApi};
use aileron_wire::message::{AssetProfile, CreateHITLDetailPayload, SucceedTask, TriggerDagRun};
use jiff::Timestamp;
use serde_json::json;
use support::{Store, enter, file, instance, task};

/// How many ask at the same time.
const MANY: usize = 8;

/// Asks many times at once.
async fn at_once<F, T>(ask: impl Fn(usize) -> F) -> Vec<Result<T, ApiError>>
where
    F: Future<Output = Result<T, ApiError>> + Send + 'static,
    T: Send + 'static,
{
    let asked: Vec<_> = (0..MANY).map(|at| tokio::spawn(ask(at))).collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.unwrap());
    }
    answers
}

fn statuses<T>(answers: &[Result<T, ApiError>]) -> Vec<u16> {
    let status = |answer: &Result<T, ApiError>| match answer {
        Ok(_) => 200,
        Err(error) => error.status.unwrap_or_else(|| panic!("{error}")),
    };
    let mut statuses: Vec<_> = answers.iter().map(status).collect();
    statuses.sort_unstable();
    statuses
}

/// A store with the Dag `d`, which has one task.
async fn one_task() -> Store {
    let store = Store::empty().await;
    let dag = DagOutline {
        dag_id: "d".to_owned(),
        tasks: vec![task("a", &[])],
        ..DagOutline::default()
    };
    store.store.register_dag(&dag, &file()).await.unwrap();
    store
}

/// Task instances that run, one of each of many runs.
async fn running(store: &Metastore, task_id: &str) -> Vec<Arc<TaskApi>> {
    let mut tasks = Vec::new();
    for at in 0..MANY {
        let run_id = format!("run{at}");
        let request = DagRunRequest::manual("d", &run_id, None);
        assert!(store.create_dag_run(&request).await.unwrap());
        let run = store.run("d", &run_id);
        let id = instance(&run, task_id).await.id;
        run.queue(&[id]).await.unwrap();
        let api = store.task(id);
        api.start(enter(7)).await.unwrap();
        tasks.push(Arc::new(api));
    }
    tasks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_may_name_a_new_asset_through_a_new_alias() {
    let store = one_task().await;
    let tasks = running(&store.store, "a").await;
    let answers = at_once(|at| {
        let task = Arc::clone(&tasks[at]);
        async move {
            let mut alias = AssetProfile::new("AssetAlias");
            alias.name = Some("any".to_owned());
            let event = json!({
                "source_alias_name": "any",
                "dest_asset_key": {"name": "new", "uri": "x://new"},
                "extra": {},
            });
            let mut update = SucceedTask::new(Timestamp::now());
            update.task_outlets = Some(vec![alias]);
            update.outlet_events = Some(vec![event.as_object().cloned().unwrap()]);
            task.update_state(StateUpdate::Success(update)).await
        }
    })
    .await;
    assert_eq!(statuses(&answers), [200; MANY]);
    let events: i64 = store.value("select count(*) as v from asset_event").await;
    assert_eq!(events, MANY as i64);
    let succeeded = "select count(*) as v from task_instance where state = 'success'";
    assert_eq!(store.value::<i64>(succeeded).await, MANY as i64);
    assert_eq!(
        store.value::<i64>("select count(*) as v from asset").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_starts_a_run_and_the_others_are_told_that_it_is_there() {
    let store = one_task().await;
    let tasks = running(&store.store, "a").await;
    let answers = at_once(|at| {
        let task = Arc::clone(&tasks[at]);
        async move { task.trigger_dag_run(TriggerDagRun::new("d", "same")).await }
    })
    .await;
    let mut expected = [409; MANY];
    expected[0] = 200;
    assert_eq!(statuses(&answers), expected);
    for error in answers.into_iter().filter_map(Result::err) {
        assert_eq!(error.reason(), Some("already_exists"));
    }
    let tasks = "select count(*) as v from task_instance where run_id = 'same'";
    assert_eq!(store.value::<i64>(tasks).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_question_that_is_asked_many_times_at_once_is_one() {
    let store = one_task().await;
    let task = Arc::clone(&running(&store.store, "a").await[0]);
    let answers = at_once(|_| {
        let task = Arc::clone(&task);
        async move {
            let question =
                CreateHITLDetailPayload::new(task.ti_id(), vec!["yes".to_owned()], "Go on?");
            task.create_hitl_detail(question).await
        }
    })
    .await;
    assert_eq!(statuses(&answers), [200; MANY]);
    let asked = "select count(*) as v from hitl_detail";
    assert_eq!(store.value::<i64>(asked).await, 1);
}
