//! How the harness configures Airflow: everything through environment variables, nothing from the machine.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::json;

use super::Setup;
use super::home::Home;
use crate::AirflowVersion;

/// The name of the Dag bundle that holds the task bundles for Airflow 3.4.
const TASK_HANDLERS: &str = "rust-tasks";

/// The ports of the loopback interface that the two halves of the API server listen on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    /// The web interface and the public REST API.
    pub(super) public: u16,
    /// The Execution API, which the supervisors of tasks talk to.
    pub(super) execution: u16,
}

/// The components to start, each with its arguments.
///
/// The API server runs as two processes. In one, SQLite's single writer would block it now and then: the public API writes its
/// audit log from the event loop, where it waits for a writer that needs the event loop to finish.
pub(super) fn components(setup: &Setup, ports: Ports) -> Vec<Vec<String>> {
    let mut lines = vec![
        api_server("core", ports.public),
        "scheduler --skip-serve-logs".to_owned(),
        "dag-processor".to_owned(),
    ];
    if !setup.execution_apart {
        lines.push(api_server("execution", ports.execution));
    }
    if setup.triggerer {
        lines.push("triggerer --skip-serve-logs".to_owned());
    }
    lines
        .iter()
        .map(|line| line.split(' ').map(str::to_owned).collect())
        .collect()
}

/// The subcommand for one half of the API server.
pub(super) fn api_server(app: &str, port: u16) -> String {
    format!("api-server --apps {app} --host 127.0.0.1 --port {port} --workers 1")
}

/// The environment variables of every Airflow process.
pub(super) fn variables(setup: &Setup, home: &Home, ports: Ports) -> Result<Vec<(String, String)>> {
    let mut variables = vec![("AIRFLOW_HOME".to_owned(), home.path().display().to_string())];
    let mut set = |section: &str, key: &str, value: String| {
        let (section, key) = (section.to_uppercase(), key.to_uppercase());
        variables.push((format!("AIRFLOW__{section}__{key}"), value));
    };
    let base_url = format!("http://127.0.0.1:{}", ports.public);
    let execution_url = format!("http://127.0.0.1:{}/execution/", ports.execution);
    set("core", "dags_folder", home.dags().display().to_string());
    set("core", "load_examples", "False".to_owned());
    set("core", "parallelism", setup.parallelism.to_string());
    set("core", "dags_are_paused_at_creation", "False".to_owned());
    set("core", "simple_auth_manager_all_admins", "True".to_owned());
    set("core", "execution_api_server_url", execution_url);
    set("core", "fernet_key", URL_SAFE.encode(random_bytes()));
    set("core", "hostname_callable", "socket.gethostname".to_owned());
    set("api", "base_url", base_url);
    set("api", "secret_key", URL_SAFE.encode(random_bytes()));
    set("api_auth", "jwt_secret", URL_SAFE.encode(random_bytes()));
    set("usage_data_collection", "enabled", "False".to_owned());
    // Only triggered runs, none that a schedule adds to them.
    set("scheduler", "use_job_schedule", setup.schedules.to_string());
    if let Some(database) = &setup.postgres {
        set("database", "sql_alchemy_conn", database.sqlalchemy_url());
    }
    for (section, key, value) in INTERVALS {
        set(section, key, (*value).to_owned());
    }
    for (section, key, value) in routing(setup, home) {
        set(section, key, value.to_string());
    }
    // The machine may send HTTP through a proxy; not to this Airflow.
    variables.push(("NO_PROXY".to_owned(), "127.0.0.1,localhost".to_owned()));
    variables.push(("no_proxy".to_owned(), "127.0.0.1,localhost".to_owned()));
    variables.extend(setup.variables.iter().cloned());
    Ok(variables)
}

/// Airflow's intervals (in seconds) are made for fleets; these are for one machine that waits for the result. A file that has
/// changed is read at the next look; how often one that has not changed is read stays as it is: it is all that the Dag processor
/// has to do, and takes a third of the time of a processor.
const INTERVALS: &[(&str, &str, &str)] = &[
    ("scheduler", "scheduler_idle_sleep_time", "0.2"),
    ("scheduler", "scheduler_heartbeat_sec", "1"),
    ("scheduler", "job_heartbeat_sec", "2"),
    ("scheduler", "task_instance_heartbeat_timeout", "60"),
    ("scheduler", "trigger_timeout_check_interval", "1"),
    ("dag_processor", "refresh_interval", "5"),
    ("dag_processor", "bundle_refresh_check_interval", "1"),
    ("workers", "min_heartbeat_interval", "1"),
];

/// Sends tasks of queue `rust` to the bundles of the home.
fn routing(setup: &Setup, home: &Home) -> Vec<(&'static str, &'static str, serde_json::Value)> {
    let kwargs = match setup.version {
        AirflowVersion::V3_3_2 => json!({"executables_root": [home.bundles()]}),
        AirflowVersion::V3_4_0b2 => json!({"task_handler_bundle_name": TASK_HANDLERS}),
    };
    let classpath = "airflow.sdk.coordinators.executable.ExecutableCoordinator";
    let mut routing = vec![
        (
            "sdk",
            "coordinators",
            json!({"rust": {"classpath": classpath, "kwargs": kwargs}}),
        ),
        ("sdk", "queue_to_coordinator", json!({"rust": "rust"})),
    ];
    if setup.version == AirflowVersion::V3_4_0b2 {
        let local = "airflow.dag_processing.bundles.local.LocalDagBundle";
        let bundles = json!([
            {"name": "dags-folder", "classpath": local, "kwargs": {}},
            {"name": TASK_HANDLERS, "classpath": local, "kwargs": {"path": home.bundles()}},
        ]);
        routing.push(("dag_processor", "dag_bundle_config_list", bundles));
    }
    routing
}

pub(super) fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    bytes[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    bytes
}
