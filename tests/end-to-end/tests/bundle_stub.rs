//! The Dag files of `aileron stub` mean to Airflow what the manifest says.
#![allow(clippy::unwrap_used)]

mod bundle_support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aileron_bundle::BundleWriter;
use aileron_bundle::manifest::{ArgSource, DagOutline, Manifest, TaskOutline};
use bundle_support::{TRICKY, aileron, dags, shop};
use end_to_end::AirflowVersion;
use serde_json::{Value, json};

fn stub(directory: &Path, more: &[&str]) -> PathBuf {
    stub_of(shop(), directory, more)
}

fn stub_of(manifest: Manifest, directory: &Path, more: &[&str]) -> PathBuf {
    let executable = directory.join("executable.sh");
    std::fs::write(&executable, "#!/bin/sh\nexit 0\n").unwrap();
    BundleWriter::new(executable, manifest)
        .write(directory.join("shop"))
        .unwrap();
    let arguments = [&["stub", "shop", "--output", "shop.py"], more].concat();
    aileron(
        directory,
        &arguments.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
    );
    directory.join("shop.py")
}

fn read(airflow: AirflowVersion, file: &Path) -> Value {
    let read = dags(airflow, file);
    assert_eq!(read["import_errors"], json!({}), "Airflow {airflow}");
    assert_eq!(read["warnings"], json!([]), "Airflow {airflow}");
    read["dags"].clone()
}

/// What Airflow should say of a task; what the outline leaves open is Airflow's default.
fn expected_task(task: &TaskOutline) -> Value {
    let queue = task
        .queue
        .as_deref()
        .unwrap_or(if task.external { "default" } else { "rust" });
    let upstream: BTreeSet<_> = task
        .upstream
        .iter()
        .chain(task.args.iter().filter_map(|arg| match &arg.source {
            ArgSource::Xcom { task_id } => Some(task_id),
            ArgSource::Literal { .. } => None,
        }))
        .collect();
    json!({
        "stub": !task.external,
        "queue": queue,
        "upstream": upstream,
        "retries": task.retries.unwrap_or(0),
        "retry_delay": task.retry_delay.unwrap_or(300.0),
        "execution_timeout": task.execution_timeout,
        "pool": task.pool.as_deref().unwrap_or("default_pool"),
        "priority_weight": task.priority_weight.unwrap_or(1),
        "trigger_rule": task.trigger_rule.as_deref().unwrap_or("all_success"),
        "owner": task.owner.as_deref().unwrap_or("airflow"),
        "depends_on_past": task.depends_on_past,
        "doc_md": task.doc_md,
    })
}

fn assert_same_dag(airflow: AirflowVersion, found: &Value, dag: &DagOutline) {
    let instant = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    assert_eq!(found["schedule"], json!(dag.schedule), "Airflow {airflow}");
    assert_eq!(
        found["start_date"].as_str().map(instant),
        dag.start_date.as_deref().map(instant),
        "Airflow {airflow}"
    );
    assert_eq!(found["catchup"], dag.catchup, "Airflow {airflow}");
    assert_eq!(
        found["max_active_runs"],
        dag.max_active_runs.unwrap_or(16),
        "Airflow {airflow}"
    );
    assert_eq!(
        found["tags"],
        json!(dag.tags.iter().collect::<BTreeSet<_>>()),
        "Airflow {airflow}"
    );
    assert_eq!(found["doc_md"], json!(dag.doc_md), "Airflow {airflow}");
    let tasks = found["tasks"].as_object().unwrap();
    assert_eq!(tasks.len(), dag.tasks.len());
    for task in &dag.tasks {
        let mut found = tasks[&task.task_id].clone();
        found.as_object_mut().unwrap().remove("arg_bindings");
        assert_eq!(
            found,
            expected_task(task),
            "task {} on Airflow {airflow}",
            task.task_id
        );
    }
}

#[test]
fn airflow_sees_the_dags_of_the_manifest_in_the_stub_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = stub(dir.path(), &[]);
    for airflow in AirflowVersion::ALL {
        let found = read(airflow, &file);
        let outlines = shop().aileron.unwrap().dags;
        assert_eq!(found.as_object().unwrap().len(), outlines.len());
        for dag in &outlines {
            assert_same_dag(airflow, &found[&dag.dag_id], dag);
        }
    }
}

#[test]
fn airflow_3_4_binds_the_arguments_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let found = read(AirflowVersion::V3_4_0b2, &stub(dir.path(), &[]));
    for dag in shop().aileron.unwrap().dags {
        for task in dag
            .tasks
            .iter()
            .filter(|task| !task.external && !task.args.is_empty())
        {
            let bindings = found[&dag.dag_id]["tasks"][&task.task_id]["arg_bindings"]
                .as_array()
                .unwrap();
            assert_eq!(bindings.len(), task.args.len());
            for (binding, arg) in bindings.iter().zip(&task.args) {
                match &arg.source {
                    ArgSource::Literal { value } => {
                        assert_eq!(binding["value"], *value, "{}", arg.name)
                    }
                    ArgSource::Xcom { task_id } => {
                        assert_eq!(binding["task_id"], **task_id, "{}", arg.name)
                    }
                }
            }
        }
    }
}

#[test]
fn external_tasks_come_from_the_module_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let module = "from airflow.sdk import task\n\n\n@task(retries=9)\ndef enrich(orders):\n    return orders\n";
    std::fs::write(dir.path().join("shop_python.py"), module).unwrap();
    let file = stub(dir.path(), &["--external-module", "shop_python"]);
    for airflow in AirflowVersion::ALL {
        let enrich = &read(airflow, &file)["shop"]["tasks"]["enrich"];
        assert_eq!(
            (&enrich["retries"], &enrich["upstream"]),
            (&json!(9), &json!(["extract"])),
            "Airflow {airflow}"
        );
    }
}

#[test]
fn texts_and_literals_reach_airflow_as_they_are() {
    let mut manifest = shop();
    let texts = json!({"list": TRICKY, "map": TRICKY.iter().map(|text| (*text, *text)).collect::<std::collections::BTreeMap<_, _>>()});
    let dag = &mut manifest.aileron.as_mut().unwrap().dags[0];
    dag.doc_md = Some(TRICKY.concat());
    dag.tasks[2].doc_md = Some(TRICKY.join("\n"));
    dag.tasks[2].args[2].source = ArgSource::Literal {
        value: texts.clone(),
    };
    let dir = tempfile::tempdir().unwrap();
    let file = stub_of(manifest, dir.path(), &[]);
    for airflow in AirflowVersion::ALL {
        let found = read(airflow, &file);
        assert_eq!(
            found["shop"]["doc_md"],
            TRICKY.concat(),
            "Airflow {airflow}"
        );
        let task = &found["shop"]["tasks"]["summarise"];
        assert_eq!(task["doc_md"], TRICKY.join("\n"), "Airflow {airflow}");
        if airflow == AirflowVersion::V3_4_0b2 {
            assert_eq!(task["arg_bindings"][2]["value"], texts);
        }
    }
}
