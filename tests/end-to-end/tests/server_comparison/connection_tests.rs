//! Tests of connections and callbacks, and those who may ask about them.

use serde_json::{Value, json};

use super::asked::{Asked, Who};

fn fetch(test: &'static str) -> Asked {
    Asked::new("GET", format!("/connection-tests/{{{test}}}/connection")).by(Who::Workload(test))
}

fn report(test: &'static str, body: Value) -> Asked {
    Asked::new("PATCH", format!("/connection-tests/{{{test}}}"))
        .json(body)
        .by(Who::Workload(test))
}

fn callback(callback: &'static str) -> Asked {
    Asked::new("PATCH", format!("/callbacks/{{{callback}}}/run")).by(Who::Callback(callback))
}

fn success() -> Value {
    json!({"state": "success", "result_message": "it works"})
}

pub(crate) fn requests() -> Vec<Asked> {
    vec![
        fetch("new").by(Who::Task("new")),
        fetch("new").by(Who::Workload("over")),
        fetch("new").version("2026-04-06"),
        fetch("new"),
        fetch("new"),
        fetch("over"),
        fetch("ended"),
        fetch("allowed"),
        Asked::new(
            "GET",
            "/connection-tests/00000000-0000-0000-0000-000000000007/connection",
        )
        .by(Who::Workload("nobody")),
        Asked::new(
            "PATCH",
            "/connection-tests/00000000-0000-0000-0000-000000000007",
        )
        .json(success())
        .by(Who::Workload("nobody")),
        report("new", json!({})),
        report("new", json!({"state": "running"})),
        report(
            "new",
            json!({"state": "nothing", "result_message": 5, "more": 1}),
        ),
        report(
            "new",
            json!({"state": "success", "result_message": "x".repeat(2001)}),
        ),
        report("new", success()).by(Who::Task("new")),
        report("new", success()),
        report("new", success()),
        report("unsaved", success()),
        report("over", success()),
        report("allowed", success()),
        report(
            "failing",
            json!({"state": "failed", "result_message": null}),
        ),
        report("ended", json!({"state": "failed"})),
        callback("called").by(Who::Task("called")),
        callback("called").by(Who::Callback("uncalled")),
        callback("called").version("2026-06-30"),
        callback("called"),
        callback("called"),
        callback("uncalled"),
        callback("nobody"),
        Asked::new("GET", "/variables/x").by(Who::Callback("called")),
        // With the token of a callback that runs, things may be changed.
        Asked::new("PUT", "/variables/called")
            .json(json!({"val": "x"}))
            .by(Who::Task("called")),
        Asked::new("PATCH", "/task-instances/{called}/run")
            .json(json!({}))
            .by(Who::Task("called")),
        Asked::new("GET", "/connections/fresh"),
        Asked::new("GET", "/connections/replaced"),
        Asked::new("GET", "/connections/there"),
    ]
}
