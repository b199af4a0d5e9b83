use aileron_execution_api::ExecutionApi as _;
use aileron_wire::message::{DagRunState, GetDRCount, GetPreviousDagRun};

use crate::database::sql;
use crate::fixture::{Fixture, refusal};

#[tokio::test]
async fn a_dag_run_and_its_state_are_found_by_both_ids() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    let run = api.dag_run("d", "r1").await.unwrap();
    assert_eq!(
        (run.run_id.as_str(), run.state),
        ("r1", DagRunState::Success)
    );
    assert_eq!(
        api.dag_run_state("d", "r2").await.unwrap(),
        DagRunState::Running
    );
    for (dag_id, run_id) in [("d", "none"), ("none", "r1")] {
        assert_eq!(
            refusal(api.dag_run(dag_id, run_id).await),
            (404, "not_found".into())
        );
        assert_eq!(refusal(api.dag_run_state(dag_id, run_id).await).0, 404);
    }
    fixture.run(sql("update dag_run set state = 'odd'")).await;
    let error = api.dag_run("d", "r1").await.unwrap_err();
    assert!(error.message.contains("\"odd\""), "{error}");
}

#[tokio::test]
async fn runs_are_counted_by_date_id_and_state() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    let count = async |change: &dyn Fn(&mut GetDRCount)| {
        let mut query = GetDRCount::new("d");
        change(&mut query);
        api.dag_run_count(query).await.unwrap()
    };
    assert_eq!(count(&|_| {}).await, 2);
    assert_eq!(
        count(&|query| query.states = Some(vec!["success".into()])).await,
        1
    );
    assert_eq!(count(&|query| query.states = Some(vec![])).await, 2);
    assert_eq!(
        count(&|query| query.run_ids = Some(vec!["r2".into(), "r3".into()])).await,
        1
    );
    let date = "2026-01-02T00:00:00Z".parse().unwrap();
    assert_eq!(
        count(&|query| query.logical_dates = Some(vec![date])).await,
        1
    );
}

#[tokio::test]
async fn the_run_before_is_found_by_its_date() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    let date = "2026-01-03T00:00:00Z".parse().unwrap();
    let mut query = GetPreviousDagRun::new("d", date);
    let run = api.previous_dag_run(query.clone()).await.unwrap();
    assert_eq!(run.map(|run| run.run_id).as_deref(), Some("r1"));
    query.state = Some("failed".into());
    assert_eq!(api.previous_dag_run(query).await.unwrap(), None);

    fixture
        .run(sql("update dag_run set start_date = run_after"))
        .await;
    let found = api.previous_successful_dag_run().await.unwrap();
    assert_eq!(found.start_date, "2026-01-02T00:00:00Z".parse().ok());
    let first = fixture
        .task(1, "a", -1)
        .previous_successful_dag_run()
        .await
        .unwrap();
    assert_eq!(first.start_date, None);
}
