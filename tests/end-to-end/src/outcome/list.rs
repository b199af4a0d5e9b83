//! The Dags that are run, and what is not the same everywhere.

/// A Dag, run with each of the ways.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// The Dag.
    pub dag_id: &'static str,
    /// The package whose program has its tasks.
    pub program: &'static str,
    /// The conf of its run, as JSON.
    pub conf: &'static str,
    /// What is said to `aileron run` besides, because a Dag file says it to Airflow.
    pub local_flags: &'static [&'static str],
    /// What `aileron run` makes of it.
    pub local: Local,
    /// Where `aileron execute-workload` under the scheduler of an Airflow gives something else.
    pub pods: &'static [Difference],
}

/// What `aileron run` makes of a Dag that an Airflow runs.
#[derive(Debug, Clone, Copy)]
pub enum Local {
    /// The same.
    Same,
    /// The same but for this.
    Except(&'static [Difference]),
    /// The same of these tasks, which run alone: the Dag file has no others.
    Alone(&'static [&'static str]),
    /// Nothing, for this reason.
    NotRun(&'static str),
    /// It refuses the Dag, which has tasks in Python: these. The ones named last run alone, with the same results.
    NeedsPython(&'static str, &'static [&'static str]),
}

/// One place where an outcome is another.
#[derive(Debug, Clone, Copy)]
pub struct Difference {
    /// The place, as a JSON pointer into the outcome.
    pub at: &'static str,
    /// What is there, as JSON; null for nothing.
    pub gives: &'static str,
    /// Why it has to be.
    pub because: &'static str,
    /// What the person is told, where a person has to be.
    pub says: Option<&'static str>,
}

/// The run id that [`SCENARIOS`] have under `aileron run`.
pub const LOCAL_RUN_ID: &str = "the-same";

const fn scenario(dag_id: &'static str, local: Local) -> Scenario {
    Scenario {
        dag_id,
        program: "scenarios",
        conf: "{}",
        local_flags: &[],
        local,
        pods: &[],
    }
}

const fn difference(
    at: &'static str,
    gives: &'static str,
    because: &'static str,
    says: Option<&'static str>,
) -> Difference {
    Difference {
        at,
        gives,
        because,
        says,
    }
}

const ONLY_A_PERSON: &str =
    "the task waits for a person without a time limit, and nobody can answer";
const ONE_DAG: &str =
    "the database knows only the Dags that were run; nobody would run another one";

/// The Dags of the end-to-end tests that are not compared, and why.
pub const NOT_COMPARED: &[(&str, &str)] = &[
    ("stores_on_orders", "it has no Rust task"),
    ("stores_clash_one", CLASH),
    ("stores_clash_two", CLASH),
    ("checkpoint_in_xcom", REPAIRED),
    ("state_in_variables", REPAIRED),
    ("watermark_in_variable", REPAIRED),
];

const REPAIRED: &str = "it is in Python only, and tells what `aileron lint` makes of it";

const CLASH: &str = "which of the two Dags has the asset that is active is chance; one of both is refused everywhere";

const NO_SUCH_DAG: &str = "/task_instances/look/xcoms/return_value/no_such_dag";

/// Every other Dag that Airflow 3.3 can run. The arguments of `taskflow` and `taskflow_refused` stand in the Dag file, which is
/// nothing to a Rust task before 3.4.
pub const SCENARIOS: &[Scenario] = &[
    scenario("values", Local::NeedsPython("double", &["measure"])),
    scenario(
        "exchanged",
        Local::NeedsPython("describe, leave_null, compare", &["list_numbers"]),
    ),
    scenario("retried", Local::Same),
    scenario("panicking", Local::Same),
    scenario("not_retried", Local::Same),
    scenario("logging", Local::Same),
    scenario(
        "large_value",
        Local::Except(&[difference(
            "/task_instances/compare",
            "null",
            "the Rust Dag does not name the Python task",
            None,
        )]),
    ),
    scenario(
        "forgotten",
        Local::Except(&[difference(
            "/task_instances/not_in_the_bundle",
            "null",
            "the Dag file names a task that no bundle has",
            None,
        )]),
    ),
    Scenario {
        local_flags: &["--mapped", "mapped=2"],
        ..scenario("stores_task", Local::Same)
    },
    scenario("stores_settings", Local::NeedsPython("compare", &[])),
    scenario(
        "stores_from_rust",
        Local::NeedsPython("consume", &["produce"]),
    ),
    scenario(
        "stores_from_python",
        Local::NeedsPython("produce, produce_again, check", &[]),
    ),
    scenario("skipping", Local::Same),
    scenario("labelling", Local::Same),
    scenario("retrying", Local::Same),
    scenario("sensing", Local::Same),
    scenario(
        "deferring",
        Local::Except(&[difference(
            "/task_instances/wait_for_nothing/xcoms/return_value",
            "\"the trigger failed: the trigger airflow.providers.standard.triggers.temporal.NoSuchTrigger needs an Airflow \
             with a triggerer; `aileron run` waits for DateTimeTrigger and TimeDeltaTrigger only\"",
            "a trigger is Python; only the two that wait for a time are known without it",
            None,
        )]),
    ),
    scenario(
        "asking",
        Local::Except(&[
            difference(
                "/task_instances/approve/state",
                "\"failed\"",
                ONLY_A_PERSON,
                Some(
                    "the task waits for a person's answer without a time limit, and only an Airflow can ask one",
                ),
            ),
            difference("/task_instances/approve/xcoms", "null", ONLY_A_PERSON, None),
            difference("/state", "\"failed\"", ONLY_A_PERSON, None),
        ]),
    ),
    Scenario {
        conf: r#"{"date": "2026-03-01T00:00:00Z"}"#,
        ..scenario(
            "starting",
            Local::Except(&[
                difference(
                    "/task_instances/start/state",
                    "\"failed\"",
                    ONE_DAG,
                    Some("a run of Dag `started` cannot be started"),
                ),
                difference("/task_instances/start/xcoms", "null", ONE_DAG, None),
                difference("/state", "\"failed\"", ONE_DAG, None),
            ]),
        )
    },
    Scenario {
        conf: r#"{"from": "manual__by-hand", "numbers": [1, 2]}"#,
        local_flags: &["--logical-date", "2026-03-01T00:00:00Z"],
        pods: &[difference(
            NO_SUCH_DAG,
            r#""Dag `no_such_dag`: GetDag: API_SERVER_ERROR (HTTP 404): get Dag \"no_such_dag\": The Dag with dag_id: `no_such_dag` was not found {\"reason\":\"not_found\",\"message\":\"The Dag with dag_id: `no_such_dag` was not found\"}""#,
            "what a refusal is told as: our supervisor names the request",
            None,
        )],
        ..scenario(
            "started",
            Local::Except(&[
                difference(
                    "/task_instances/look/xcoms/return_value/relative_fileloc",
                    r#""main.rs""#,
                    "the Dag comes from another file",
                    None,
                ),
                difference(
                    NO_SUCH_DAG,
                    r#""Dag `no_such_dag`: GetDag: API_SERVER_ERROR (HTTP 404): get Dag \"no_such_dag\": there is no Dag \"no_such_dag\" {\"reason\":\"not_found\",\"message\":\"there is no Dag \\\"no_such_dag\\\"\"}""#,
                    "what a refusal is told as: our own words",
                    None,
                ),
            ]),
        )
    },
    scenario(
        "terminated",
        Local::NotRun("a person ends the task with a click, and what is clicked in is an Airflow"),
    ),
    Scenario {
        program: "resumable",
        conf: r#"{"milliseconds": 50}"#,
        ..scenario("jobs", Local::Alone(&["idempotent"]))
    },
    Scenario {
        program: "taskflow",
        ..scenario(
            "taskflow_stub",
            Local::NeedsPython("double, squares", &["numbers"]),
        )
    },
    Scenario {
        program: "orders",
        ..scenario("orders", Local::Same)
    },
];
