//! How a task ends, and how it is ended.

use std::time::Duration;

use aileron_execution_api::ErrorKind;
use aileron_supervisor::{Delivery, Ended, Exit, FinalState};
use aileron_wire::message::TaskInstanceState;

use crate::stage::{Stage, block_on, trials};

trials![
    a_failing_task_asks_for_another_try_where_there_is_one,
    a_killed_process_is_failed_or_up_for_retry,
    what_airflow_acknowledged_stands_whatever_the_exit_code,
    a_state_for_the_exit_counts_only_with_exit_code_0,
    a_process_that_says_nothing_has_failed,
    a_task_that_does_not_wait_for_the_answer_has_still_ended_as_it_said,
    a_state_is_sent_until_it_is_acknowledged,
    a_state_that_cannot_be_told_is_said_to_be_untold,
    a_state_that_airflow_will_not_have_is_refused,
    a_state_that_makes_no_sense_to_airflow_leaves_a_failed_task,
    a_heartbeat_that_is_refused_ends_the_task_with_all_that_it_started,
    too_many_failed_heartbeats_end_the_task,
    heartbeats_do_not_wait_for_slow_requests,
    a_stopped_task_ends_by_itself_when_it_can,
    a_process_that_ignores_sigterm_is_killed_after_the_grace_period,
    a_process_can_be_killed_without_grace,
    a_process_that_stays_after_the_end_of_the_task_is_ended,
    a_process_that_hangs_up_and_stays_can_be_stopped,
    a_process_beyond_its_own_limit_is_ended,
    output_held_open_by_a_child_is_waited_for_only_so_long,
    what_a_killed_task_had_started_is_ended_and_not_waited_for,
    a_dropped_supervisor_leaves_no_process_behind,
];

fn a_failing_task_asks_for_another_try_where_there_is_one() {
    for (should_retry, state) in [(false, "failed"), (true, "up_for_retry")] {
        let stage = Stage::bundle("fails");
        stage.api.state().context.should_retry = should_retry;
        let finished = stage.finished();
        assert_eq!(finished.state.to_string(), state);
        assert_eq!(finished.exit, Exit::Code(0));
        assert_eq!(finished.delivery, Delivery::Acknowledged);
    }
}

fn a_killed_process_is_failed_or_up_for_retry() {
    for (should_retry, state) in [(false, "failed"), (true, "up_for_retry")] {
        let stage = Stage::player("is-killed");
        stage.api.state().context.should_retry = should_retry;
        let finished = stage.finished();
        assert_eq!(
            (finished.state.to_string().as_str(), finished.exit),
            (state, Exit::Signal(9))
        );
        assert_eq!(stage.api.states().len(), 1);
        assert!(stage.log.text().contains("out of memory"));
    }
}

fn what_airflow_acknowledged_stands_whatever_the_exit_code() {
    let stage = Stage::player("says-success-and-is-killed");
    let finished = stage.finished();
    assert_eq!(
        (finished.state.to_string().as_str(), finished.exit),
        ("success", Exit::Signal(9))
    );
    assert_eq!(stage.api.states(), [TaskInstanceState::Success]);
}

fn a_state_for_the_exit_counts_only_with_exit_code_0() {
    let mut stage = Stage::player("skips-and-exits");
    assert_eq!(stage.finished().state.to_string(), "skipped");
    stage.command.arguments.push("badly".into());
    let finished = stage.finished();
    assert_eq!(
        (finished.state.to_string().as_str(), finished.exit),
        ("failed", Exit::Code(5))
    );
    assert_eq!(
        stage.api.states(),
        [TaskInstanceState::Skipped, TaskInstanceState::Failed]
    );
}

fn a_process_that_says_nothing_has_failed() {
    let stage = Stage::player("says-nothing");
    let finished = stage.finished();
    assert_eq!(
        (finished.state.to_string().as_str(), finished.exit),
        ("failed", Exit::Code(0))
    );
    assert!(stage.log.text().contains("never said how the task ended"));
}

fn a_task_that_does_not_wait_for_the_answer_has_still_ended_as_it_said() {
    let stage = Stage::player("leaves-before-the-answer");
    assert_eq!(stage.finished().state.to_string(), "success");
    assert_eq!(stage.api.state().task_state["k"], "1");
}

fn a_state_is_sent_until_it_is_acknowledged() {
    let stage = Stage::bundle("answers");
    stage.api.fail("update_state", 2, ErrorKind::Unavailable);
    stage.api.fail("update_state", 1, ErrorKind::ServerError);
    let finished = stage.finished();
    assert_eq!(
        (finished.delivery, finished.exit),
        (Delivery::Acknowledged, Exit::Code(0))
    );
    assert_eq!(stage.api.count("update_state success"), 4);
    assert_eq!(stage.api.states(), [TaskInstanceState::Success]);
}

fn a_state_that_cannot_be_told_is_said_to_be_untold() {
    let mut stage = Stage::player("says-success-and-is-killed");
    stage.settings.delivery_timeout = Duration::from_millis(100);
    stage
        .api
        .fail("update_state", usize::MAX, ErrorKind::Unavailable);
    let finished = stage.finished();
    assert_eq!(finished.state.to_string(), "success");
    assert!(
        matches!(finished.delivery, Delivery::Undelivered(_)),
        "{finished:?}"
    );
    assert!(stage.log.text().contains("could not be told the state"));
}

fn a_state_that_airflow_will_not_have_is_refused() {
    let stage = Stage::player("succeeds");
    stage.api.fail("update_state", 1, ErrorKind::Conflict);
    let finished = stage.finished();
    assert_eq!(finished.state, FinalState::ServerTerminated);
    assert!(matches!(finished.delivery, Delivery::Refused(_)));
    assert_eq!(stage.api.count("update_state"), 1);
}

fn a_state_that_makes_no_sense_to_airflow_leaves_a_failed_task() {
    let stage = Stage::player("succeeds");
    stage
        .api
        .fail("update_state success", 1, ErrorKind::Invalid);
    let finished = stage.finished();
    assert_eq!(finished.state.to_string(), "failed");
    assert_eq!(stage.api.states(), [TaskInstanceState::Failed]);
}

/// The processes that "hangs" has started, once it has said so.
async fn below(stage: &Stage) -> Vec<i32> {
    stage.log.has("hanging").await;
    let lines = stage.log.lines();
    let line = lines
        .iter()
        .find(|line| line["event"] == "hanging")
        .unwrap();
    let below = line["below"].as_array().unwrap();
    below
        .iter()
        .map(|id| i32::try_from(id.as_i64().unwrap()).unwrap())
        .collect()
}

/// A process that was killed may still be there as a zombie, until somebody waits for it.
fn is_alive(process: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('Z')
    })
}

fn all_gone(processes: &[i32]) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while processes.iter().any(|process| is_alive(*process)) {
        assert!(
            std::time::Instant::now() < deadline,
            "{processes:?} are still there"
        );
        std::thread::yield_now();
    }
}

fn a_heartbeat_that_is_refused_ends_the_task_with_all_that_it_started() {
    for kind in [ErrorKind::NotFound, ErrorKind::Conflict, ErrorKind::Gone] {
        let mut stage = Stage::player("hangs");
        stage.settings.heartbeat_interval = Duration::from_millis(20);
        stage.api.hold("heartbeat");
        stage.api.fail("heartbeat", 1, kind);
        let release = async {
            let below = below(&stage).await;
            stage.api.release("heartbeat");
            below
        };
        let (finished, below) = block_on(async { tokio::join!(stage.run(), release) });
        let finished = finished.unwrap();
        assert_eq!(finished.state, FinalState::ServerTerminated);
        assert!(matches!(finished.ended, Some(Ended::NotWanted(_))));
        assert_eq!(stage.api.count("update_state"), 0, "the state is Airflow's");
        all_gone(&below);
    }
}

fn too_many_failed_heartbeats_end_the_task() {
    let mut stage = Stage::bundle("waits");
    stage.settings.heartbeat_interval = Duration::from_millis(20);
    stage.api.fail("heartbeat", 2, ErrorKind::Unavailable);
    stage.api.hold("heartbeat");
    let more = async {
        stage.api.called("heartbeat", 1).await;
        stage.api.release("heartbeat");
        // Two fail, and the count starts again with the one that does not.
        stage.api.called("heartbeat", 4).await;
        stage.api.fail("heartbeat", 3, ErrorKind::ServerError);
    };
    let (finished, ()) = block_on(async { tokio::join!(stage.run(), more) });
    let finished = finished.unwrap();
    assert!(
        matches!(finished.ended, Some(Ended::NoHeartbeat(_))),
        "{finished:?}"
    );
    assert_eq!(finished.state.to_string(), "failed");
}

fn heartbeats_do_not_wait_for_slow_requests() {
    let mut stage = Stage::bundle("asks_twice");
    stage.settings.heartbeat_interval = Duration::from_millis(20);
    stage.api.hold("variable");
    let beats = async {
        stage.api.called("variable", 2).await;
        let before = stage.api.count("heartbeat");
        stage.api.called("heartbeat", before + 3).await;
        stage.api.release("variable");
    };
    let (finished, ()) = block_on(async { tokio::join!(stage.run(), beats) });
    assert_eq!(finished.unwrap().state.to_string(), "success");
}

fn a_stopped_task_ends_by_itself_when_it_can() {
    let mut stage = Stage::bundle("waits");
    stage.settings.kill_grace = Duration::from_secs(20);
    stage.api.state().context.should_retry = true;
    let stop = async {
        stage.api.called("start", 1).await;
        stage.stop.terminate();
    };
    let (finished, ()) = block_on(async { tokio::join!(stage.run(), stop) });
    let finished = finished.unwrap();
    assert_eq!(finished.ended, Some(Ended::Stopped));
    assert_eq!(finished.state.to_string(), "up_for_retry");
    assert!(finished.duration < Duration::from_secs(10));
}

fn a_process_that_ignores_sigterm_is_killed_after_the_grace_period() {
    let mut stage = Stage::bundle("waits");
    stage.command.program = "/bin/sh".into();
    let program = std::env::current_exe().unwrap();
    // The shell ignores SIGTERM, waits for the task, and stays.
    let script = "trap '' TERM; \"$@\"; while :; do sleep 1000; done";
    stage.command.arguments = ["-c".into(), script.into(), "sh".into(), program.into()].to_vec();
    let stop = async {
        stage.api.called("start", 1).await;
        stage.stop.terminate();
    };
    let (finished, ()) = block_on(async { tokio::join!(stage.run(), stop) });
    let finished = finished.unwrap();
    assert_eq!(
        (finished.exit, finished.ended),
        (Exit::Signal(9), Some(Ended::Stopped))
    );
    assert!(stage.log.text().contains("did not end after SIGTERM"));
}

fn a_process_can_be_killed_without_grace() {
    let mut stage = Stage::player("hangs");
    stage.settings.kill_grace = Duration::from_secs(30);
    let kill = async {
        let below = below(&stage).await;
        stage.stop.kill();
        below
    };
    let (finished, below) = block_on(async { tokio::join!(stage.run(), kill) });
    assert_eq!(finished.unwrap().exit, Exit::Signal(9));
    all_gone(&below);
}

fn a_process_that_stays_after_the_end_of_the_task_is_ended() {
    let mut stage = Stage::player("hangs-after-success");
    stage.settings.success_overtime = Duration::from_millis(50);
    let finished = stage.finished();
    assert_eq!(finished.state.to_string(), "success");
    assert_eq!(
        (finished.exit, finished.ended),
        (Exit::Signal(15), Some(Ended::Overtime))
    );
}

fn a_process_that_hangs_up_and_stays_can_be_stopped() {
    let mut stage = Stage::player("hangs-up");
    stage.settings.heartbeat_interval = Duration::from_millis(10);
    let stop = async {
        stage.log.has("hung up").await;
        let before = stage.api.count("heartbeat");
        stage.api.called("heartbeat", before + 2).await;
        stage.stop.terminate();
    };
    let (finished, ()) = block_on(async { tokio::join!(stage.run(), stop) });
    assert_eq!(finished.unwrap().state.to_string(), "failed");
}

fn a_process_beyond_its_own_limit_is_ended() {
    let mut stage = Stage::player("sets-a-limit");
    stage.settings.execution_timeout_grace = Duration::from_millis(50);
    let finished = stage.finished();
    assert_eq!(finished.ended, Some(Ended::ExecutionTimeout));
    assert_eq!(finished.state.to_string(), "failed");
}

fn output_held_open_by_a_child_is_waited_for_only_so_long() {
    let mut stage = Stage::player("leaves-a-child");
    stage.settings.socket_cleanup_timeout = Duration::from_millis(200);
    let finished = stage.finished();
    assert_eq!(
        (finished.state.to_string().as_str(), finished.ended),
        ("success", None)
    );
    assert!(stage.log.text().contains("holds its output open"));
    // It was not ended by the supervisor, so what it left is left alone.
    let child = stage.log.of("task.stdout").remove(0);
    let child: i32 = child.strip_prefix("child ").unwrap().parse().unwrap();
    assert!(is_alive(child));
    std::process::Command::new("kill")
        .args(["-9", &child.to_string()])
        .status()
        .unwrap();
}

/// As when the machine runs out of memory: the task could not end what it had started.
fn what_a_killed_task_had_started_is_ended_and_not_waited_for() {
    let mut stage = Stage::player("is-killed-with-a-child");
    stage.settings.socket_cleanup_timeout = Duration::from_secs(600);
    let finished = stage.finished();
    assert_eq!((finished.exit, finished.ended), (Exit::Signal(9), None));
    let child = stage.log.of("task.stdout").remove(0);
    let child: i32 = child.strip_prefix("child ").unwrap().parse().unwrap();
    all_gone(&[child]);
}

fn a_dropped_supervisor_leaves_no_process_behind() {
    let stage = Stage::player("hangs");
    let below = block_on(async {
        tokio::select! {
            _ = stage.run() => panic!("it hangs"),
            below = below(&stage) => below,
        }
    });
    all_gone(&below);
}
