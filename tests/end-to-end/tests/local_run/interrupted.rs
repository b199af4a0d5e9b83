//! Ctrl-C, and a second `aileron run` for the same run.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::support::{Local, ended, signal, wait_for_log};

const ARGUMENTS: [&str; 4] = ["--dag", "terminated", "--run-id", "t"];

#[test]
fn ctrl_c_ends_tasks_in_order_and_the_run_goes_on_later() -> Result<()> {
    let local = Local::new("scenarios")?;
    for (attempt, name, code) in [(1, "INT", 130), (2, "TERM", 143)] {
        let child = local.start(&ARGUMENTS)?;
        let log = local.log("terminated", "t", "wait_long", attempt);
        wait_for_log(&log, "waiting in process")?;
        signal(&child, name)?;
        let ran = ended(child)?;
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert_eq!(ran.report["outcome"], "interrupted");
        assert_eq!(ran.report["state"], "running");
        assert_eq!(ran.instances(), [format!("wait_long: -, {attempt}")]);
        wait_for_log(&log, "the on-kill hook ran")?;
    }
    Ok(())
}

#[test]
fn a_second_ctrl_c_waits_for_nobody() -> Result<()> {
    let local = Local::new("local")?;
    let child = local.start(&["--dag", "lingering", "--run-id", "l"])?;
    let log = local.log("lingering", "l", "linger", 1);
    wait_for_log(&log, "lingering")?;
    signal(&child, "INT")?;
    wait_for_log(&log, "the on-kill hook takes its time")?;
    let pressed = Instant::now();
    signal(&child, "INT")?;
    let ran = ended(child)?;
    // A task that was asked once has five seconds.
    assert!(pressed.elapsed() < Duration::from_secs(4), "{ran:?}");
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert_eq!(ran.report["outcome"], "interrupted");
    assert_eq!(ran.instances(), ["linger: -, 1"]);
    Ok(())
}

#[test]
fn a_run_is_run_by_one_process_at_a_time() -> Result<()> {
    let local = Local::new("scenarios")?;
    let child = local.start(&ARGUMENTS)?;
    wait_for_log(
        &local.log("terminated", "t", "wait_long", 1),
        "waiting in process",
    )?;
    let second = local.run(&ARGUMENTS)?;
    assert_eq!(second.code, Some(1));
    let holder = format!("process {}", child.id());
    assert!(second.stderr.contains(&holder), "{}", second.stderr);
    // Another run of the Dag is no problem.
    let other = local.run(&["--dag", "labelling", "--run-id", "t"])?;
    assert_eq!(other.code, Some(0), "{}", other.stderr);
    signal(&child, "INT")?;
    assert_eq!(ended(child)?.code, Some(130));
    Ok(())
}
