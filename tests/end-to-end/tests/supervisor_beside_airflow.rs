//! The same tasks under Airflow's supervisor and under Aileron's: the same end, the same values, the same log file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aileron_secrets::Masker;
use aileron_supervisor::testing::MemoryApi;
use aileron_supervisor::{
    Finished, Settings, Stop, Supervised, TaskCommand, TaskLog, Workload, supervise,
};
use aileron_wire::message::{BundleInfo, TaskInstance};
use end_to_end::supervised::{Supervisor, Task};
use end_to_end::{AirflowVersion, bundle};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a task left behind.
#[derive(Debug, PartialEq)]
struct Traces {
    state: String,
    xcoms: BTreeMap<String, Value>,
    task_state: BTreeMap<String, Value>,
    /// The lines of each logger, in order, without what is new every time.
    log: BTreeMap<String, Vec<Value>>,
}

fn log_of(text: &str) -> BTreeMap<String, Vec<Value>> {
    let mut log: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in text.lines() {
        let mut line: Value = serde_json::from_str(line).expect("a line is JSON");
        let members = line.as_object_mut().expect("a line is an object");
        let time = members.remove("timestamp").expect("a line has a timestamp");
        let time = time.as_str().expect("a timestamp is text");
        assert!(time.ends_with('Z') && time.contains('T'), "{time}");
        if let Some((event, _)) = members["event"]
            .as_str()
            .and_then(|event| event.split_once(" to 20"))
        {
            // The moment of another try.
            members["event"] = json!(event);
        }
        let logger = members["logger"]
            .as_str()
            .expect("a line has a logger")
            .to_owned();
        log.entry(logger).or_default().push(line);
    }
    // What a supervisor has to say is its own.
    log.remove("aileron.supervisor");
    log
}

fn under_airflow(supervisor: &mut Supervisor, mut task: Task) -> Traces {
    task.log_to_file = true;
    let outcome = supervisor.run(&task).expect("the task runs");
    Traces {
        state: outcome
            .final_state
            .clone()
            .unwrap_or_else(|| panic!("{outcome:#?}")),
        xcoms: outcome.xcoms,
        task_state: outcome
            .task_state_store
            .into_iter()
            .map(|(key, stored)| (key, stored["value"].clone()))
            .collect(),
        log: log_of(&outcome.log_file.expect("there is a log file")),
    }
}

fn under_aileron(task: &Task) -> Traces {
    let ti = TaskInstance::new(
        Uuid::new_v4(),
        &task.task_id,
        &task.dag_id,
        &task.run_id,
        task.try_number.into(),
        Uuid::new_v4(),
    );
    let api = MemoryApi::new(&ti);
    {
        let mut state = api.state();
        state.context.should_retry = task.should_retry;
        state.context.max_tries = task.max_tries.into();
        state.context.dag_run.conf = task.conf.as_object().cloned();
        state.variables = task.variables.clone();
        for (conn_id, connection) in &task.connections {
            let mut all = json!({"conn_id": conn_id, "host": null, "schema": null, "login": null,
                                 "password": null, "port": null, "extra": null});
            let given = connection
                .as_object()
                .expect("a connection is an object")
                .clone();
            all.as_object_mut()
                .expect("so it was written")
                .extend(given);
            let connection = serde_json::from_value(all).expect("it has the fields of one");
            state.connections.insert(conn_id.clone(), connection);
        }
    }
    let log = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&log);
    let sink = move |more: &[u8]| {
        lines
            .lock()
            .expect("nobody panicked")
            .extend_from_slice(more)
    };
    let version = task.schema_version.parse().expect("a known version");
    let supervised = Supervised {
        api: api.clone(),
        workload: Workload::new(ti, &task.dag_file, BundleInfo::new("dags-folder")),
        command: TaskCommand::new(Path::new(&task.command[0]), version),
        settings: Settings::default(),
        log: TaskLog::new(Arc::new(Masker::default())).with(sink),
        stop: Stop::new(),
    };
    let finished: Finished = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(supervise(supervised))
        .expect("the task runs");
    let json = |stored: &BTreeMap<String, String>| {
        let parsed = |text: &String| serde_json::from_str(text).expect("JSON");
        stored
            .iter()
            .map(|(key, text)| (key.clone(), parsed(text)))
            .collect()
    };
    let text = String::from_utf8(log.lock().expect("nobody panicked").clone()).expect("UTF-8");
    let state = api.state();
    Traces {
        state: finished.state.to_string(),
        xcoms: json(&state.xcoms),
        task_state: json(&state.task_state),
        log: log_of(&text),
    }
}

fn task(executable: &Path, dag_id: &str, task_id: &str) -> Task {
    let mut task = Task::of(executable, dag_id, task_id);
    task.variables
        .insert("scenario_token_text".to_owned(), "correct horse".to_owned());
    let connection = json!({"conn_type": "postgres", "host": "db", "password": "battery staple",
                            "extra": "{\"sslmode\": \"require\"}"});
    task.connections
        .insert("scenario_database".to_owned(), connection);
    task
}

#[test]
fn a_task_ends_the_same_and_leaves_the_same_log_under_both_supervisors() {
    let executable = bundle::executable("scenarios", "scenarios").expect("it compiles");
    let mut supervisor =
        Supervisor::start(AirflowVersion::V3_3_2, None).expect("the supervisor starts");
    for (dag_id, task_id, should_retry, state) in [
        ("logging", "write_lines", false, "success"),
        ("values", "no_such_task", false, "removed"),
        ("skipping", "skip_it", false, "skipped"),
        ("labelling", "labelled", false, "success"),
        ("retrying", "retry_soon", true, "up_for_retry"),
        ("retrying", "judged", false, "failed"),
        ("sensing", "sense", false, "up_for_reschedule"),
        ("deferring", "wait_for_nothing", false, "deferred"),
    ] {
        let mut task = task(&executable, dag_id, task_id);
        (task.should_retry, task.max_tries) = (should_retry, u32::from(should_retry));
        let ours = under_aileron(&task);
        let airflows = under_airflow(&mut supervisor, task);
        assert_eq!(ours.state, state, "{dag_id}.{task_id}: {ours:#?}");
        assert_eq!(ours, airflows, "{dag_id}.{task_id}");
    }
}
