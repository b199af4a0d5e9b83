//! `aileron xcom` on a database that was upgraded from Airflow 3.3.2 to 3.4.0b2 by Airflow itself: XComs of both are in it, each in tables of
//! its own, and a try that was followed by another has kept its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use end_to_end::{AirflowVersion, Postgres, PostgresDatabase, bundle, workspace_root};
use serde_json::{Value, json};

const OLD: AirflowVersion = AirflowVersion::V3_3_2;
const NEW: AirflowVersion = AirflowVersion::V3_4_0b2;

/// Objects that nobody refers to, as the backend of each Airflow names them, and one that is none of its.
const LOST: [&str; 2] = [
    "shop/old/rows/0a1b2c3d-0000-4000-8000-000000000001.gz",
    "shop/new/rows/ti-0a1b2c3d-0000-4000-8000-000000000001/return_value.json.gz",
];
const FOREIGN: &str = "shop/new/rows/notes.txt";

struct World {
    aileron: PathBuf,
    directory: tempfile::TempDir,
    /// Otherwise the database is a file in the directory.
    postgres: Option<PostgresDatabase>,
}

impl World {
    fn on_sqlite() -> Result<Self> {
        let world = Self::of(None)?;
        let python = OLD.python()?;
        let migrated = python
            .ancestors()
            .nth(2)
            .context("it is in an environment")?;
        std::fs::copy(migrated.join("metadata.db"), world.path("airflow.db"))?;
        world.upgraded()
    }

    fn on_postgres() -> Result<Self> {
        Self::of(Some(Postgres::start()?.database(OLD)?))?.upgraded()
    }

    fn of(postgres: Option<PostgresDatabase>) -> Result<Self> {
        Ok(Self {
            aileron: bundle::executable("aileron-cli", "aileron")?,
            directory: tempfile::tempdir()?,
            postgres,
        })
    }

    /// XComs of the old Airflow, its upgrade, and XComs of the new one.
    fn upgraded(self) -> Result<Self> {
        let world = self;
        world.airflow(OLD, "before")?;
        let migrate = ["-m", "airflow", "db", "migrate"];
        world.done(Command::new(NEW.python()?).args(migrate), 500)?;
        world.airflow(NEW, "after")?;
        Ok(world)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn base(&self) -> String {
        format!("file://{}", self.path("xcoms").display())
    }

    /// What Airflow's configuration says.
    fn configure(&self, command: &mut Command, threshold: i64) {
        let option = |key: &str| format!("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_{key}");
        let database = match &self.postgres {
            Some(database) => database.sqlalchemy_url(),
            None => format!("sqlite:///{}", self.path("airflow.db").display()),
        };
        command
            .env("AIRFLOW_HOME", self.directory.path())
            .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
            .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", database)
            .env(
                "AIRFLOW__CORE__XCOM_BACKEND",
                "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
            )
            .env(option("PATH"), self.base())
            .env(option("THRESHOLD"), threshold.to_string())
            .env(option("COMPRESSION"), "gzip");
    }

    fn done(&self, command: &mut Command, threshold: i64) -> Result<String> {
        self.configure(command, threshold);
        let output = command.output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?}: {stderr}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs the script with this Airflow.
    fn airflow(&self, version: AirflowVersion, what: &str) -> Result<String> {
        let script = workspace_root().join("tests/end-to-end/python/xcom_rows.py");
        self.done(Command::new(version.python()?).arg(script).arg(what), 500)
    }

    /// What is stored of each XCom, and what Airflow's backend makes of it.
    fn xcoms(&self) -> Result<BTreeMap<String, (Value, Value)>> {
        let text = self.airflow(NEW, "read")?;
        let last = text.lines().last().context("it prints")?;
        Ok(serde_json::from_str(last)?)
    }

    /// Runs `aileron xcom`, which must exit with this code.
    fn xcom(&self, arguments: &[&str], threshold: i64, code: i32) -> Result<Value> {
        let mut command = Command::new(&self.aileron);
        command
            .arg("xcom")
            .args(arguments)
            .args(["--format", "json"]);
        self.configure(&mut command, threshold);
        let output = command.output()?;
        ensure!(output.status.code() == Some(code), "{output:?}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    fn put(&self, below: &str) -> Result<()> {
        let path = self.path("xcoms").join(below);
        std::fs::create_dir_all(path.parent().context("it has a directory")?)?;
        Ok(std::fs::write(path, "lost")?)
    }

    fn file_of(&self, stored: &Value) -> Result<PathBuf> {
        let path = stored
            .as_str()
            .and_then(|text| text.strip_prefix("file://"));
        Ok(Path::new(path.context("it is a reference")?).to_owned())
    }
}

#[test]
fn sizes_orphans_and_the_way_back_are_known_in_an_upgraded_database() -> Result<()> {
    all_is_known(&World::on_sqlite()?)
}

#[test]
fn sizes_orphans_and_the_way_back_are_known_in_an_upgraded_postgresql() -> Result<()> {
    all_is_known(&World::on_postgres()?)
}

fn all_is_known(world: &World) -> Result<()> {
    let before = world.xcoms()?;
    ensure!(before.len() == 10, "{before:#?}");
    let offloaded = before.values().filter(|(stored, _)| stored.is_string());
    ensure!(offloaded.count() == 7, "{before:#?}");
    sizes(world)?;
    orphans(world)?;
    way_back(world, &before)?;
    a_lost_object(world)
}

fn sizes(world: &World) -> Result<()> {
    let sizes = world.xcom(&["calibrate"], 500, 0)?;
    ensure!(sizes["references"] == 7, "{sizes:#}");
    // `page` of each of the three runs: of 3.3 and of 3.4 under one name.
    ensure!(sizes["overall"]["count"] == 3, "{sizes:#}");
    let sources = sizes["sources"].as_array().context("sources")?;
    ensure!(
        sources.len() == 1 && sources[0]["task_id"] == "page",
        "{sizes:#}"
    );
    Ok(())
}

fn orphans(world: &World) -> Result<()> {
    for below in LOST.iter().chain([&FOREIGN]) {
        world.put(below)?;
    }
    let sweep = ["sweep", "--min-age", "0"];
    let dry = world.xcom(&sweep, 500, 0)?;
    // An earlier try still has its row.
    ensure!(dry["referred_to"] == 7 && dry["foreign"] == 1, "{dry:#}");
    let mut found: Vec<&str> = Vec::new();
    for orphan in dry["orphans"]["objects"].as_array().context("orphans")? {
        found.extend(orphan["reference"].as_str());
    }
    found.sort_unstable();
    let mut lost = LOST.map(|below| format!("{}/{below}", world.base()));
    lost.sort_unstable();
    ensure!(found == lost, "{dry:#}");
    ensure!(
        LOST.iter()
            .all(|below| world.path("xcoms").join(below).exists())
    );

    let young = world.xcom(&["sweep"], 500, 0)?;
    ensure!(
        young["young"] == 2 && young["orphans"]["count"] == 0,
        "{young:#}"
    );

    let swept = world.xcom(&["sweep", "--min-age", "0", "--delete"], 500, 0)?;
    ensure!(swept["deleted"]["count"] == 2, "{swept:#}");
    ensure!(
        !LOST
            .iter()
            .any(|below| world.path("xcoms").join(below).exists())
    );
    let left = world.xcom(&sweep, 500, 0)?;
    ensure!(
        left["objects"] == 8 && left["orphans"]["count"] == 0,
        "{left:#}"
    );
    Ok(())
}

fn way_back(world: &World, before: &BTreeMap<String, (Value, Value)>) -> Result<()> {
    let plan = world.xcom(&["rollback"], 500, 1)?;
    let runs = plan["in_flight"].as_array().context("runs")?;
    let of_runs: Vec<_> = runs
        .iter()
        .map(|run| (&run["run_id"], run["xcoms"].as_array().map(Vec::len)))
        .collect();
    // Of the tries only the latest is in flight.
    ensure!(
        of_runs == [(&json!("old"), Some(2)), (&json!("new"), Some(2))],
        "{plan:#}"
    );
    ensure!(plan["at_rest"] == 3, "{plan:#}");
    let refusals = plan["revert"]["refusals"].as_array();
    ensure!(refusals.map(Vec::len) == Some(2), "{plan:#}");

    let rehearsed = world.xcom(&["rollback", "--rehearse"], -1, 0)?;
    ensure!(rehearsed["done"]["restored"] == 4, "{rehearsed:#}");
    ensure!(&world.xcoms()? == before, "a rehearsal keeps nothing");

    let done = world.xcom(&["rollback", "--yes"], -1, 0)?;
    ensure!(done["done"]["restored"] == 4, "{done:#}");
    ensure!(done["revert"]["allowed"] == true, "{done:#}");
    for (name, (stored, value)) in world.xcoms()? {
        let (reference, same) = &before[&name];
        ensure!(value == *same, "{name}: {value}");
        let stays = name.starts_with("ended/") || name.ends_with("/earlier");
        ensure!(
            stored == if stays { reference.clone() } else { value },
            "{name}: {stored}"
        );
    }
    Ok(())
}

/// The rest comes back, too, but for what is gone.
fn a_lost_object(world: &World) -> Result<()> {
    let before = world.xcoms()?;
    std::fs::remove_file(world.file_of(&before["new/rows/-1/earlier"].0)?)?;
    let swept = world.xcom(&["sweep", "--min-age", "0"], -1, 1)?;
    ensure!(swept["rows_without_object"]["count"] == 1, "{swept:#}");
    let lost = &swept["rows_without_object"]["xcoms"][0];
    ensure!(
        lost["run_id"] == "new" && lost["task_id"] == "rows",
        "{lost:#}"
    );
    let done = world.xcom(&["rollback", "--all-runs", "--yes"], -1, 1)?;
    ensure!(done["done"]["restored"] == 2, "{done:#}");
    ensure!(
        done["done"]["stays"].as_array().map(Vec::len) == Some(1),
        "{done:#}"
    );
    let after = world.xcoms()?;
    for name in ["ended/rows/-1", "ended/page/0"] {
        ensure!(after[name].0 == before[name].1, "{name}: {:?}", after[name]);
    }
    Ok(())
}
