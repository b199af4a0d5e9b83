//! Resumable jobs whose task is killed under Airflow's own supervisor.

use std::path::Path;

use end_to_end::supervised::{KillAt, KillMoment, Outcome, Signal, Supervisor, Task};
use end_to_end::{AirflowVersion, JobService, bundle};
use serde_json::{Value, json};

/// What the first try of a task is hit by.
#[derive(Debug, Clone)]
enum Hit {
    Request(&'static str, &'static str, &'static str, KillMoment),
    Line(&'static str),
}

/// Over the whole life of a job: its intent, submission, id, waiting, result, and the end of the task.
fn hits() -> Vec<Hit> {
    use KillMoment::{Arrived, Done};
    let store = "remote_job_id";
    let mut hits = vec![
        Hit::Request("GET", store, "", Done),
        Hit::Line("submitting a job"),
        Hit::Line("submitted the job"),
        Hit::Line("waiting for the job"),
        Hit::Line("has succeeded"),
    ];
    for moment in [Arrived, Done] {
        for state in ["\"intended\"", "\"submitted\"", "\"succeeded\""] {
            hits.push(Hit::Request("PUT", store, state, moment));
        }
        hits.push(Hit::Request("POST", "xcoms", "", moment));
    }
    hits
}

struct Trial<'a> {
    supervisor: &'a mut Supervisor,
    service: &'a JobService,
    task: Task,
}

impl<'a> Trial<'a> {
    fn new(
        supervisor: &'a mut Supervisor,
        service: &'a JobService,
        executable: &Path,
        task_id: &str,
        run_id: &str,
    ) -> Self {
        let mut task = Task::of(executable, "jobs", task_id);
        task.run_id = run_id.to_owned();
        (task.max_tries, task.should_retry) = (9, true);
        task.conf = json!({"milliseconds": 30});
        let connection = ("job_service".to_owned(), service.connection());
        task.connections.extend([connection]);
        Self {
            supervisor,
            service,
            task,
        }
    }

    /// Runs a try; what it stores is there for the next one.
    fn run(&mut self, hit: Option<&Hit>) -> Outcome {
        (self.task.kill_at, self.task.signal) = match hit {
            Some(Hit::Request(method, path, body, moment)) => (
                Some(KillAt {
                    method: (*method).to_owned(),
                    path_with: (*path).to_owned(),
                    body_with: (*body).to_owned(),
                    moment: *moment,
                }),
                None,
            ),
            Some(Hit::Line(text)) => (
                None,
                Some(Signal {
                    number: 9,
                    at_line_with: (*text).to_owned(),
                }),
            ),
            None => (None, None),
        };
        let outcome = self.supervisor.run(&self.task).expect("the task runs");
        self.task.task_state_store = outcome.task_state_store.clone();
        self.task.try_number += 1;
        outcome
    }

    fn jobs(&self) -> Vec<Value> {
        let name = format!("{}/{}", self.task.run_id, self.task.task_id);
        self.service.jobs(&name).expect("the service answers")
    }
}

fn kill_everywhere(version: AirflowVersion) {
    let executable = bundle::executable("resumable", "resumable").expect("it compiles");
    let service = JobService::start().expect("the service starts");
    let mut supervisor = Supervisor::start(version, None).expect("the supervisor starts");
    let mut killed = 0;
    for (number, hit) in hits().iter().enumerate() {
        for task_id in ["idempotent", "searchable"] {
            let run_id = format!("run-{number}");
            let mut trial = Trial::new(&mut supervisor, &service, &executable, task_id, &run_id);
            let first = trial.run(Some(hit));
            if first.exit_code == Some(-9) {
                killed += 1;
                assert_eq!(first.final_state.as_deref(), Some("up_for_retry"));
            }
            let second = trial.run(None);
            let about = format!("{version}, {task_id}, {hit:?}: {second:#?}");
            assert_eq!(second.final_state.as_deref(), Some("success"), "{about}");
            let jobs = trial.jobs();
            assert_eq!(jobs.len(), 1, "{jobs:?}, {about}");
            let result = &second.xcoms[&format!("{task_id}/return_value")]["job"];
            assert_eq!(*result, jobs[0]["id"], "{about}");
            let record = &second.task_state_store["remote_job_id"];
            assert_eq!(record["value"]["id"], *result, "{about}");
            assert_eq!(record["value"]["state"], "succeeded", "{about}");
            assert!(record["expires_at"].is_string(), "{about}");
        }
    }
    // A line may reach the supervisor when the process has ended already.
    assert!(killed >= 20, "only {killed} processes were killed");
}

#[test]
fn one_job_is_made_wherever_the_task_is_killed_under_the_supervisor_of_airflow_332() {
    kill_everywhere(AirflowVersion::V3_3_2);
}

#[test]
fn one_job_is_made_wherever_the_task_is_killed_under_the_supervisor_of_airflow_340() {
    kill_everywhere(AirflowVersion::V3_4_0b2);
}
