//! Requests that come at the same time, in a run of their own.

use end_to_end::AirflowVersion;
use serde_json::json;

use super::asked::{Asked, Who};

/// The run that they are about.
pub(crate) const RUN: &str = "crowd";

/// Requests that are sent at once.
pub(crate) struct Crowd {
    pub(crate) requests: Vec<Asked>,
    /// Whether it can be said what comes back, and not only that nothing fails.
    pub(crate) exact: bool,
}

/// What is in the tables afterwards, without what depends on who came first.
pub(crate) fn tables(version: AirflowVersion) -> Vec<&'static str> {
    let own = match version {
        AirflowVersion::V3_3_2 => AIRFLOW_332,
        AirflowVersion::V3_4_0b2 => AIRFLOW_340,
    };
    EVERY.iter().chain(own).copied().collect()
}

/// Of every version.
const EVERY: &[&str] = &[
    "select key, description, is_encrypted from variable order by key",
    "select task_id, key, value from task_state_store order by task_id, key",
    "select a.name, s.key, s.value, s.last_updated_by_task_id from asset_state_store s join asset a on a.id = s.asset_id \
     order by 1, 2",
    "select a.name, e.source_task_id, e.extra from asset_event e join asset a on a.id = e.asset_id order by 1, 2",
    "select event, task_id, count(*) from log group by event, task_id order by 1, 2",
];

/// Of 3.3.2 alone.
const AIRFLOW_332: &[&str] = &[
    "select task_id, map_index, state, try_number, max_tries, hostname, pid > 0, duration > 0 from task_instance \
     where run_id = 'crowd' order by task_id, map_index",
    "select task_id, try_number, state from task_instance_history where run_id = 'crowd' order by task_id, try_number",
    "select task_id, map_index, key, value from xcom where run_id = 'crowd' order by task_id, map_index, key",
];

/// Of 3.4.0b2 alone.
const AIRFLOW_340: &[&str] = &[
    "select task_id, region_index, working_set, archived_reason, state, try_number, max_tries, hostname, pid > 0, \
     duration > 0 from task_instance where run_id = 'crowd' order by task_id, region_index, try_number",
    "select t.task_id, t.region_index, t.try_number, x.key, x.value \
     from xcom_v2 x join task_instance t on t.id = x.task_instance_id \
     where t.run_id = 'crowd' order by 1, 2, 3, 4",
    "select dag_id, task_id, run_id, key, value from xcom_v1 order by 1, 2, 3, 4",
    "select key, last_updated_by_task_instance_id from asset_state_store order by asset_id, key",
];

/// Crowds, one after the other.
pub(crate) fn crowds() -> Vec<Crowd> {
    let outlet = json!({"name": "orders", "uri": "file:///orders", "type": "Asset"});
    let success = json!({
        "state": "success", "end_date": "2026-01-01T00:00:09Z", "task_outlets": [outlet], "outlet_events": [],
    });
    vec![
        // One process whose answers got lost.
        crowd(|_| start("crowd:one", 5)),
        // Executors that have all been given the same task: only one of them may run it.
        crowd(|number| start("crowd:two", 100 + number)),
        crowd(|_| {
            Asked::new("PUT", "/task-instances/{crowd:one}/heartbeat")
                .json(json!({"hostname": "h", "pid": 5}))
        }),
        crowd(|number| {
            Asked::new("POST", format!("/xcoms/execution_api/crowd/one/k{number}"))
                .json(json!({"n": number}))
        }),
        crowd(|number| variable(&format!("v{number}"))),
        crowd(|_| variable("same")),
        crowd(|number| {
            Asked::new("PUT", format!("/store/ti/{{crowd:one}}/k{number}"))
                .json(json!({"value": number}))
        }),
        crowd(|_| {
            Asked::new("PUT", "/store/ti/{crowd:one}/same").json(json!({"value": [1, null]}))
        }),
        crowd(|_| {
            Asked::new("PUT", "/store/asset/by-name/value?name=orders&key=same")
                .json(json!({"value": "x"}))
        }),
        Crowd {
            // What is so already is answered with 204 by one and with 200 by the other.
            exact: false,
            ..crowd(|_| {
                Asked::new("PATCH", "/task-instances/{crowd:one}/state").json(success.clone())
            })
        },
    ]
}

fn crowd(request: impl Fn(u32) -> Asked) -> Crowd {
    Crowd {
        requests: (0..12).map(|number| of_the_run(request(number))).collect(),
        exact: true,
    }
}

/// Asked by task `one` of the run, unless it is said by whom.
fn of_the_run(asked: Asked) -> Asked {
    match asked.who {
        Who::Task("one") => asked.by(Who::Task("crowd:one")),
        _ => asked,
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
