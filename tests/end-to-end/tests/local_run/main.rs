//! `aileron run` on the bundles of this workspace: no Airflow, real processes.

mod interrupted;
mod killed;
mod support;

use anyhow::Result;
use support::Local;

/// Every Dag of the scenarios that has no Python task, with the states that a real Airflow leaves too.
#[test]
fn every_way_a_task_can_end_is_followed() -> Result<()> {
    let local = Local::new("scenarios")?;
    for (dag, code, expected) in [
        (
            "skipping",
            0,
            &[
                "skip_it: skipped, 1",
                "after_the_skip: skipped, 0",
                "despite_the_skip: success, 1",
                "branch: success, 1",
                "left: skipped, 0",
                "right: success, 1",
            ][..],
        ),
        ("labelling", 0, &["labelled: success, 1"]),
        (
            "retrying",
            1,
            &["retry_soon: success, 2", "judged: failed, 2"],
        ),
        (
            "sensing",
            0,
            &["sense: success, 1", "sense_in_vain: skipped, 1"],
        ),
        (
            "deferring",
            1,
            &[
                "wait_for_time: success, 1",
                "wait_in_vain: success, 1",
                "wait_for_nothing: success, 1",
                "wait_and_fail: failed, 1",
            ],
        ),
        (
            "asking",
            1,
            &["approve: failed, 1", "approve_in_time: success, 1"],
        ),
        ("retried", 0, &["fail_once: success, 2"]),
        ("panicking", 1, &["panic_at_once: failed, 1"]),
        ("not_retried", 1, &["give_up: failed, 1"]),
        (
            "stores_task",
            0,
            &["remember: success, 2", "mapped: success, 1"],
        ),
    ] {
        let ran = local.run(&["--dag", dag])?;
        assert_eq!(ran.instances(), expected, "{dag}: {}", ran.stderr);
        assert_eq!(ran.code, Some(code), "{dag}: {}", ran.stderr);
        let state = if code == 0 { "success" } else { "failed" };
        assert_eq!(ran.report["state"], state, "{dag}");
    }
    Ok(())
}

#[test]
fn a_killed_task_goes_on_where_it_stood() -> Result<()> {
    let local = Local::new("orders")?;
    let ran = local.run(&["--conf", r#"{"crash_after": 40}"#, "--run-id", "one"])?;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        ran.instances(),
        [
            "extract: success, 1",
            "summarise: success, 1",
            "publish: success, 1",
            "invoice: success, 2"
        ]
    );
    let log = std::fs::read_to_string(local.log("orders", "one", "invoice", 2))?;
    assert!(
        log.contains("40 invoices were sent by an earlier try"),
        "{log}"
    );
    Ok(())
}

#[test]
fn a_finished_run_is_not_run_again() -> Result<()> {
    let local = Local::new("scenarios")?;
    for (dag, code) in [("labelling", 0), ("panicking", 1)] {
        let arguments = ["--dag", dag, "--run-id", "again"];
        let first = local.run(&arguments)?;
        let second = local.run(&arguments)?;
        assert_eq!((first.code, second.code), (Some(code), Some(code)));
        assert_eq!(first.report, second.report);
        assert!(
            second.stderr.contains("the run is finished"),
            "{}",
            second.stderr
        );
    }
    Ok(())
}

#[test]
fn one_task_runs_again_alone_and_takes_what_the_run_has() -> Result<()> {
    let local = Local::new("orders")?;
    local.run(&["--run-id", "r"])?;
    let ran = local.run(&["--run-id", "r", "--task", "publish"])?;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        ran.instances(),
        [
            "extract: success, 1",
            "summarise: success, 1",
            "publish: success, 2",
            "invoice: success, 1"
        ]
    );
    assert_eq!(ran.report["state"], "success");
    // In a new run the value it takes is not there.
    let ran = local.run(&["--run-id", "new", "--task", "publish"])?;
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.report["state"], "running");
    assert!(ran.stderr.contains("task `summarise`"), "{}", ran.stderr);
    Ok(())
}

#[test]
fn a_mapped_task_has_an_instance_for_each_value() -> Result<()> {
    let local = Local::new("scenarios")?;
    let arguments = [
        "--dag",
        "stores_task",
        "--mapped",
        "mapped=3",
        "--run-id",
        "m",
    ];
    let ran = local.run(&arguments)?;
    let expected = [
        "remember: success, 2",
        "mapped[0]: success, 1",
        "mapped[1]: success, 1",
        "mapped[2]: success, 1",
    ];
    assert_eq!(ran.instances(), expected, "{}", ran.stderr);
    let none = local.run(&["--dag", "stores_task", "--mapped", "mapped=0"])?;
    assert_eq!(none.instances()[1], "mapped: skipped, 0");
    assert_eq!(none.code, Some(0));
    // `remember` does not push a length.
    let over = local.run(&["--dag", "stores_task", "--mapped", "mapped=remember"])?;
    assert_eq!(over.code, Some(1), "{}", over.stderr);
    assert!(over.stderr.contains("push_mapped"), "{}", over.stderr);
    Ok(())
}

#[test]
fn one_instance_of_a_mapped_task_runs_again_alone() -> Result<()> {
    let local = Local::new("local")?;
    let run = ["--dag", "parts", "--run-id", "p", "--mapped", "part=3"];
    let ran = local.run(&run)?;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let first = [
        "part[0]: success, 1",
        "part[1]: failed, 1",
        "part[2]: success, 1",
    ];
    assert_eq!(ran.instances(), first);
    let local = local.variable("AIRFLOW_VAR_REPAIRED", "yes".to_owned());
    let alone = ["--task", "part", "--map-index", "1"];
    let ran = local.run(&[&run[..], &alone].concat())?;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let second = [
        "part[0]: success, 1",
        "part[1]: success, 2",
        "part[2]: success, 1",
    ];
    assert_eq!(ran.instances(), second);
    assert_eq!(ran.report["state"], "success");
    let none = local.run(&[&run[..], &["--task", "part", "--map-index", "7"]].concat())?;
    assert_eq!(none.code, Some(1));
    assert!(none.stderr.contains("map index 7"), "{}", none.stderr);
    Ok(())
}

#[test]
fn a_task_that_depends_on_its_past_waits_for_the_run_before() -> Result<()> {
    let local = Local::new("local")?;
    let run = |run_id: &str, date: &str, conf: &str| {
        let dag = ["--dag", "stepwise", "--run-id", run_id];
        local.run(&[&dag[..], &["--logical-date", date, "--conf", conf]].concat())
    };
    let first = run("1", "2026-01-01", r#"{"fails": true}"#)?;
    assert_eq!(first.instances(), ["step: failed, 1"], "{}", first.stderr);
    let second = run("2", "2026-01-02", "{}")?;
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    assert_eq!(second.report["outcome"], "blocked");
    assert_eq!(second.instances(), ["step: -, 0"]);
    assert!(second.stderr.contains("earlier run"), "{}", second.stderr);
    // What was before the first run is no matter.
    let before = run("0", "2025-12-31", "{}")?;
    assert_eq!(before.code, Some(0), "{}", before.stderr);
    Ok(())
}

#[test]
fn a_packed_bundle_runs_as_its_executable_does() -> Result<()> {
    let local = Local::new("local")?;
    let ran = local.packed()?.run(&["--dag", "parts"])?;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.instances(), ["part: success, 1"]);
    Ok(())
}

#[test]
fn what_cannot_be_run_is_said_before_anything_starts() -> Result<()> {
    let local = Local::new("scenarios")?;
    for (arguments, code, part) in [
        (&[][..], 2, "choose one with --dag: values, exchanged"),
        (&["--dag", "no_such"], 2, "there is no Dag no_such"),
        (&["--dag", "values"], 1, "need an Airflow: double"),
        (&["--dag", "labelling", "--task", "x"], 1, "it has labelled"),
        (
            &["--dag", "labelling", "--run-id", "../x"],
            1,
            "is no run id",
        ),
        (&["--dag", "labelling", "--conf", "[]"], 2, "JSON object"),
        (
            &["--dag", "labelling", "--logical-date", "soon"],
            2,
            "2026-01-31",
        ),
        (&["--dag", "labelling", "--mapped", "x=2"], 1, "`x`"),
    ] {
        let ran = local.run(arguments)?;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{arguments:?}: {}", ran.stderr);
    }
    Ok(())
}
