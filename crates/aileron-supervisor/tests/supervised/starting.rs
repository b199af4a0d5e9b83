//! How a task starts, and how it does not.

use std::time::Duration;

use aileron_execution_api::ErrorKind;
use aileron_supervisor::{Exit, SuperviseError};
use aileron_wire::SchemaVersion;
use aileron_wire::message::{LoopContext, TaskInstanceState};

use crate::stage::{Stage, block_on, trials};

trials![
    a_task_runs_and_its_value_and_state_arrive,
    a_program_that_is_not_there_is_named,
    a_process_that_never_connects_is_ended_and_what_it_printed_is_told,
    a_process_that_exits_before_it_connects_is_told_with_its_code,
    a_stranger_that_connects_first_is_refused_and_the_task_still_runs,
    a_task_may_connect_from_a_process_below_the_one_that_was_started,
    a_task_that_airflow_does_not_want_is_never_told_what_to_run,
    a_task_can_be_stopped_before_it_connects,
    an_older_bundle_is_told_nothing_that_it_cannot_know,
    what_an_earlier_try_left_is_deleted_before_the_task_starts,
    a_task_does_not_start_when_what_was_left_cannot_be_deleted,
    many_tasks_run_at_once_on_one_thread,
];

fn a_task_runs_and_its_value_and_state_arrive() {
    let stage = Stage::bundle("answers");
    let finished = stage.finished();
    assert_eq!(finished.state.to_string(), "success");
    assert_eq!((finished.exit, finished.ended), (Exit::Code(0), None));
    assert_eq!(stage.api.states(), [TaskInstanceState::Success]);
    assert_eq!(stage.api.state().xcoms["answers/return_value"], "42");
    let started = stage.api.state().started.clone().unwrap();
    assert_eq!(started.pid, finished.pid);
    assert!(!started.hostname.is_empty() && !started.unixname.is_empty());
}

fn a_program_that_is_not_there_is_named() {
    let mut stage = Stage::bundle("answers");
    stage.command.program = "/no/such/bundle".into();
    let error = block_on(stage.run()).unwrap_err();
    assert!(matches!(error, SuperviseError::Spawn { .. }));
    assert!(error.to_string().contains("/no/such/bundle"), "{error}");
    assert!(stage.log.text().contains("/no/such/bundle"));
}

fn a_process_that_never_connects_is_ended_and_what_it_printed_is_told() {
    let mut stage = Stage::player("never-connects");
    stage.settings.startup_timeout = Duration::from_millis(500);
    let error = block_on(stage.run()).unwrap_err();
    let SuperviseError::StartupTimeout { output, .. } = &error else {
        panic!("{error}");
    };
    assert!(
        output.contains("I am here") && output.contains("but I do not connect"),
        "{output}"
    );
    assert!(error.to_string().contains("500ms"), "{error}");
    assert_eq!(stage.log.of("task.stdout"), ["I am here"]);
    assert_eq!(stage.api.count("start"), 0);
}

fn a_process_that_exits_before_it_connects_is_told_with_its_code() {
    let error = block_on(Stage::player("exits-at-once").run())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("exit code 3") && error.contains("I have no time"),
        "{error}"
    );
}

fn a_stranger_that_connects_first_is_refused_and_the_task_still_runs() {
    let directory = tempfile::tempdir().unwrap();
    let go = directory.path().join("go");
    let mut stage = Stage::player("announces");
    stage.command.variables = vec![("GO".into(), Some(go.clone().into()))];
    let log = stage.log.clone();
    let stranger = async {
        log.has("--logs=").await;
        let line = log.of("task.stdout").remove(0);
        let address = |flag| {
            line.split(' ')
                .find_map(|word| word.strip_prefix(flag))
                .unwrap()
                .to_owned()
        };
        // This process is no child of the task. Its connections are taken by the kernel before the task's.
        let mut strangers = Vec::new();
        for flag in ["--comm=", "--logs="] {
            strangers.push(tokio::net::TcpStream::connect(address(flag)).await.unwrap());
        }
        std::fs::write(&go, "").unwrap();
        strangers
    };
    let (finished, strangers) = block_on(async { tokio::join!(stage.run(), stranger) });
    assert_eq!(finished.unwrap().state.to_string(), "success");
    for stranger in strangers {
        let mut byte = [0];
        assert!(
            matches!(stranger.try_read(&mut byte), Ok(0) | Err(_)),
            "it was told something"
        );
    }
}

fn a_task_may_connect_from_a_process_below_the_one_that_was_started() {
    let mut stage = Stage::bundle("answers");
    let program = std::mem::replace(&mut stage.command.program, "/bin/sh".into());
    // Two shells, each waiting for what it started.
    let script = "sh -c '\"$@\"; exit $?' inner \"$@\"; exit $?";
    stage.command.arguments = ["-c".into(), script.into(), "outer".into(), program.into()].to_vec();
    assert_eq!(stage.finished().state.to_string(), "success");
}

fn a_task_that_airflow_does_not_want_is_never_told_what_to_run() {
    let stage = Stage::player("succeeds");
    stage.api.fail("start", 1, ErrorKind::Conflict);
    let error = block_on(stage.run()).unwrap_err();
    assert!(
        matches!(&error, SuperviseError::NotStarted(api) if api.kind == ErrorKind::Conflict),
        "{error}"
    );
    assert_eq!(stage.api.count("update_state"), 0);
}

fn a_task_can_be_stopped_before_it_connects() {
    let stage = Stage::player("never-connects");
    let stop = async {
        stage.log.has("I am here").await;
        stage.stop.terminate();
    };
    let (result, ()) = block_on(async { tokio::join!(stage.run(), stop) });
    assert!(matches!(result.unwrap_err(), SuperviseError::Stopped));
}

fn an_older_bundle_is_told_nothing_that_it_cannot_know() {
    for (version, knows) in [
        (SchemaVersion::V2026_06_16, false),
        (SchemaVersion::V2026_10_30, true),
    ] {
        let mut stage = Stage::player("tells-startup");
        stage.command.schema_version = version;
        stage.api.state().context.loop_context = Some(LoopContext {
            node_id: "n".to_owned(),
            index: 0,
            max_iterations: 2,
            terminal_task_id: "t".to_owned(),
            terminal_is_mapped: false,
        });
        stage.finished();
        let lines = stage.log.lines();
        let startup = &lines
            .iter()
            .find(|line| line["event"] == "startup")
            .unwrap()["startup"];
        assert_eq!(startup["ti_context"].get("loop").is_some(), knows);
        assert_eq!(startup["ti"]["task_id"], "played");
        assert_eq!(startup["dag_rel_path"], "dag.py");
    }
}

fn what_an_earlier_try_left_is_deleted_before_the_task_starts() {
    let stage = Stage::player("tells-startup");
    stage.api.state().context.xcom_keys_to_clear = vec!["a".to_owned(), "b".to_owned()];
    stage
        .api
        .state()
        .xcoms
        .insert("played/a".to_owned(), "1".to_owned());
    stage.finished();
    assert!(stage.api.state().xcoms.is_empty());
    let lines = stage.log.lines();
    let startup = &lines
        .iter()
        .find(|line| line["event"] == "startup")
        .unwrap()["startup"];
    assert_eq!(startup["ti_context"].get("xcom_keys_to_clear"), None);
    let calls = stage.api.state().done.clone();
    assert_eq!(
        calls[..3],
        ["start", "delete_xcom played/a", "delete_xcom played/b"]
    );
}

fn a_task_does_not_start_when_what_was_left_cannot_be_deleted() {
    for (should_retry, state) in [(true, "up_for_retry"), (false, "failed")] {
        let stage = Stage::player("succeeds");
        stage.api.state().context.xcom_keys_to_clear = vec!["a".to_owned()];
        stage.api.state().context.should_retry = should_retry;
        stage.api.fail("delete_xcom", 1, ErrorKind::ServerError);
        let finished = stage.finished();
        assert_eq!(finished.state.to_string(), state);
        assert!(
            stage.log.text().contains("\\\"a\\\" of an earlier try"),
            "{}",
            stage.log.text()
        );
        assert_eq!(stage.api.states().len(), 1);
    }
}

fn many_tasks_run_at_once_on_one_thread() {
    let stages: Vec<Stage> = (0..20).map(|_| Stage::bundle("naps")).collect();
    let began = std::time::Instant::now();
    let all = futures_util::future::join_all(stages.iter().map(Stage::run));
    for finished in block_on(all) {
        assert_eq!(finished.unwrap().state.to_string(), "success");
    }
    // One after the other they would nap for four seconds.
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
}
