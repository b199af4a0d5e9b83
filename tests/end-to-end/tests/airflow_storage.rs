//! XComs in object storage on a real Airflow 3.3.2 with the Python backend on: an S3 server of its own, the account in an Airflow
//! connection that only the database has.

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use aileron_xcom::storage::Codec;
use anyhow::{Context, Result, ensure};
use end_to_end::bundle::Built;
use end_to_end::{
    Airflow, AirflowVersion, DagRun, ObjectStore, Setup, Suite, storage_packages, workspace_root,
};
use serde_json::{Value, json};

/// No wait in these tests takes longer unless something is wrong.
const LIMIT: Duration = Duration::from_secs(400);

const BUCKET: &str = "xcoms";
const BASE: &str = "s3://xcom_store@xcoms/some/prefix/";

fn main() -> ExitCode {
    let code = Suite::new(start)
        .test(
            "values_of_python_pass_both_ways_through_objects",
            values_of_python_pass,
        )
        .test(
            "rows_pass_both_ways_and_retry_and_clear_leave_no_object",
            rows_pass,
        )
        .test(
            "with_every_codec_python_and_rust_read_what_the_other_wrote",
            every_codec,
        )
        .last(
            "a_store_that_is_down_fails_tasks_and_leaves_nothing_half_written",
            store_down,
        )
        .run();
    drop(STORE.lock().ok().and_then(|mut store| store.take()));
    code
}

/// The object store. It ends with the tests, or before.
static STORE: Mutex<Option<ObjectStore>> = Mutex::new(None);

fn with_store<T>(use_it: impl FnOnce(&ObjectStore) -> Result<T>) -> Result<T> {
    let store = STORE
        .lock()
        .expect("no test fails while it holds the store");
    use_it(store.as_ref().context("there is no object store")?)
}

fn start() -> Result<Airflow> {
    let scenarios = Built::package("scenarios")?;
    let dags = workspace_root().join("tests/end-to-end/dags");
    let store = ObjectStore::start(BUCKET)?;
    let python = workspace_root().join("tests/end-to-end/python");
    let path = std::env::join_paths([storage_packages()?, python])?;
    let option = |key: &str| format!("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_{key}");
    let airflow = Setup::new(AirflowVersion::V3_3_2)
        .variable("PYTHONPATH", path.to_string_lossy())
        .variable("AIRFLOW__CORE__EXECUTOR", "codec_executor.CodecExecutor")
        .variable(
            "AIRFLOW__CORE__XCOM_BACKEND",
            "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
        )
        // A busy machine answers late.
        .variable("AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT", "60")
        .variable(option("PATH"), BASE)
        .variable(option("THRESHOLD"), "10")
        .variable(option("COMPRESSION"), "gzip")
        .dags(dags.join("storage.py"))
        .dags(dags.join("exchanged.py"))
        .dags(dags.join("codecs.py"))
        .bundle(scenarios.bundle)
        .start()?;
    let extra = json!({"region_name": "us-east-1", "endpoint_url": store.url()});
    airflow.api().create_connection(
        "xcom_store",
        "aws",
        &json!({"login": "an_id", "password": "a_secret_key", "extra": extra.to_string()}),
    )?;
    *STORE
        .lock()
        .expect("no test fails while it holds the store") = Some(store);
    Ok(airflow)
}

fn triggered(airflow: &Airflow, dag_id: &str) -> Result<DagRun> {
    let api = airflow.api();
    api.wait_for_dag(dag_id, LIMIT)?;
    api.trigger(dag_id, &json!({}))
}

/// The reference that the database holds of a value, compressed as it is configured for all.
fn reference(airflow: &Airflow, run: &DagRun, task_id: &str, key: &str) -> Result<String> {
    reference_with(airflow, run, (task_id, key), Some(Codec::Gzip))
}

fn reference_with(
    airflow: &Airflow,
    run: &DagRun,
    (task_id, key): (&str, &str),
    codec: Option<Codec>,
) -> Result<String> {
    let stored = airflow.api().xcom(run, task_id, key)?;
    let stored = stored.with_context(|| format!("{task_id} has no XCom {key}"))?;
    let text = stored.as_str().unwrap_or_default().to_owned();
    let prefix = format!("{BASE}{}/{}/{task_id}/", run.dag_id, run.dag_run_id);
    ensure!(
        text.starts_with(&prefix) && Codec::of_path(&text) == Ok(codec),
        "{task_id}, {key}: {stored} is no reference below {prefix} with {codec:?}"
    );
    Ok(text)
}

/// The keys of the objects that a task's XComs lie in.
fn objects(run: &DagRun, task_id: &str) -> Result<Vec<String>> {
    let below = format!("some/prefix/{}/", run.dag_id);
    let all = with_store(|store| store.keys(BUCKET, &below))?;
    let part = format!("/{task_id}/");
    let ours = |key: &String| key.contains(&run.dag_run_id) && key.contains(&part);
    Ok(all.into_iter().filter(ours).collect())
}

fn values_of_python_pass(airflow: &Airflow) -> Result<()> {
    let run = triggered(airflow, "exchanged")?;
    airflow.api().wait_for_success(&run, LIMIT)?;
    // Python has compared the values. Here is where they were.
    for (task_id, key) in [
        ("list_numbers", "return_value"),
        ("leave_null", "return_value"),
        ("gather", "python"),
        ("gather", "return_value"),
        ("compare", "return_value"),
    ] {
        reference(airflow, &run, task_id, key)?;
    }
    ensure!(
        objects(&run, "describe")?.len() == 5,
        "one for each map index"
    );
    ensure!(
        objects(&run, "gather")?.len() == 2,
        "the deleted one was small"
    );
    Ok(())
}

fn rows_pass(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    let run = triggered(airflow, "stored")?;
    api.wait_for_success(&run, LIMIT)?;
    ensure!(
        api.xcom(&run, "make_rows", "small")? == Some(json!(1)),
        "a small value is in the database as it is"
    );
    let first = reference(airflow, &run, "make_rows", "return_value")?;
    let twice = objects(&run, "make_rows")?;
    ensure!(twice.len() == 2, "one for each of two keys: {twice:?}");
    // The first try pushed `attempt` and failed; the second pushed it again.
    let sums = objects(&run, "sum_rows")?;
    ensure!(sums.len() == 2, "attempt and return_value: {sums:?}");
    // What a person sees of an argument that lies in an object.
    let shown = api.task_instance(&run, "sum_rows")?.rendered_fields;
    let python = reference(airflow, &run, "check_rows", "return_value")?;
    ensure!(shown["rows"] == json!(python), "{shown}");

    // So did this one, with an object of bytes; what the first try wrote is gone.
    let passed = |keys: Vec<String>| {
        let ours = |key: &String| key.contains("/pass_bytes/objects/-1/");
        keys.into_iter().filter(ours).collect::<Vec<_>>()
    };
    let first_bytes = passed(objects(&run, "pass_bytes")?);
    ensure!(first_bytes.len() == 1, "{first_bytes:?}");

    api.clear(&run, "make_rows")?;
    api.clear(&run, "pass_bytes")?;
    api.wait_for_success(&run, LIMIT)?;
    let second = reference(airflow, &run, "make_rows", "return_value")?;
    ensure!(first != second, "it was written again");
    let after = objects(&run, "make_rows")?;
    ensure!(
        after.len() == 2,
        "what the first run pushed is purged: {after:?}"
    );
    let second_bytes = passed(objects(&run, "pass_bytes")?);
    ensure!(
        second_bytes.len() == 1 && second_bytes != first_bytes,
        "what the first run passed by reference is purged: {second_bytes:?}"
    );
    Ok(())
}

/// Each codec in a run of its own, all at once: values of Python's that are inline and in objects, taken on by Rust, read by Python.
fn every_codec(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    api.wait_for_dag("codecs", LIMIT)?;
    let mut codecs = vec![None];
    codecs.extend(Codec::ALL.map(Some));
    let mut runs = Vec::new();
    for codec in codecs {
        let run_id = format!("codec-{}", codec.map_or("none", Codec::name));
        runs.push((codec, api.trigger_as("codecs", &run_id)?));
    }
    for (codec, run) in &runs {
        api.wait_for_success(run, LIMIT)?;
        for (task_id, small) in [("write_rows", json!([1])), ("turn_rows", json!([1, 2]))] {
            ensure!(api.xcom(run, task_id, "small")? == Some(small));
            let text = reference_with(airflow, run, (task_id, "return_value"), *codec)?;
            if task_id == "turn_rows" {
                reference_with(airflow, run, (task_id, "by_row"), *codec)?;
            }
            let key = text.strip_prefix("s3://xcom_store@xcoms/");
            let key = key.context("it is in another bucket")?;
            let object = with_store(|store| store.object(BUCKET, key))?;
            let object = object.context("it has no object")?;
            let plain = object.starts_with(b"[{");
            ensure!(plain == codec.is_none(), "{text}: {:?}", &object[..2]);
        }
    }
    Ok(())
}

fn store_down(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    api.wait_for_dag("stored", LIMIT)?;
    drop(STORE.lock().ok().and_then(|mut store| store.take()));
    let run = triggered(airflow, "stored")?;
    let run = api.wait_for_run(&run, LIMIT)?;
    ensure!(run.state == "failed", "{run:?}");
    let log = api.task_log(&run, "make_rows", 1)?;
    let told = log.find("cannot write the object");
    ensure!(
        told.is_some_and(|line| line.event().contains(BASE)),
        "the object is named: {log:?}"
    );
    let keys = api.xcom_keys(&run, "make_rows")?;
    ensure!(
        keys == ["small"],
        "no row refers to what was not written: {keys:?}"
    );
    let none: Option<Value> = api.return_value(&run, "make_rows")?;
    ensure!(none.is_none(), "{none:?}");
    Ok(())
}
