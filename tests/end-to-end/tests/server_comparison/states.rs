//! The life of task instances.

use end_to_end::AirflowVersion;
use serde_json::{Value, json};

use super::asked::{Asked, Who};

const END: &str = "2026-01-01T00:00:09Z";

pub(crate) fn requests(version: AirflowVersion) -> Vec<Asked> {
    let mut requests = [starts(), beats(), labels(), ends(), tries(version)].concat();
    if version == AirflowVersion::V3_4_0b2 {
        requests.extend(newer());
    }
    requests
}

fn start() -> Value {
    json!({"state": "running", "hostname": "h", "unixname": "u", "pid": 5, "start_date": "2026-01-01T00:00:00Z"})
}

fn patch(task: &str, what: &str, body: Value) -> Asked {
    Asked::new("PATCH", format!("/task-instances/{{{task}}}/{what}")).json(body)
}

fn run(task: &'static str, body: Value) -> Asked {
    patch(task, "run", body).by(Who::Task(task))
}

fn state(task: &'static str, body: Value) -> Asked {
    patch(task, "state", body).by(Who::Task(task))
}

fn starts() -> Vec<Asked> {
    let mut requests = vec![
        state("one", json!({"state": "failed", "end_date": END})),
        run("one", start()).by(Who::Workload("one")),
        run("one", start()),
        Asked::new(
            "PATCH",
            "/task-instances/00000000-0000-0000-0000-000000000007/run",
        )
        .json(start())
        .by(Who::Stranger),
        Asked::new("PATCH", "/task-instances/{one}/run").text("text/plain", start().to_string()),
        Asked::new("PATCH", "/task-instances/{one}/run")
            .text("application/vnd.x+json; charset=utf-8", start().to_string()),
        Asked::new("PATCH", "/task-instances/{one}/run").text("application/json", "null"),
    ];
    for (key, value) in [
        ("pid", json!(6)),
        ("hostname", json!("elsewhere")),
        ("state", json!("queued")),
        ("more", json!({"a": [1, null]})),
    ] {
        let mut body = start();
        body[key] = value;
        requests.push(run("one", body));
    }
    for version in [
        "2025-04-11",
        "2025-08-10",
        "2025-10-27",
        "2025-11-05",
        "2026-04-06",
        "2026-06-30",
    ] {
        requests.push(run("one", start()).version(version));
    }
    for task in ["two", "after", "mapped[0]", "mapped[1]", "mapped[2]"] {
        requests.push(run(task, start()).by(Who::Workload(task)));
    }
    requests
}

fn beats() -> Vec<Asked> {
    let beat = |body| Asked::new("PUT", "/task-instances/{one}/heartbeat").json(body);
    vec![
        beat(json!({"hostname": "h", "pid": 5})),
        beat(json!({"hostname": "h", "pid": 6})),
        beat(json!({"hostname": "other", "pid": 5})),
        beat(json!({"hostname": "h"})),
        Asked::new(
            "PUT",
            "/task-instances/00000000-0000-0000-0000-000000000007/heartbeat",
        )
        .json(json!({"hostname": "h", "pid": 5}))
        .by(Who::Stranger),
    ]
}

fn labels() -> Vec<Asked> {
    let fields = |body| Asked::new("PUT", "/task-instances/{one}/rtif").json(body);
    let label = |body| patch("one", "rendered-map-index", body);
    let skip = |body| patch("one", "skip-downstream", body);
    vec![
        fields(json!([1])),
        fields(json!("x")),
        fields(json!({"a": null, "b": {"c": [1]}})),
        Asked::new("PUT", "/task-instances/{one}/rtif"),
        label(json!("")),
        label(json!({})),
        label(json!("the label")),
        Asked::new("PATCH", "/task-instances/{one}/rendered-map-index").text("text/plain", "plain"),
        skip(json!({})),
        skip(json!({"tasks": 5})),
        skip(
            json!({"tasks": ["a", ["b", 1], ["b"], 5, ["c", "1"], ["c", 1, 2], {}, null, ["d", "x"]]}),
        ),
        skip(json!({"tasks": ["nothing", ["mapped", 7]], "more": 1})),
        skip(json!({"tasks": ["nothing", ["mapped", 7]]})),
    ]
}

/// Tries that another follows, in the run `again`, and what is asked of them afterwards.
fn tries(version: AirflowVersion) -> Vec<Asked> {
    const ONE: &str = "again:one";
    const STORED: &str = "/xcoms/execution_api/again/one/k";
    let again = |task: &'static str, method, path: &str| {
        Asked::new(method, path.replace("{}", &format!("{{{task}}}"))).by(Who::Task(task))
    };
    let mut requests = vec![
        run("again:one", start()).by(Who::Workload(ONE)),
        again(ONE, "POST", STORED).json(json!("first")),
        again(ONE, "PUT", "/task-instances/{}/rtif").json(json!({"a": "first"})),
        again(ONE, "PUT", "/store/ti/{}/k").json(json!({"value": "stays"})),
        again(
            ONE,
            "PUT",
            "/store/asset/by-name/value?name=orders&key=again",
        )
        .json(json!({"value": 1})),
        again(ONE, "POST", "/hitlDetails/{}")
            .json(json!({"ti_id": "{again:one}", "options": ["yes"], "subject": "?"})),
        state(
            "again:one",
            json!({"state": "up_for_retry", "end_date": END, "retry_delay_seconds": 5.5,
            "retry_reason": "x".repeat(600), "rendered_map_index": "label"}),
        ),
        // The next try has another id.
        run("again:one", start()),
        state("again:one", json!({"state": "success", "end_date": END})),
        state("again:one", json!({"state": "success", "end_date": END})).version("2026-06-30"),
        again(ONE, "PUT", "/task-instances/{}/heartbeat").json(json!({"hostname": "h", "pid": 5})),
        again(ONE, "PUT", "/task-instances/{}/rtif").json(json!({"a": "late"})),
        again(ONE, "GET", STORED),
        again(ONE, "GET", "/task-instances/{}/previous-successful-dagrun"),
        again(ONE, "GET", "/task-instances/previous/execution_api/one"),
        again(
            ONE,
            "GET",
            "/task-instances/states?dag_id=execution_api&run_ids=again",
        ),
        again(
            ONE,
            "GET",
            "/task-instances/count?dag_id=execution_api&run_ids=again",
        ),
        again("again:two", "GET", STORED),
        run("again:two", start()).by(Who::Workload("again:two")),
        again("again:two", "PATCH", "/task-instances/{}/skip-downstream")
            .json(json!({"tasks": ["mapped", ["after", -1]]})),
        state("again:two", json!({"state": "upstream_failed"})),
        state(
            "again:two",
            json!({"state": "upstream_failed", "end_date": END, "rendered_map_index": "label"}),
        ),
        state("again:two", json!({"state": "failed", "end_date": END})),
    ];
    if version == AirflowVersion::V3_4_0b2 {
        requests.extend([
            again(ONE, "GET", STORED).version("2026-06-30"),
            again(ONE, "POST", STORED).json(json!("late")),
            again(ONE, "POST", STORED)
                .json(json!("late"))
                .version("2026-06-30"),
            again(ONE, "PUT", "/variables/late").json(json!({"val": "x"})),
            again(ONE, "PUT", "/variables/late")
                .json(json!({"val": "x"}))
                .version("2026-06-30"),
            again(ONE, "GET", "/store/ti/{}/k"),
            again(
                "again:mapped[0]",
                "POST",
                "/xcoms/execution_api/again/mapped/k?map_index=0",
            )
            .json(json!(0)),
            again(
                "again:mapped[0]",
                "GET",
                "/xcoms/execution_api/again/mapped/k?map_index=-1",
            ),
            again(
                "again:mapped[0]",
                "GET",
                "/xcoms/execution_api/again/mapped/k?map_index=0",
            ),
        ]);
    }
    requests
}

/// What a client of 2026-10-30 may say, and others may not.
fn newer() -> Vec<Asked> {
    let terminated = |body| state("after", body);
    let mut requests = vec![
        terminated(json!({"state": "server_terminated"})),
        terminated(json!({"state": "server_terminated", "end_date": END})),
        terminated(
            json!({"state": "server_terminated", "end_date": END, "hostname": "h", "pid": 5}),
        ),
        terminated(
            json!({"state": "server_terminated", "end_date": END, "hostname": "h", "pid": "x", "more": 1}),
        ),
        state(
            "one",
            json!({"state": "server_terminated", "end_date": END, "hostname": "h", "pid": 5}),
        ),
        state(
            "one",
            json!({"state": "server_terminated", "end_date": END, "hostname": "h", "pid": 5}),
        )
        .version("2026-06-30"),
        patch("one", "dag-run-note", json!({"note": "from a task"})),
        patch("one", "dag-run-note", json!({"note": null})),
        patch("one", "dag-run-note", json!({"note": 5, "more": 1})),
        patch("one", "dag-run-note", json!({"note": "x".repeat(1001)})),
        patch("one", "dag-run-note", json!({"note": "x"})).version("2026-06-30"),
        Asked::new("GET", "/xcoms/execution_api/run/one/k?previous_iteration=x"),
        Asked::new(
            "GET",
            "/xcoms/execution_api/run/one/list/slice?previous_iteration=maybe",
        ),
        Asked::new("POST", "/xcoms/execution_api/run/one/_airflow_loop_x").json(json!(1)),
        Asked::new(
            "POST",
            "/xcoms/execution_api/run/one/return_value?mapped_length=2",
        )
        .json(json!([1, 2])),
        Asked::new(
            "POST",
            "/xcoms/execution_api/run/one/return_value?mapped_length=-1",
        )
        .json(json!([1])),
        Asked::new(
            "POST",
            "/xcoms/execution_api/run/one/return_value?mapped_length=4000",
        )
        .json(json!([1])),
        Asked::new(
            "GET",
            "/asset-events/by-asset?name=orders&uri=&extra=rows=3",
        ),
        Asked::new("GET", "/asset-events/by-asset?name=orders&uri=&extra=rows"),
        Asked::new(
            "GET",
            "/asset-events/by-asset?name=orders&uri=&partition_key=x",
        )
        .version("2025-11-05"),
    ];
    for version in ["2025-04-11", "2026-06-30", "2026-10-30"] {
        requests.push(
            Asked::new("PUT", "/variables/by_nobody")
                .json(json!({"val": "x"}))
                .by(Who::Stranger)
                .version(version),
        );
    }
    requests
}

fn ends() -> Vec<Asked> {
    let mut requests: Vec<_> = [
        json!({}),
        json!([]),
        json!({"state": "foo"}),
        json!({"state": 5}),
        json!({"state": "running"}),
        json!({"state": "failed"}),
        json!({"state": "failed", "end_date": null, "rendered_map_index": 4}),
        json!({"state": "success", "end_date": END, "task_outlets": [{"x": 1}, 4, {"type": "Asset", "name": 3}], "outlet_events": [4], "q": 1}),
        json!({"state": "success", "end_date": END, "task_outlets": null}),
        json!({"state": "deferred", "trigger_kwargs": 5, "next_kwargs": [], "trigger_timeout": "x"}),
        json!({"state": "deferred", "next_method": "b", "trigger_timeout": 1e20}),
        json!({"state": "up_for_retry", "retry_delay_seconds": "x", "retry_reason": 4}),
        json!({"state": "success", "end_date": END, "outlet_events": [{"partition_key": " "}]}),
    ]
    .into_iter()
    .map(|body| state("one", body))
    .collect();
    requests.extend([
        // Every version takes the newest shapes.
        state("one", json!({"state": "failed", "end_date": END, "rendered_map_index": "a", "more": 1})).version("2025-04-11"),
        state("one", json!({"state": "up_for_retry", "end_date": END, "retry_reason": "a", "more": 1})).version("2026-04-06"),
        state("one", json!({"state": "awaiting_input", "next_method": "a", "more": 1})).version("2025-04-11"),
        state("one", json!({"state": "success", "end_date": END,
            "task_outlets": [{"name": "orders", "uri": "file:///orders", "type": "Asset"}],
            "outlet_events": [{"dest_asset_key": {"name": "orders", "uri": "file:///orders"}, "extra": {"rows": 3}}]})),
        state("one", json!({"state": "success", "end_date": END})),
        state("one", json!({"state": "failed", "end_date": END})),
        Asked::new("PUT", "/task-instances/{one}/heartbeat").json(json!({"hostname": "h", "pid": 5})),
        Asked::new("GET", "/asset-events/by-asset?name=orders&uri="),
        Asked::new("GET", "/asset-events/by-asset?name=orders&uri=").version("2025-11-05"),
        state("two", json!({"state": "deferred", "classpath": "a.B", "trigger_kwargs": {"a": 1}, "trigger_timeout": "PT5S",
            "next_method": "go_on", "next_kwargs": {"k": {"l": [1]}}})),
        state("two", json!({"state": "deferred", "classpath": "a.B", "next_method": "go_on"})),
        run("two", start()),
        state("after", json!({"state": "up_for_reschedule", "reschedule_date": "2030-01-01T00:00:00Z", "end_date": END})),
        Asked::new("GET", "/task-reschedules/{after}/start_date").by(Who::Task("after")),
        state("mapped[0]", json!({"state": "skipped", "end_date": END, "rendered_map_index": "zero"})),
        state("mapped[1]", json!({"state": "awaiting_input", "next_method": "go_on", "timeout": 60})),
        state("mapped[2]", json!({"state": "removed", "end_date": END})),
        Asked::new("GET", "/task-instances/breadcrumbs?dag_id=execution_api&run_id=run"),
        Asked::new("GET", "/task-instances/states?dag_id=execution_api"),
        Asked::new("GET", "/task-instances/previous/execution_api/one"),
        Asked::new("GET", "/task-instances/{one}/validate-inlets-and-outlets"),
    ]);
    requests
}
