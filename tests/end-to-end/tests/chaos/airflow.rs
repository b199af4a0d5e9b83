//! `aileron execute-workload`, as in pods of a real Airflow 3.3.2, whose API server is killed and started again.

use std::time::Duration;

use anyhow::{Context as _, Result};
use end_to_end::bundle::Built;
use end_to_end::{Airflow, AirflowVersion, Deadline, Postgres, Setup};
use serde_json::json;

use crate::database::Content;
use crate::promises;
use crate::seed::{chance, milliseconds};
use crate::world::World;

/// How often the API server is killed. It takes seconds to start.
const DEATHS: usize = 3;

/// How long anything may take on a machine that runs a whole Airflow.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn no_acknowledged_write_is_lost_when_airflows_api_server_is_killed() -> Result<()> {
    let mut chance = chance("airflow");
    let world = World::new("chaos")?;
    let database = Postgres::start()?.database(AirflowVersion::V3_3_2)?;
    let url = database.url();
    let mut airflow = start(&world, database)?;
    let api = airflow.api();
    api.wait_for_dag("chaos", PATIENCE)?;
    let run = api.trigger("chaos", &json!({}))?;
    for _ in 0..DEATHS {
        wait_for_writes(&world)?;
        std::thread::sleep(milliseconds(&mut chance, 0..2000));
        airflow.kill_execution_api()?;
        std::thread::sleep(milliseconds(&mut chance, 0..2000));
        airflow.start_execution_api()?;
    }
    wait_for_writes(&world)?;
    world.enough()?;
    airflow.api().wait_for_success(&run, PATIENCE)?;
    world.wait_until_deserted()?;
    let content = Content::of_server(&url)?;
    let tries: usize = content.history.len() + content.tries.len();
    eprintln!("{tries} tries of {} tasks", content.tries.len());
    promises::check_content(&world, &content).with_context(|| airflow.component_logs())
}

fn start(world: &World, database: end_to_end::PostgresDatabase) -> Result<Airflow> {
    let built = Built::package("chaos")?;
    let dags = tempfile::tempdir()?;
    let stub = dags.path().join("chaos.py");
    built.write_stub_with(&stub, &["--dag", "chaos"])?;
    Setup::new(AirflowVersion::V3_3_2)
        .postgres(database)
        .pods(&built.aileron)
        .execution_api_apart()
        // The values of Variables are compared as they are stored.
        .variable("AIRFLOW__CORE__FERNET_KEY", "")
        .variable("POD__CHAOS_RECORD", world.record().display().to_string())
        .dags(stub)
        .bundle(&built.bundle)
        .start()
}

/// Waits until every task that counts has had a write acknowledged after now.
fn wait_for_writes(world: &World) -> Result<()> {
    let tasks = ["first", "second", "parent"];
    let count = |task| -> Result<usize> {
        let lines = world.lines(task)?;
        Ok(lines.iter().filter(|line| line.what == "done").count())
    };
    let before: Vec<usize> = tasks.into_iter().map(count).collect::<Result<_>>()?;
    Deadline::after(PATIENCE).wait_for("all tasks count", || {
        let now: Vec<usize> = tasks.into_iter().map(count).collect::<Result<_>>()?;
        let all = now.iter().zip(&before).all(|(now, before)| now > before);
        Ok(all.then_some(()))
    })
}
