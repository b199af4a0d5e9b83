//! What Aileron writes into its database, a real Airflow reads.
#![allow(clippy::unwrap_used)]

mod bundle_support;

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use aileron_bundle::BundleWriter;
use aileron_bundle::manifest::Manifest;
use aileron_metastore::database::Missing;
use aileron_metastore::{DagFile, DagRunRequest, Metastore};
use bundle_support::{aileron, shop};
use end_to_end::{AirflowVersion, workspace_root};
use serde_json::{Value, json};

const VERSION: AirflowVersion = AirflowVersion::V3_3_2;

/// Writes the stub of a bundle.
fn stub(manifest: Manifest, directory: &Path) {
    let executable = directory.join("executable.sh");
    std::fs::write(&executable, "#!/bin/sh\nexit 0\n").unwrap();
    BundleWriter::new(executable, manifest)
        .write(directory.join("shop"))
        .unwrap();
    aileron(
        directory,
        &["stub", "shop", "--output", "shop.py"].map(OsStr::new),
    );
}

async fn fill(path: &Path, manifest: &Manifest) {
    let store = Metastore::open(path, Missing::Create).await.unwrap();
    let file = DagFile {
        bundle_name: "aileron".to_owned(),
        fileloc: "/bundles/shop".to_owned(),
        relative_fileloc: "shop".to_owned(),
        source_code: "fn main() {}".to_owned(),
        queue: "rust".to_owned(),
    };
    for dag in &manifest.aileron.as_ref().unwrap().dags {
        store.register_dag(dag, &file).await.unwrap();
    }
    let date = "2026-02-01T00:00:00Z".parse().unwrap();
    let request = DagRunRequest::manual("shop", "r", Some(date));
    store.create_dag_run(&request).await.unwrap();
    store.database().close().await;
}

fn ask(home: &Path) -> Value {
    let output = Command::new(VERSION.python().unwrap())
        .arg(workspace_root().join("tests/end-to-end/python/metastore_dags.py"))
        .arg(home.join("shop.py"))
        .env_clear()
        .env("AIRFLOW_HOME", home)
        .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

/// A serialized Dag without what names the file it is from, and with its lists in one order.
fn comparable(dag: &Value) -> Value {
    let mut dag = dag.clone();
    let fields = dag["dag"].as_object_mut().unwrap();
    for name in ["fileloc", "relative_fileloc", "_processor_dags_folder"] {
        fields.remove(name);
    }
    let tasks = fields["tasks"].as_array_mut().unwrap();
    tasks.sort_by_key(|task| task["__var"]["task_id"].to_string());
    for task in tasks {
        let task = task["__var"].as_object_mut().unwrap();
        task.remove("python_callable_name");
    }
    let dependencies = fields["dag_dependencies"].as_array_mut().unwrap();
    dependencies.sort_by_key(ToString::to_string);
    dag
}

#[tokio::test]
async fn a_registered_dag_is_what_airflow_makes_of_its_stub_and_its_run_is_listed() {
    let home = tempfile::tempdir().unwrap();
    let manifest = shop();
    stub(manifest.clone(), home.path());
    fill(&home.path().join("airflow.db"), &manifest).await;
    let answer = ask(home.path());

    for dag in &manifest.aileron.as_ref().unwrap().dags {
        let stored = &answer["stored"][&dag.dag_id];
        assert_eq!(stored["hash"], stored["hash_of_data"], "{}", dag.dag_id);
        let mut ids: Vec<_> = dag.tasks.iter().map(|task| task.task_id.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(stored["tasks"], json!(ids));
        let (ours, theirs) = (
            comparable(&stored["data"]),
            comparable(&answer["parsed"][&dag.dag_id]),
        );
        let tasks = |dag: &Value| dag["dag"]["tasks"].as_array().unwrap().clone();
        for (ours, theirs) in tasks(&ours).iter().zip(tasks(&theirs)) {
            assert_eq!(
                *ours, theirs,
                "{} of {}",
                theirs["__var"]["task_id"], dag.dag_id
            );
        }
        assert_eq!(ours, theirs);
    }
    assert_eq!(answer["runs"][0]["run_id"], "r");
    assert_eq!(answer["runs"][0]["state"], "queued");
    let tasks = answer["states"].as_array().unwrap().len();
    let shop = manifest.aileron.as_ref().unwrap().dags.iter();
    assert_eq!(
        Some(tasks),
        shop.into_iter()
            .find(|dag| dag.dag_id == "shop")
            .map(|dag| dag.tasks.len())
    );
    assert!(
        answer["dags"]
            .as_array()
            .unwrap()
            .iter()
            .any(|dag| dag["dag_id"] == "shop")
    );
}
