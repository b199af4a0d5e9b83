//! A flip to XComs in object storage, and the way back, as a person makes them: on a real Airflow 3.3.2 with PostgreSQL, an S3 server, and
//! workers that are configured anew while Dags run.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::bundle::executable;
use end_to_end::{
    Airflow, AirflowVersion, DagRun, ObjectStore, Postgres, Setup, storage_packages, workspace_root,
};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(180);
const BUCKET: &str = "xcoms";
const BASE: &str = "s3://xcom_store@xcoms/some/prefix";
const BACKEND: &str = "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend";

/// An Airflow, its store, and who looks after both.
struct World {
    airflow: Airflow,
    store: ObjectStore,
    database: String,
    aileron: std::path::PathBuf,
    python: std::path::PathBuf,
    packages: std::path::PathBuf,
}

/// What a command said, and how it ended.
struct Said {
    code: i32,
    document: Value,
}

impl World {
    fn start() -> Result<Self> {
        let store = ObjectStore::start(BUCKET)?;
        let database = Postgres::start()?.database(AirflowVersion::V3_3_2)?;
        let url = database.sqlalchemy_url();
        let packages = storage_packages()?;
        let folder = workspace_root().join("tests/end-to-end");
        let path = std::env::join_paths([packages.clone(), folder.join("python")])?;
        let home = tempfile::tempdir()?;
        std::fs::write(home.path().join("workers.json"), "{}")?;
        let airflow = Setup::new(AirflowVersion::V3_3_2)
            .variable("PYTHONPATH", path.to_string_lossy())
            .variable("AIRFLOW__CORE__EXECUTOR", "flip_executor.FlipExecutor")
            // A machine that does much else answers late.
            .variable("AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT", "60")
            .postgres(database)
            .home(home.keep())
            .dags(folder.join("dags/flip.py"))
            .start()?;
        airflow.api().wait_for_dag("flip", LIMIT)?;
        Ok(Self {
            airflow,
            store,
            database: url,
            aileron: executable("aileron-cli", "aileron")?,
            python: AirflowVersion::V3_3_2.python()?,
            packages,
        })
    }

    /// What the connection to the store is.
    fn connection(&self) -> (&'static str, String) {
        let extra = json!({"region_name": "us-east-1", "endpoint_url": self.store.url()});
        let connection = json!({"conn_type": "aws", "login": "an_id", "password": "a_secret_key", "extra": extra});
        ("AIRFLOW_CONN_XCOM_STORE", connection.to_string())
    }

    /// The configuration with the backend and a threshold.
    fn flipped(&self, threshold: i64) -> Vec<(&'static str, String)> {
        vec![
            self.connection(),
            ("AIRFLOW__CORE__XCOM_BACKEND", BACKEND.to_owned()),
            (
                "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH",
                BASE.to_owned(),
            ),
            (
                "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD",
                threshold.to_string(),
            ),
            (
                "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION",
                "gzip".to_owned(),
            ),
        ]
    }

    /// Has every task that starts from now on get this configuration.
    fn roll_out(&self, variables: &[(&str, String)]) -> Result<()> {
        let all: serde_json::Map<String, Value> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let path = self.airflow.home().join("workers.json");
        let next = path.with_extension("next");
        std::fs::write(&next, serde_json::to_vec(&all)?)?;
        Ok(std::fs::rename(next, path)?)
    }

    /// Runs `aileron xcom` with a configuration, as on a worker.
    fn xcom(&self, arguments: &[&str], variables: &[(&str, String)]) -> Result<Said> {
        let output: Output = Command::new(&self.aileron)
            .arg("xcom")
            .args(arguments)
            .args(["--format", "json"])
            .env("AIRFLOW_HOME", self.airflow.home())
            .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", &self.database)
            .env("PYTHONPATH", &self.packages)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .output()?;
        let stdout = String::from_utf8(output.stdout)?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        Ok(Said {
            code: output.status.code().context("it was killed")?,
            document: serde_json::from_str(&stdout)
                .with_context(|| format!("aileron xcom {arguments:?}: {stdout}\n{stderr}"))?,
        })
    }

    fn python(&self) -> &str {
        self.python.to_str().unwrap_or_default()
    }

    /// Starts a run, and waits until its value is pushed and its gate waits.
    fn run_up_to_the_gate(&self) -> Result<DagRun> {
        let run = self.airflow.api().trigger("flip", &json!({}))?;
        self.airflow
            .api()
            .wait_for_state(&run, "gate", "running", LIMIT)?;
        Ok(run)
    }

    fn open_the_gate(&self, run: &DagRun) -> Result<()> {
        let path = self.airflow.home().join(format!("open-{}", run.dag_run_id));
        Ok(std::fs::write(path, "")?)
    }

    /// The value that is stored for the rows of a run.
    fn stored(&self, run: &DagRun) -> Result<Value> {
        let stored = self.airflow.api().return_value(run, "rows")?;
        stored.context("rows pushed nothing")
    }
}

impl Said {
    fn expect(self, code: i32) -> Result<Value> {
        ensure!(
            self.code == code,
            "it exited with {} instead of {code}: {:#}",
            self.code,
            self.document
        );
        Ok(self.document)
    }
}

#[test]
fn a_flip_and_the_way_back_give_every_task_its_data() -> Result<()> {
    let world = World::start()?;
    let result = flip_and_back(&world);
    let home = world.airflow.home().to_owned();
    let logs = world.airflow.component_logs();
    drop(world);
    remove(&home);
    result.with_context(|| logs)
}

fn flip_and_back(world: &World) -> Result<()> {
    // Before. Values are in the database; control flow is small, and the rows are data.
    world.roll_out(&[])?;
    let before = world.run_up_to_the_gate()?;
    ensure!(world.stored(&before)?.is_array());
    let sizes = world
        .xcom(&["calibrate", "--data-from", "1000"], &[])?
        .expect(0)?;
    ensure!(sizes["proposal"]["threshold"] == 1024, "{sizes:#}");
    proofs(world)?;

    // The flip. What was pushed before is read as it was, and what is pushed now goes to the store.
    world.roll_out(&world.flipped(1024))?;
    let after = world.run_up_to_the_gate()?;
    let lost = world.run_up_to_the_gate()?;
    let reference = world.stored(&after)?;
    ensure!(
        reference
            .as_str()
            .is_some_and(|text| text.starts_with(BASE)),
        "{reference}"
    );

    // A bare revert is refused: two runs have values in flight, and workers still offload.
    let plan = world.xcom(&["rollback"], &world.flipped(1024))?.expect(1)?;
    ensure!(
        plan["in_flight"][0]["run_id"] == after.dag_run_id.as_str(),
        "{plan:#}"
    );
    ensure!(
        plan["in_flight"][0]["xcoms"][0]["reference"] == reference,
        "{plan:#}"
    );
    ensure!(
        plan["in_flight"].as_array().map(Vec::len) == Some(2),
        "{plan:#}"
    );
    let refusals = plan["revert"]["refusals"].to_string();
    ensure!(
        refusals.contains("in flight") && refusals.contains("still offload"),
        "{refusals}"
    );

    // The way back. First nothing new is offloaded; then what is there is rehearsed, and brought back.
    let ended = world.flipped(-1);
    world.roll_out(&ended)?;
    delete_object(world, &world.stored(&lost)?)?;
    let rehearsed = world.xcom(&["rollback", "--rehearse"], &ended)?.expect(1)?;
    ensure!(rehearsed["done"]["restored"] == 1, "{rehearsed:#}");
    ensure!(
        world.stored(&after)? == reference,
        "a rehearsal keeps nothing"
    );
    let api = world.airflow.url();
    let mut asked = ended.clone();
    asked.push(("AILERON_API_TOKEN", world.airflow.api().token()?));
    let back = ["rollback", "--yes", "--clear", "--api", &api];
    let done = world.xcom(&back, &asked)?.expect(1)?;
    ensure!(
        done["done"]["restored"] == 1 && world.stored(&after)?.is_array(),
        "{done:#}"
    );
    ensure!(
        done["done"]["stays"][0]["run_id"] == lost.dag_run_id.as_str(),
        "{done:#}"
    );
    ensure!(
        done["done"]["stays"][0]["why"]
            .to_string()
            .contains("it is not there"),
        "{done:#}"
    );

    // What cannot be brought back is made anew. Then the backend may be set back.
    ensure!(
        done["done"]["cleared"][0]["run_id"] == lost.dag_run_id.as_str(),
        "{done:#}"
    );
    world
        .airflow
        .api()
        .wait_for_state(&lost, "rows", "success", LIMIT)?;
    world.xcom(&["rollback"], &ended)?.expect(0)?;
    world.roll_out(&[])?;
    for run in [&before, &after, &lost] {
        world.open_the_gate(run)?;
    }
    for run in [&before, &after, &lost] {
        world.airflow.api().wait_for_success(run, LIMIT)?;
        let total = world.airflow.api().return_value(run, "total")?;
        ensure!(total == Some(json!(124_750)), "{total:?}");
    }

    // After. The objects that nobody refers to any more go.
    let left = world.store.keys(BUCKET, "some/prefix/flip/")?;
    ensure!(left.len() == 1, "{left:?}");
    let swept = world
        .xcom(&["sweep", "--min-age", "0", "--delete"], &ended)?
        .expect(0)?;
    ensure!(swept["deleted"]["count"] == 1, "{swept:#}");
    ensure!(world.store.keys(BUCKET, "some/prefix/")?.is_empty());
    Ok(())
}

/// What is proved before a flip, with the configuration that it will give.
fn proofs(world: &World) -> Result<()> {
    let next = world.flipped(1024);
    let preflight = ["preflight", "--timeout", "120", "--python", world.python()];
    // A name that nobody reads, a compression that there is not, and no rule yet.
    let mut wrong = next.clone();
    wrong.push((
        "AIRFLOW__COMMON.IO__XCOM_OBJECTSTORAGE_PATH",
        BASE.to_owned(),
    ));
    wrong.push((
        "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION",
        "gz".to_owned(),
    ));
    let checks = world.xcom(&preflight, &wrong)?.expect(1)?;
    for name in ["names", "compression", "lifecycle"] {
        ensure!(status(&checks, name) == "fail", "{name}: {checks:#}");
    }

    let rule = ["lifecycle", "--days", "30", "--apply"];
    let others = [
        (
            "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH",
            format!("s3://xcom_store@{BUCKET}/other"),
        ),
        world.connection(),
    ];
    world.xcom(&rule, &others)?.expect(0)?;
    let applied = world.xcom(&rule, &next)?.expect(0)?;
    ensure!(
        applied["changed"] == true && applied["rules_before"][0]["prefix"] == "other/",
        "{applied:#}"
    );
    let again = world.xcom(&rule, &next)?.expect(0)?;
    ensure!(again["changed"] == false, "{again:#}");
    ensure!(
        again["rules_before"].as_array().map(Vec::len) == Some(2),
        "{again:#}"
    );

    let checks = world.xcom(&preflight, &next)?.expect(0)?;
    ensure!(
        checks["checks"].as_array().map(Vec::len) == Some(12),
        "{checks:#}"
    );

    // With the largest value that the command has by itself.
    let trip = ["roundtrip", "--python", world.python()];
    let trip = world.xcom(&trip, &next)?.expect(0)?;
    let cases = trip["cases"].as_array().context("cases")?;
    ensure!(cases.len() > 20, "{trip:#}");
    let large = |case: &Value| case["bytes"].as_u64() > Some(49_000_000);
    ensure!(cases.iter().any(large), "{trip:#}");
    ensure!(
        world.store.keys(BUCKET, "some/prefix/")?.is_empty(),
        "nothing of it is left"
    );
    Ok(())
}

fn status<'a>(checks: &'a Value, name: &str) -> &'a str {
    let all = checks["checks"]
        .as_array()
        .map_or(&[] as &[Value], Vec::as_slice);
    let found = all.iter().find(|check| check["name"] == name);
    found
        .and_then(|check| check["status"].as_str())
        .unwrap_or_default()
}

fn delete_object(world: &World, reference: &Value) -> Result<()> {
    let text = reference.as_str().context("it is no reference")?;
    let key = text
        .strip_prefix("s3://xcom_store@xcoms/")
        .context("it is in another bucket")?;
    world.store.delete(BUCKET, key)
}

/// The harness keeps a home that it was given.
fn remove(home: &Path) {
    if std::env::var_os("AILERON_KEEP_HOME").is_none() {
        let _ = std::fs::remove_dir_all(home);
    }
}
