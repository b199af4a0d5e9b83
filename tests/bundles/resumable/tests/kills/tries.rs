//! Single tries of tasks with a job.

use std::time::Duration;

use serde_json::{Value, json};

use super::service::Service;
use super::supervisor::{End, Kill, Moment, TaskInstance};

struct Fixture {
    service: Service,
    _directory: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            service: Service::start(&directory.path().join("jobs"), 0),
            _directory: directory,
        }
    }

    fn task(&self, task_id: &'static str) -> TaskInstance {
        TaskInstance::new(task_id, "run", self.service.address)
    }

    fn jobs(&self, task: &TaskInstance) -> Vec<Value> {
        self.service.jobs(&task.job_name())
    }
}

/// A kill when the id has just been stored.
const WAITING: Kill = Kill::At(
    "SetTaskStateStore",
    Some("submitted"),
    Moment::Acknowledged,
    Duration::ZERO,
);

#[test]
fn a_retry_reconnects_and_returns_the_result_of_the_job() {
    let fixture = Fixture::new();
    let mut task = fixture.task("without_tokens");
    assert_eq!(task.run(&WAITING).end, End::Killed);
    let second = task.run(&Kill::Never);
    assert_eq!(second.end, End::Success);
    let jobs = fixture.jobs(&task);
    assert_eq!(jobs.len(), 1);
    assert_eq!(task.xcoms["return_value"]["job"], jobs[0]["id"]);
    assert!(
        second.logs.contains("an earlier try has submitted"),
        "{}",
        second.logs
    );
}

#[test]
fn a_job_that_has_succeeded_gives_its_result_at_once() {
    let fixture = Fixture::new();
    let mut task = fixture.task("without_tokens");
    assert_eq!(task.run(&Kill::Never).end, End::Success);
    // Airflow did not hear of it, or a person has cleared the task.
    let again = task.run(&Kill::Never);
    assert_eq!(again.end, End::Success);
    assert!(
        again
            .requests
            .iter()
            .all(|r| r["type"] != "SetTaskStateStore"),
        "{:?}",
        again.requests
    );
    assert_eq!(fixture.jobs(&task).len(), 1);
}

#[test]
fn a_job_that_fails_fails_its_try_and_the_next_one_submits_afresh() {
    let fixture = Fixture::new();
    let mut task = fixture.task("idempotent");
    task.conf = json!({"fails": true, "milliseconds": 1});
    let End::Retry(reason) = task.run(&Kill::Never).end else {
        panic!("the try is to be retried");
    };
    assert!(reason.contains("has failed: Failed"), "{reason}");
    task.conf = json!({"fails": false, "milliseconds": 1});
    assert_eq!(task.run(&Kill::Never).end, End::Success);
    let jobs = fixture.jobs(&task);
    assert_eq!(jobs.len(), 2);
    assert_ne!(jobs[0]["token"], jobs[1]["token"]);
}

#[test]
fn a_job_that_failed_meanwhile_is_followed_by_a_fresh_one() {
    let fixture = Fixture::new();
    let mut task = fixture.task("idempotent");
    task.conf = json!({"fails": true, "milliseconds": 1});
    assert_eq!(task.run(&WAITING).end, End::Killed);
    task.conf = json!({});
    assert_eq!(task.run(&Kill::Never).end, End::Success);
    assert_eq!(fixture.jobs(&task).len(), 2);
}

#[test]
fn an_unknown_job_fails_the_task_without_a_retry_and_without_a_submission() {
    let fixture = Fixture::new();
    let mut task = fixture.task("idempotent");
    let id = ("remote_job_id".to_owned(), (json!(4711), Value::Null));
    task.store.extend([id]);
    let ended = task.run(&Kill::Never);
    assert_eq!(ended.end, End::Failed);
    assert!(
        ended.logs.contains("does not know the job `4711`"),
        "{}",
        ended.logs
    );
    assert!(fixture.jobs(&task).is_empty());
}

#[test]
fn a_job_under_a_previous_key_is_moved_and_reconnected_to() {
    let fixture = Fixture::new();
    let mut task = fixture.task("idempotent");
    assert_eq!(task.run(&WAITING).end, End::Killed);
    // As Airflow's Python mixin would have stored it, under the name the key had then.
    let id = fixture.jobs(&task)[0]["id"].clone();
    task.store.clear();
    let old = ("job_id".to_owned(), (id.clone(), Value::Null));
    task.store.extend([old]);
    assert_eq!(task.run(&Kill::Never).end, End::Success);
    assert_eq!(task.xcoms["return_value"]["job"], id);
    assert_eq!(task.store.keys().collect::<Vec<_>>(), ["remote_job_id"]);
    assert_eq!(fixture.jobs(&task).len(), 1);
}

#[test]
fn something_else_under_the_key_fails_before_anything_is_submitted() {
    let fixture = Fixture::new();
    let mut task = fixture.task("idempotent");
    let other = ("remote_job_id".to_owned(), (json!("job-7"), Value::Null));
    task.store.extend([other]);
    let ended = task.run(&Kill::Never);
    assert_eq!(ended.end, End::Failed);
    assert!(ended.logs.contains("is not a `u64`"), "{}", ended.logs);
    assert!(fixture.jobs(&task).is_empty());
}

#[test]
fn a_store_that_cannot_be_reached_fails_before_anything_is_submitted() {
    for broken in ["GetTaskStateStore", "SetTaskStateStore"] {
        let fixture = Fixture::new();
        let mut task = fixture.task("idempotent");
        task.broken = Some(broken);
        let End::Retry(reason) = task.run(&Kill::Never).end else {
            panic!("{broken}: the try is to be retried");
        };
        assert!(reason.contains("no database"), "{reason}");
        assert!(reason.contains("remote_job_id"), "{reason}");
        assert!(fixture.jobs(&task).is_empty(), "{broken}");
    }
}

#[test]
fn a_service_that_is_killed_and_comes_back_is_borne() {
    let mut fixture = Fixture::new();
    let mut task = fixture.task("idempotent");
    task.conf = json!({"milliseconds": 500});
    let mut service = std::thread::scope(|scope| {
        let running = scope.spawn(|| task.run(&Kill::Never));
        std::thread::sleep(Duration::from_millis(250));
        fixture.service.restart();
        let ended = running.join().unwrap();
        assert_eq!(ended.end, End::Success, "{}", ended.logs);
        fixture.service
    });
    service.restart();
    assert_eq!(service.jobs(&task.job_name()).len(), 1);
}

#[test]
fn waiting_stops_when_the_task_is_cancelled_and_the_job_goes_on() {
    let fixture = Fixture::new();
    let mut task = fixture.task("idempotent");
    task.conf = json!({"milliseconds": 3000});
    let ended = task.run(&Kill::Terminate(Duration::from_millis(20)));
    let End::Retry(reason) = ended.end else {
        panic!("{:?}", ended.end);
    };
    assert!(reason.contains("while it waited for the job"), "{reason}");
    assert!(ended.seconds < 2.0, "it took {} s", ended.seconds);
    assert_eq!(fixture.jobs(&task)[0]["status"], "running");
    assert_eq!(task.record(), Some("submitted"));
}

#[test]
fn a_job_is_cancelled_on_kill_when_asked_for_and_the_next_try_submits_afresh() {
    let fixture = Fixture::new();
    let mut task = fixture.task("cancelled_on_kill");
    task.conf = json!({"milliseconds": 60_000});
    let ended = task.run(&Kill::Terminate(Duration::from_millis(20)));
    assert!(matches!(ended.end, End::Retry(_)), "{:?}", ended.end);
    assert_eq!(fixture.jobs(&task)[0]["status"], "cancelled");
    task.conf = json!({"milliseconds": 1});
    assert_eq!(task.run(&Kill::Never).end, End::Success);
    assert_eq!(fixture.jobs(&task).len(), 2);
}

#[test]
fn a_job_that_is_not_durable_stores_nothing() {
    let fixture = Fixture::new();
    let mut task = fixture.task("not_durable");
    let ended = task.run(&Kill::Never);
    assert_eq!(ended.end, End::Success);
    let types: Vec<_> = ended.requests.iter().map(|r| r["type"].clone()).collect();
    assert_eq!(types, ["GetConnection", "SetXCom", "SucceedTask"]);
}

#[test]
fn the_record_does_not_expire_before_the_task_has_its_result() {
    let fixture = Fixture::new();
    let mut task = fixture.task("idempotent");
    let ended = task.run(&Kill::Never);
    let expiry = |state: &str| {
        let set = ended
            .requests
            .iter()
            .find(|r| r["type"] == "SetTaskStateStore" && r["value"]["state"] == state);
        set.unwrap()["expires_at"].clone()
    };
    assert_eq!(expiry("intended"), Value::Null);
    assert_eq!(expiry("submitted"), Value::Null);
    assert!(expiry("succeeded").is_string());
}
