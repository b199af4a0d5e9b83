//! The Dags that are run, and what is not the same without an Airflow.

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
}

/// What `aileron run` makes of a Dag that an Airflow runs.
#[derive(Debug, Clone, Copy)]
pub enum Local {
    /// The same.
    Same,
    /// The same but for this.
    Except(&'static [Difference]),
    /// It refuses the Dag, which has tasks in Python: these. The ones named last run alone, with the same results.
    NeedsPython(&'static str, &'static [&'static str]),
}

/// One place where an outcome without an Airflow is another.
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

/// Every Dag of the end-to-end tests that ends by itself. The Dag `terminated` waits for a person to end it.
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
