//! What a task of team `blue` may see and change.

use serde_json::json;

use super::asked::{Asked, Who, gets};

/// Variables of the environment on both sides.
pub(crate) const ENVIRONMENT: &[(&str, &str)] = &[
    ("AIRFLOW__CORE__MULTI_TEAM", "True"),
    ("AIRFLOW_VAR__BLUE___ENV", "of blue"),
    ("AIRFLOW_VAR__RED___ENV", "of red"),
    ("AIRFLOW_VAR_ENV", "of nobody"),
    ("AIRFLOW_VAR_FREE_ENV", "of nobody"),
    ("AIRFLOW_CONN__BLUE___ENV", "http://blue"),
    ("AIRFLOW_CONN_ENV", "http://nobody"),
];

pub(crate) fn requests() -> Vec<Asked> {
    let put =
        |key: &str| Asked::new("PUT", format!("/variables/{key}")).json(json!({"val": "new"}));
    let mut requests = gets([
        "/variables/own",
        "/variables/other",
        "/variables/free",
        "/variables/env",
        "/variables/free_env",
        "/variables/_blue___env",
        "/variables/_red___env",
        "/variables/keys",
        "/variables/keys?prefix=o",
        "/connections/own",
        "/connections/other",
        "/connections/free",
        "/connections/env",
        "/connections/_blue___env",
    ]);
    requests.push(Asked::new("GET", "/variables/keys").by(Who::Stranger));
    requests.push(Asked::new("GET", "/variables/own").by(Who::Stranger));
    requests.extend([put("own"), put("other"), put("free"), put("added")]);
    requests.push(Asked::new("GET", "/xcoms/blue_dag/run/one/k"));
    for dag in ["execution_api", "red_dag", "free_dag", "nothing"] {
        let at = format!("/xcoms/{dag}/run/one/k");
        requests.push(Asked::new("POST", &at).json(json!(1)));
        requests.push(Asked::new("GET", &at));
        requests.push(Asked::new("GET", format!("{at}/item/0")));
        requests.push(Asked::new("GET", format!("{at}/slice")));
        requests.push(Asked::new("HEAD", &at));
        requests.push(Asked::new("DELETE", &at));
    }
    let start = json!({"state": "running", "hostname": "h", "unixname": "u", "pid": 5, "start_date": "2026-01-01T00:00:00Z"});
    for task in ["one", "two"] {
        requests.push(
            Asked::new("PATCH", format!("/task-instances/{{{task}}}/run"))
                .json(start.clone())
                .by(Who::Task(task)),
        );
    }
    requests.push(
        Asked::new("PATCH", "/task-instances/{one}/run")
            .json(start)
            .version("2026-04-06"),
    );
    requests.extend(gets([
        "/dag-runs/execution_api/run",
        "/dag-runs/previous?dag_id=execution_api&logical_date=2030-01-01T00:00:00Z",
    ]));
    requests.extend([
        Asked::new("PATCH", "/task-instances/{two}/state")
            .json(json!({"state": "deferred", "classpath": "a.B", "next_method": "go_on"}))
            .by(Who::Task("two")),
        Asked::new("PATCH", "/task-instances/{one}/state").json(json!({
            "state": "success",
            "end_date": "2026-01-01T00:00:09Z",
            "task_outlets": [{"name": "orders", "uri": "file:///orders", "type": "Asset"}],
        })),
        Asked::new("DELETE", "/variables/own"),
        Asked::new("DELETE", "/variables/other"),
        Asked::new("DELETE", "/variables/free"),
    ]);
    requests
}
