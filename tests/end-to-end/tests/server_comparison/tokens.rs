//! Who asks, in which version, and whether there is such a route.

use serde_json::json;

use super::asked::{Asked, Who, gets};

pub(crate) fn requests() -> Vec<Asked> {
    let variable = || Asked::new("GET", "/variables/x");
    let mut requests = vec![
        Asked::new("GET", "/health").by(Who::Nobody),
        variable().by(Who::Nobody),
        variable().by(Who::Text("abc")),
        variable().by(Who::Text("a.b.c")),
        variable().by(Who::Workload("one")),
        variable().by(Who::Ending(20)),
        variable().by(Who::Stranger),
        variable().header("correlation-id", "c-1"),
        variable()
            .by(Who::Nobody)
            .header("authorization", "Basic abc"),
        Asked::new("PATCH", "/task-instances/{two}/run").json(json!({})),
        Asked::new("PATCH", "/task-instances/x/run").json(json!({})),
        Asked::new("PATCH", "/task-instances/{one}/state")
            .by(Who::Workload("one"))
            .json(json!({})),
        Asked::new("GET", "/connection-tests/{one}/connection"),
        Asked::new("PUT", "/variables/x")
            .text("application/json", "{bad")
            .by(Who::Nobody),
        Asked::new("POST", "/xcoms/execution_api/nothing/one/k").text("application/json", "[NaN]"),
    ];
    requests.extend(gets([
        "/nothing",
        "/variables/",
        "/xcoms/execution_api/run/one/",
        "/xcoms/execution_api/run/one//item/0",
        "/store/ti/{two}/k",
        "/dags/",
        "/task-instances/count/",
    ]));
    for (method, path) in [
        ("POST", "/variables/x"),
        ("POST", "/variables/keys"),
        ("PUT", "/xcoms/execution_api/run/one/k"),
        ("DELETE", "/task-instances/{one}/run"),
        ("GET", "/task-instances/{one}/run"),
        ("POST", "/store/ti/{one}/k"),
        ("PUT", "/store/ti/{one}"),
        ("OPTIONS", "/variables/x"),
    ] {
        requests.push(Asked::new(method, path));
    }
    for version in [
        "2025-04-11",
        "2025-01-01",
        "2025-05-01",
        "2025-08-10",
        "2026-04-06",
        "2026-06-30",
        "2026-10-30",
        "2030-01-01",
        "garbage",
        "2026-6-30",
    ] {
        for path in [
            "/variables/keys",
            "/dags/execution_api",
            "/dag-runs/execution_api/run",
            "/dag-runs/execution_api/previous?logical_date=2026-01-01T00:00:00Z",
            "/assets/by-alias?alias_name=any",
            "/store/ti/{one}/k",
        ] {
            requests.push(Asked::new("GET", path).version(version));
        }
    }
    requests
}
