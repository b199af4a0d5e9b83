//! What travels between tasks: XComs, Variables, state, questions to people, Dag runs.

use serde_json::{Value, json};

use super::asked::{Asked, gets};

const JSON: &str = "application/json";

pub(crate) fn requests() -> Vec<Asked> {
    [variables(), xcoms(), state_stores(), people(), dag_runs()].concat()
}

fn put(path: &str, body: Value) -> Asked {
    Asked::new("PUT", path).json(body)
}

fn post(path: &str, body: Value) -> Asked {
    Asked::new("POST", path).json(body)
}

fn delete(path: &str) -> Asked {
    Asked::new("DELETE", path)
}

fn variables() -> Vec<Asked> {
    let mut requests = vec![
        put("/variables/a", json!({"val": "é", "description": "of a"})),
        put("/variables/a%2Fb", json!({"val": null})),
        put("/variables/b", json!({"value": "by the other name"})),
        put(
            "/variables/c",
            json!({"val": 1, "description": 2, "more": 3}),
        ),
        put("/variables/c", json!({})),
        put("/variables/c", json!([])),
        put("/variables/", json!({"val": "x"})),
        Asked::new("PUT", "/variables/c"),
        Asked::new("PUT", "/variables/c").text(JSON, "{"),
        Asked::new("PUT", "/variables/c").text("text/plain", "{\"val\": \"x\"}"),
        put("/variables/a", json!({"val": "again"})),
    ];
    requests.extend(gets([
        "/variables/a",
        "/variables/a/b",
        "/variables/b",
        "/variables/nothing",
        "/variables/keys",
        "/variables/keys?prefix=a",
        "/variables/keys?limit=1&offset=1",
    ]));
    requests.extend([delete("/variables/b"), delete("/variables/b")]);
    requests
}

fn xcoms() -> Vec<Asked> {
    const AT: &str = "/xcoms/execution_api/run/one";
    const MAPPED: &str = "/xcoms/execution_api/run/mapped";
    let mut requests = vec![
        post(
            &format!("{AT}/k"),
            json!({"a": [1, 2.5, "é", null], "": {}}),
        ),
        post(&format!("{AT}/a%2Fb"), json!("v")),
        post(&format!("{AT}/n"), json!(null)),
        Asked::new("POST", format!("{AT}/empty")),
        Asked::new("POST", format!("{AT}/bad")).text(JSON, "{"),
        Asked::new("POST", format!("{AT}/bad")).text(JSON, "[1,]"),
        Asked::new("POST", format!("{AT}/bad")).text(JSON, "1 2"),
        Asked::new("POST", format!("{AT}/bad")).text("text/plain", "abc"),
        post(&format!("{AT}/"), json!(1)),
        post(
            &format!("{AT}/k?map_index=x&dag_result=2&mapped_length=y"),
            json!(1),
        ),
        post(&format!("{AT}/long?mapped_length=4000"), json!([])),
        post(
            &format!("{AT}/list?mapped_length=3&dag_result=true"),
            json!([1, 2, 3]),
        ),
        post("/xcoms/nothing/run/one/k", json!(1)),
        post("/xcoms/execution_api/nothing/one/k", json!(1)),
        post(&format!("{AT}/return_value"), json!("first")),
        post(&format!("{AT}/return_value"), json!("second")),
    ];
    for index in 0..3 {
        requests.push(post(
            &format!("{MAPPED}/m?map_index={index}"),
            json!({"i": index}),
        ));
    }
    for path in [
        "/k",
        "/a/b",
        "/n",
        "/empty",
        "/nothing",
        "/list",
        "/return_value",
        "/k?map_index=2",
        "/k?map_index=x&offset=y&include_prior_dates=maybe",
        "/k?offset=0",
        "/k?offset=5",
        "/k?include_prior_dates=true",
        "/k/item/0",
        "/k/item/9",
        "/k/item/-1",
        "/k/item/x",
        "/item/0",
        "/k/slice",
        "/k/slice?start=x&step=0",
        "/nothing/slice",
    ] {
        requests.push(Asked::new("GET", format!("{AT}{path}")));
    }
    for path in [
        "/m",
        "/m?map_index=1",
        "/m?offset=1",
        "/m?offset=-1",
        "/m/item/0",
        "/m/item/2",
        "/m/item/-3",
        "/m/item/3",
        "/m/item/-4",
    ] {
        requests.push(Asked::new("GET", format!("{MAPPED}{path}")));
    }
    for start in ["", "start=0", "start=1", "start=-2", "start=5"] {
        for stop in ["", "stop=0", "stop=2", "stop=-1", "stop=9"] {
            for step in ["", "step=2", "step=-1", "step=0"] {
                requests.push(Asked::new(
                    "GET",
                    format!("{MAPPED}/m/slice?{start}&{stop}&{step}"),
                ));
            }
        }
    }
    for path in ["/m", "/nothing", "/m?map_index=1", "/m?map_index=x"] {
        requests.push(Asked::new("HEAD", format!("{MAPPED}{path}")));
    }
    requests.extend([
        delete(&format!("{AT}/k")),
        delete(&format!("{AT}/k")),
        delete(&format!("{AT}/n?map_index=x")),
        delete(&format!("{MAPPED}/m?map_index=1")),
        Asked::new("GET", format!("{AT}/k")).version("2025-04-11"),
        Asked::new(
            "GET",
            format!("{MAPPED}/m?include_prior_dates=maybe&map_index=0"),
        )
        .version("2025-05-20"),
    ]);
    requests
}

fn state_stores() -> Vec<Asked> {
    let mut requests = Vec::new();
    for (path, other) in [
        ("/store/ti/{one}/k", "/store/ti/{one}/a/b"),
        (
            "/store/asset/by-name/value?name=orders&key=k",
            "/store/asset/by-name/value?name=orders&key=a/b",
        ),
        (
            "/store/asset/by-uri/value?uri=file:///orders&key=k",
            "/store/asset/by-uri/value?uri=file:///orders&key=l",
        ),
    ] {
        requests.extend([
            Asked::new("GET", path),
            put(path, json!({"value": {"a": [1, "é"]}})),
            put(path, json!({"value": null})),
            put(path, json!({})),
            put(path, json!({"value": 1, "more": 2})),
            put(path, json!("x")),
            Asked::new("PUT", path),
            put(other, json!({"value": 0})),
            Asked::new("GET", path),
            Asked::new("GET", other),
            delete(path),
            delete(path),
            Asked::new("GET", path),
        ]);
    }
    requests.extend([
        put(
            "/store/ti/{one}/e",
            json!({"value": 1, "expires_at": "2030-01-01T00:00:00Z"}),
        ),
        put("/store/ti/{one}/e", json!({"value": 1, "expires_at": "x"})),
        put("/store/ti/{one}/e", json!({"value": 1, "expires_at": null})),
        put(
            "/store/ti/{one}/gone",
            json!({"value": 1, "expires_at": "2020-01-01T00:00:00Z"}),
        ),
        Asked::new("GET", "/store/ti/{one}/gone"),
        Asked::new("GET", "/store/ti/{one}/"),
        put(
            "/store/asset/by-name/value?name=orders&key=e",
            json!({"value": 1, "expires_at": null}),
        ),
        put("/store/asset/by-name/value?name=&key=", json!({"value": 1})),
        put("/store/asset/by-name/value", json!({"value": 1})),
        put(
            "/store/asset/by-name/value?name=nothing&key=k",
            json!({"value": 1}),
        ),
        delete("/store/asset/by-uri/clear?uri=file:///orders"),
        delete("/store/asset/by-uri/clear?uri=nothing"),
        delete("/store/asset/by-name/clear"),
        put(
            "/store/asset/by-name/value?name=orders&key=last",
            json!({"value": "kept"}),
        ),
    ]);
    requests
}

fn people() -> Vec<Asked> {
    const AT: &str = "/hitlDetails/{one}";
    let question = json!({"ti_id": "{one}", "options": ["yes", "no"], "subject": "Go on?"});
    let mut other = question.clone();
    other["subject"] = "Really?".into();
    other["assigned_users"] = json!([{"id": "1", "name": "ada"}]);
    let patch = |body| Asked::new("PATCH", AT).json(body);
    vec![
        patch(json!({"ti_id": "{one}", "chosen_options": ["yes"]})),
        post(AT, json!({})),
        post(
            AT,
            json!({"ti_id": "x", "options": [], "subject": 1, "body": 2, "defaults": "x", "multiple": "x", "params": [],
            "assigned_users": [{"id": 1}, 2], "more": 1}),
        ),
        post(AT, question.clone()),
        post(AT, other),
        Asked::new("GET", AT),
        patch(json!({})),
        patch(json!({"ti_id": "{one}", "chosen_options": []})),
        patch(json!({"ti_id": "{one}", "chosen_options": ["yes"], "params_input": {"a": 1}})),
        patch(json!({"ti_id": "{one}", "chosen_options": ["no"]})),
        Asked::new("GET", AT),
        post(AT, question),
        Asked::new("GET", AT),
    ]
}

/// Runs that are refused. What becomes of those that are made is compared where the rules are.
fn dag_runs() -> Vec<Asked> {
    let at = |run: &str| format!("/dag-runs/execution_api/{run}");
    vec![
        Asked::new("POST", at("new")),
        post(&at("new"), json!([])),
        post(
            &at("new"),
            json!({"logical_date": "x", "run_after": 1, "conf": [], "reset_dag_run": "x", "partition_key": 1, "note": 2, "more": 3}),
        ),
        post(
            &at("new"),
            json!({"run_after": null, "note": null, "more": 1}),
        )
        .version("2025-11-05"),
        post("/dag-runs/nothing/new", json!({})),
        post("/dag-runs/nothing/new/clear", json!({})),
        post(&at("nothing/clear"), json!({})),
        post(&at("run"), json!({})),
    ]
}
