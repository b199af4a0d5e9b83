//! Dag runs.

use aileron_execution_api::{ErrorKind, ExecutionApi as _};
use aileron_wire::message::{
    DagRunState, DagRunType, GetDRCount, GetPreviousDagRun, TriggerDagRun,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::run::{DAG, kind, on_every_version};

#[test]
fn dag_runs_are_triggered_found_and_cleared() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        let new = format!("triggered__{}+", Uuid::new_v4());
        let mut trigger = TriggerDagRun::new(DAG, &new);
        trigger.conf = json!({"from": "client"}).as_object().cloned();
        trigger.logical_date = Some(Timestamp::now());
        trigger.note = Some("a note".to_owned());
        client.trigger_dag_run(trigger.clone()).await.unwrap();
        let error = client.trigger_dag_run(trigger.clone()).await.unwrap_err();
        assert_eq!(
            (error.kind, error.reason()),
            (ErrorKind::Conflict, Some("already_exists"))
        );
        let made = client.dag_run(DAG, &new).await.unwrap();
        assert_eq!(made.run_type, DagRunType::OperatorTriggered);
        assert_eq!(made.conf, trigger.conf);
        assert_eq!(
            made.logical_date.map(Timestamp::as_microsecond),
            trigger.logical_date.map(Timestamp::as_microsecond)
        );
        assert_eq!(
            client.dag_run_state(DAG, &new).await.unwrap(),
            DagRunState::Queued
        );
        client.clear_dag_run(DAG, &new).await.unwrap();
        assert_eq!(
            kind(client.clear_dag_run(DAG, "none").await),
            ErrorKind::NotFound
        );
        let mut count = GetDRCount::new(DAG);
        count.run_ids = Some(vec![new.clone(), run.run_id.clone()]);
        count.states = Some(vec!["queued".to_owned(), "running".to_owned()]);
        assert_eq!(client.dag_run_count(count).await.unwrap(), 2);
        let later = Timestamp::now() + SignedDuration::from_secs(60);
        let previous = client
            .previous_dag_run(GetPreviousDagRun::new(DAG, later))
            .await
            .unwrap();
        assert_eq!(previous.unwrap().run_id, new);
        let none = GetPreviousDagRun::new(DAG, Timestamp::UNIX_EPOCH);
        assert_eq!(client.previous_dag_run(none).await.unwrap(), None);
        assert_eq!(
            kind(client.dag_run(DAG, "a b?c").await),
            ErrorKind::NotFound
        );
        assert_eq!(
            kind(client.dag_run_state("none", "none").await),
            ErrorKind::NotFound
        );
        let mut unknown = TriggerDagRun::new("none", "r");
        unknown.reset_dag_run = Some(true);
        assert_eq!(
            kind(client.trigger_dag_run(unknown).await),
            ErrorKind::NotFound
        );

        let dag = client.dag(DAG).await.unwrap();
        assert_eq!(dag.tags, ["a", "b"]);
        assert_eq!(kind(client.dag("none").await), ErrorKind::NotFound);
    });
}
