//! `aileron run` and its tasks are killed at random moments.

use anyhow::{Result, ensure};
use end_to_end::{Deadline, JobService};

use crate::database::Content;
use crate::process;
use crate::promises;
use crate::seed::chance;
use crate::storm::rage;
use crate::world::{PATIENCE, World};

#[test]
fn no_acknowledged_write_is_lost_and_no_success_is_made_up_by_kills() -> Result<()> {
    let mut chance = chance("kills");
    let world = World::new("chaos")?;
    let arguments = ["--dag", "chaos", "--run-id", "storm", "--parallelism", "3"];
    rage(&world, &arguments, 12, &mut chance)?;
    world.enough()?;
    let ran = world.run(&arguments)?;
    promises::check(&world, &ran)
}

/// The run is killed, and what it leaves cannot end by itself: a task that is stopped, and a process that a task has started.
#[test]
fn what_a_killed_run_left_behind_is_ended_by_the_next_one() -> Result<()> {
    let world = World::new("chaos")?;
    let arguments = [
        "--dag",
        "chaos",
        "--run-id",
        "stopped",
        "--parallelism",
        "3",
    ];
    let running = world.start(&arguments)?;
    let deadline = Deadline::after(PATIENCE);
    for task in ["first", "second", "parent"] {
        deadline.wait_for("the task counts", || {
            let counts = world.lines(task)?.iter().any(|line| line.what == "done");
            Ok(counts.then_some(()))
        })?;
    }
    let tasks = world.tasks();
    ensure!(tasks.len() == 3, "{tasks:?}");
    ensure!(process::signal(tasks[0].id, "STOP"));
    running.signal("KILL");
    running.ended()?;
    world.enough()?;
    let ran = world.run(&arguments)?;
    promises::check(&world, &ran)
}

#[test]
fn a_task_that_fails_has_failed_in_the_end_however_often_it_was_killed() -> Result<()> {
    let mut chance = chance("hopeless");
    let world = World::new("chaos")?;
    let arguments = ["--dag", "hopeless_chaos", "--run-id", "storm"];
    for _ in 0..3 {
        let running = world.start(&arguments)?;
        std::thread::sleep(crate::seed::milliseconds(&mut chance, 20..400));
        running.signal("KILL");
        running.ended()?;
    }
    let ran = world.run(&arguments)?;
    ensure!(ran.code == Some(1), "{:?}: {}", ran.code, ran.stderr);
    ensure!(ran.report["state"] == "failed", "{}", ran.report);
    world.wait_until_deserted()?;
    let content = Content::of(&world.database())?;
    ensure!(content.runs == ["failed"]);
    promises::check_tries(&content)?;
    let instance = content.instance("hopeless").expect("it has a row");
    ensure!(instance.state.as_deref() == Some("failed"));
    // Nothing but a process that began can use up a try, and there are three.
    ensure!(instance.number == 3, "{instance:?}");
    Ok(())
}

#[test]
fn a_job_is_submitted_as_often_as_the_sdk_promises_however_often_its_task_is_killed() -> Result<()>
{
    let mut chance = chance("jobs");
    let service = JobService::start()?;
    let uri = format!("http://127.0.0.1:{}", service.connection()["port"]);
    let world = World::new("resumable")?.variable("AIRFLOW_CONN_JOB_SERVICE", uri);
    let conf = r#"{"milliseconds": 6000}"#;
    let arguments = ["--run-id", "storm", "--conf", conf, "--parallelism", "3"];
    rage(&world, &arguments, 6, &mut chance)?;
    let ran = world.run(&arguments)?;
    ran.check_code()?;
    world.wait_until_deserted()?;
    let content = Content::of(&world.database())?;
    promises::check_tries(&content)?;
    for instance in &content.tries {
        // One that must not submit twice may give up instead.
        let given_up =
            instance.task == "at_most_once" && instance.state.as_deref() == Some("failed");
        ensure!(
            given_up || instance.state.as_deref() == Some("success"),
            "{instance:?}: {}",
            ran.stderr
        );
    }
    for task in ["idempotent", "searchable", "at_most_once"] {
        let jobs = service.jobs(&format!("storm/{task}"))?;
        ensure!(jobs.len() <= 1, "{task}: {jobs:?}");
        let succeeded =
            content.instance(task).and_then(|it| it.state.as_deref()) == Some("success");
        ensure!(
            !succeeded || jobs.len() == 1,
            "{task}: success without a job"
        );
    }
    Ok(())
}
