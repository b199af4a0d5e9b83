//! Which of Airflow's example Dags are run, and what is said about them.

/// A run of an example Dag that somebody asks for.
pub(crate) struct Example {
    /// Its file in the package `airflow`; none for one of this repository.
    pub(crate) file: Option<&'static str>,
    pub(crate) dag_id: &'static str,
    /// The conf of the run, as JSON.
    pub(crate) conf: &'static str,
    /// The Dags whose runs it leads to, by an asset or by asking for them.
    pub(crate) leads_to: &'static [&'static str],
    /// What is random or a time in it, as JSON pointers into the outcome.
    pub(crate) varies: &'static [&'static str],
}

const fn example(file: &'static str, dag_id: &'static str) -> Example {
    Example {
        file: Some(file),
        dag_id,
        conf: "{}",
        leads_to: &[],
        varies: &[],
    }
}

const MAPPING: &str = "example_dags/example_dynamic_task_mapping.py";

/// What is run first.
pub(crate) const FIRST: &[Example] = &[
    // In Rust: Airflow's supervisor hands its tasks to a coordinator.
    Example {
        file: None,
        ..example("", "orders")
    },
    // Waits for half a minute at the triggerer: it comes first.
    example(
        "example_dags/example_time_delta_sensor_async.py",
        "example_time_delta_sensor_async",
    ),
    // Asks for a run of another Dag, and waits for it: by asking, and deferred.
    Example {
        leads_to: &["child_dag"],
        ..example(
            "providers/standard/example_dags/example_external_task_parent_deferrable.py",
            "example_external_task",
        )
    },
    // Fails once, is tried again, and finds what it stored.
    Example {
        varies: &[
            "/task_instances/run_job/xcoms/return_value",
            "/task_instances/run_job/task_state/job_id/value",
            "/task_instances/run_job/task_state/result/value",
        ],
        ..example(
            "example_dags/example_task_state_store.py",
            "example_task_state_store",
        )
    },
    example(
        "example_dags/example_task_state_store_async.py",
        "example_task_state_store_async",
    ),
    Example {
        varies: &[
            "/task_instances/process_table[0]/xcoms/return_value/row_count",
            "/task_instances/process_table[0]/xcoms/row_count",
            "/task_instances/process_table[1]/xcoms/return_value/row_count",
            "/task_instances/process_table[1]/xcoms/row_count",
            "/task_instances/process_table[2]/xcoms/return_value/row_count",
            "/task_instances/process_table[2]/xcoms/row_count",
            "/task_instances/process_table[0]/task_state/result/value/row_count",
            "/task_instances/process_table[1]/task_state/result/value/row_count",
            "/task_instances/process_table[2]/task_state/result/value/row_count",
        ],
        ..example(
            "example_dags/example_task_state_store_mapped.py",
            "example_task_state_store_mapped",
        )
    },
    Example {
        leads_to: &["example_asset_state_store_consumer"],
        varies: &[
            "/task_instances/load/xcoms/return_value",
            "/asset_state/0/value/rows_loaded",
        ],
        ..example(
            "example_dags/example_asset_state_store.py",
            "example_asset_state_store_producer",
        )
    },
    Example {
        leads_to: &["example_trigger_target_dag"],
        ..example(
            "providers/standard/example_dags/example_trigger_controller_dag.py",
            "example_trigger_controller_dag",
        )
    },
    Example {
        leads_to: &[
            "asset_s3_bucket_consumer",
            "asset_alias_example_alias_consumer",
        ],
        ..example(
            "example_dags/example_asset_alias.py",
            "asset_alias_example_alias_producer",
        )
    },
    Example {
        leads_to: &["consumes_asset_decorator"],
        ..example("example_dags/example_asset_decorator.py", "asset1_producer")
    },
    example(
        "example_dags/example_outlet_event_extra.py",
        "asset_with_extra_by_yield",
    ),
    example(
        "example_dags/example_outlet_event_extra.py",
        "asset_with_extra_from_classic_operator",
    ),
    example("example_dags/example_xcom.py", "example_xcom"),
    example("example_dags/example_xcomargs.py", "example_xcom_args"),
    example(MAPPING, "example_task_mapping_second_order"),
    example(MAPPING, "example_task_group_mapping"),
    example(
        "example_dags/example_dynamic_task_mapping_with_no_taskflow_operators.py",
        "example_dynamic_task_mapping_with_no_taskflow_operators",
    ),
    example("example_dags/example_task_group.py", "example_task_group"),
    example(
        "example_dags/example_nested_branch_dag.py",
        "example_nested_branch_dag",
    ),
    example("example_dags/example_skip_dag.py", "example_skip_dag"),
    example(
        "example_dags/example_setup_teardown_taskflow.py",
        "example_setup_teardown_taskflow",
    ),
    example("example_dags/example_failed_dag.py", "example_failed_dag"),
    example(
        "example_dags/example_latest_only_with_trigger.py",
        "latest_only_with_trigger",
    ),
    Example {
        conf: r#"{"names": ["Ada", "Grace"], "french": false}"#,
        ..example(
            "example_dags/example_params_trigger_ui.py",
            "example_params_trigger_ui",
        )
    },
    example(
        "example_dags/tutorial_taskflow_api.py",
        "tutorial_taskflow_api",
    ),
    example(
        "providers/standard/example_dags/example_short_circuit_operator.py",
        "example_short_circuit_operator",
    ),
    example(
        "providers/standard/example_dags/example_sensor_decorator.py",
        "example_sensor_decorator",
    ),
    example(
        "providers/standard/example_dags/example_bash_operator.py",
        "example_bash_operator",
    ),
];

/// What is run when all that has ended: it looks at what is there then.
pub(crate) const THEN: &[Example] = &[
    example(
        "example_dags/example_inlet_event_extra.py",
        "read_asset_event",
    ),
    example(
        "example_dags/example_inlet_event_extra.py",
        "read_asset_event_from_classic",
    ),
    Example {
        leads_to: &["consumes_asset_decorator"],
        ..example("example_dags/example_asset_decorator.py", "asset2_producer")
    },
];

/// Files with Dags that others lead to.
pub(crate) const MORE_FILES: &[&str] = &[
    "providers/standard/example_dags/example_external_task_child_deferrable.py",
    "example_dags/example_trigger_target_dag.py",
];
