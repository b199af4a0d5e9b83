//! What the questions ask and give, against the Airflow in memory.

use std::collections::BTreeMap;

use super::*;
use crate::testing::Airflow;

fn date(day: i8) -> Timestamp {
    format!("2026-03-{day:02}T00:00:00Z").parse().unwrap()
}

/// Three runs before the fourth, in which the task is.
fn airflow() -> Airflow {
    Airflow::new()
        .logical_date(date(4))
        .dag_run("test", "first", DagRunState::Success, Some(date(1)))
        .dag_run("test", "second", DagRunState::Success, Some(date(2)))
        .dag_run("test", "third", DagRunState::Failed, Some(date(3)))
        .dag_run("other", "odd", DagRunState::Running, None)
        .task_state("test", "first", "load", TaskInstanceState::Success)
        .task_state("test", "third", "load", TaskInstanceState::Failed)
        .task_state("test", "third", "report", TaskInstanceState::UpstreamFailed)
}

#[test]
fn runs_are_found_counted_and_looked_back_at() {
    let cx = airflow().context("load");
    cx.block_on(async {
        let runs = cx.runs();
        assert_eq!(runs.state("other", "odd").await?, DagRunState::Running);
        assert_eq!(
            runs.get("test", "second").await?.logical_date,
            Some(date(2))
        );
        assert!(runs.state("test", "missing").await.is_err());
        assert_eq!(runs.count("test").get().await?, 3);
        let failed = runs.count("test").states([DagRunState::Failed]);
        assert_eq!(failed.get().await?, 1);
        let dated = runs.count("test").logical_dates([date(1), date(9)]);
        assert_eq!(dated.get().await?, 1);
        assert_eq!(runs.previous().await?.unwrap().run_id, "third");
        let success = runs.previous_in_state(DagRunState::Success).await?;
        assert_eq!(success.unwrap().run_id, "second");
        let dates = runs.previous_successful().await?.unwrap();
        assert_eq!(dates.data_interval.unwrap().start, date(2));
        Ok::<_, Error>(())
    })
    .unwrap();
}

#[test]
fn without_a_logical_date_there_is_no_run_before() {
    let cx = Airflow::new().context("load");
    assert_eq!(cx.block_on(cx.runs().previous()).unwrap(), None);
    assert_eq!(cx.block_on(cx.runs().previous_successful()).unwrap(), None);
}

#[test]
fn task_instances_are_counted_and_told_by_state() {
    let cx = airflow().context("load");
    cx.block_on(async {
        let tasks = || cx.runs().tasks("test");
        assert_eq!(tasks().count().await?, 3);
        assert_eq!(tasks().task_ids(["load"]).count().await?, 2);
        let failed = tasks().count_in([TaskInstanceState::Failed]).await?;
        assert_eq!(failed, 1);
        let states = tasks().run_ids(["third"]).states().await?;
        let expected = BTreeMap::from([
            ("load".to_owned(), Some(TaskInstanceState::Failed)),
            ("report".to_owned(), Some(TaskInstanceState::UpstreamFailed)),
        ]);
        assert_eq!(states, BTreeMap::from([("third".to_owned(), expected)]));
        let crumbs = cx.runs().breadcrumbs("test", "third").await?;
        assert_eq!(crumbs.len(), 2);
        assert_eq!(crumbs[0].state, TaskInstanceState::Failed);
        let before = cx.runs().previous_task_instance();
        assert_eq!(before.clone().get().await?.unwrap().run_id, "third");
        let good = before.state(TaskInstanceState::Success).get().await?;
        assert_eq!(good.unwrap().run_id, "first");
        Ok::<_, Error>(())
    })
    .unwrap();
}

#[test]
fn a_run_is_started_once() {
    let airflow = airflow();
    let cx = airflow.context("load");
    let start = || {
        let run = cx.runs().trigger("other").run_id("mine");
        cx.block_on(
            run.conf(BTreeMap::from([("n", 1)]))
                .logical_date(date(9))
                .start(),
        )
    };
    assert_eq!(start().unwrap(), "mine");
    let run = cx.block_on(cx.runs().get("other", "mine")).unwrap();
    assert_eq!(run.conf.unwrap()["n"], 1);
    assert_eq!(run.logical_date, Some(date(9)));
    let again = start().unwrap_err();
    assert!(
        matches!(again, TriggerRunError::AlreadyExists { .. }),
        "{again}"
    );
}

#[test]
fn a_conf_that_is_no_object_is_refused_before_sending() {
    let cx = Airflow::new().context("load");
    for error in [
        cx.block_on(cx.runs().trigger("d").conf([1]).start())
            .unwrap_err(),
        cx.block_on(
            cx.runs()
                .trigger("d")
                .conf(BTreeMap::from([("n", f64::NAN)]))
                .start(),
        )
        .unwrap_err(),
    ] {
        assert!(matches!(error, TriggerRunError::BadConf { .. }), "{error}");
    }
}

#[test]
fn the_dag_itself_is_told() {
    let cx = airflow().context("load");
    let dag = cx.block_on(cx.runs().dag("other")).unwrap();
    assert_eq!((dag.dag_id.as_str(), dag.is_paused), ("other", false));
    assert!(cx.block_on(cx.runs().dag("missing")).is_err());
}
