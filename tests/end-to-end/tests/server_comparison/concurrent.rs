//! Requests that come at the same time.

use serde_json::json;

use super::asked::{Asked, Who};

/// Requests that are sent at once.
pub(crate) struct Crowd {
    pub(crate) requests: Vec<Asked>,
    /// Whether it can be said what comes back, and not only that nothing fails.
    pub(crate) exact: bool,
}

/// What is in the tables afterwards, without what depends on who came first.
pub(crate) const TABLES: &[&str] = &[
    "select task_id, map_index, state, try_number, max_tries, hostname, pid > 0, duration > 0 from task_instance \
     order by task_id, map_index",
    "select task_id, try_number, state from task_instance_history order by task_id, try_number",
    "select task_id, map_index, key, value from xcom order by task_id, map_index, key",
    "select key, description, is_encrypted from variable order by key",
    "select task_id, key, value from task_state_store order by task_id, key",
    "select a.name, s.key, s.value, s.last_updated_by_task_id from asset_state_store s join asset a on a.id = s.asset_id \
     order by 1, 2",
    "select a.name, e.source_task_id, e.extra from asset_event e join asset a on a.id = e.asset_id order by 1, 2",
    "select event, task_id, count(*) from log group by event, task_id order by 1, 2",
];

/// Crowds, one after the other.
pub(crate) fn crowds() -> Vec<Crowd> {
    let outlet = json!({"name": "orders", "uri": "file:///orders", "type": "Asset"});
    let success = json!({
        "state": "success", "end_date": "2026-01-01T00:00:09Z", "task_outlets": [outlet], "outlet_events": [],
    });
    vec![
        // One process whose answers got lost.
        crowd(|_| start("one", 5)),
        // Executors that have all been given the same task: only one of them may run it.
        crowd(|number| start("two", 100 + number)),
        crowd(|_| {
            Asked::new("PUT", "/task-instances/{one}/heartbeat")
                .json(json!({"hostname": "h", "pid": 5}))
        }),
        crowd(|number| {
            Asked::new("POST", format!("/xcoms/execution_api/run/one/k{number}"))
                .json(json!({"n": number}))
        }),
        crowd(|number| variable(&format!("v{number}"))),
        crowd(|_| variable("same")),
        crowd(|number| {
            Asked::new("PUT", format!("/store/ti/{{one}}/k{number}")).json(json!({"value": number}))
        }),
        crowd(|_| Asked::new("PUT", "/store/ti/{one}/same").json(json!({"value": [1, null]}))),
        crowd(|_| {
            Asked::new("PUT", "/store/asset/by-name/value?name=orders&key=same")
                .json(json!({"value": "x"}))
        }),
        Crowd {
            // What is so already is answered with 204 by one and with 200 by the other.
            exact: false,
            ..crowd(|_| Asked::new("PATCH", "/task-instances/{one}/state").json(success.clone()))
        },
    ]
}

fn crowd(request: impl Fn(u32) -> Asked) -> Crowd {
    Crowd {
        requests: (0..12).map(request).collect(),
        exact: true,
    }
}

fn start(task: &'static str, pid: u32) -> Asked {
    Asked::new("PATCH", format!("/task-instances/{{{task}}}/run"))
        .json(json!({
            "state": "running", "hostname": "h", "unixname": "u", "pid": pid, "start_date": "2026-01-01T00:00:00Z",
        }))
        .by(Who::Task(task))
}

fn variable(key: &str) -> Asked {
    Asked::new("PUT", format!("/variables/{key}")).json(json!({"val": "é", "description": "d"}))
}
