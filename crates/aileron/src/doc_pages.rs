//! The pages of the documentation, so that their Rust snippets compile and run as doctests.

macro_rules! pages {
    ($($name:ident: $path:literal,)+) => {
        $(
            #[doc = include_str!(concat!("../../../", $path))]
            pub mod $name {}
        )+
    };
}

pages! {
    readme: "README.md",
    index: "docs/README.md",
    traces: "docs/traces.md",
    write_tasks: "docs/write-tasks.md",
    resumable_jobs: "docs/resumable-jobs.md",
    choose_a_place: "docs/choose-a-place.md",
    task_outcomes: "docs/task-outcomes.md",
    test_tasks: "docs/test-tasks.md",
    run: "docs/run.md",
    state_and_assets: "docs/state-and-assets.md",
    deploy_airflow_3_3: "docs/deploy-airflow-3.3.md",
    deploy_airflow_3_4: "docs/deploy-airflow-3.4.md",
    kubernetes: "docs/kubernetes.md",
    serve: "docs/serve.md",
    python_and_rust: "docs/python-and-rust.md",
    logs_and_secrets: "docs/logs-and-secrets.md",
    local_state: "docs/local-state.md",
    cli: "docs/cli.md",
    bundle_format: "docs/bundle-format.md",
    object_storage: "docs/object-storage.md",
}
