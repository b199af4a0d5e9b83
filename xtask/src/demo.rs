//! `cargo xtask demo`: the orders example on a real Airflow.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::bundle::Built;
use end_to_end::{Airflow, AirflowVersion, DagRun, Setup, workspace_root};
use serde_json::{Value, json};

use crate::environment;
use crate::progress::say;

/// The Dag of examples/orders.
const DAG: &str = "orders";
/// How long the run may take; it is a matter of seconds.
const LIMIT: Duration = Duration::from_secs(120);
/// Longer values are cut in the output, to this many characters.
const SHOWN: usize = 200;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Leave Airflow running afterwards, until Ctrl-C
    #[arg(long)]
    stay: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    // Building and preparing is the long part of a first run; Ctrl-C ends everything at any time.
    say("building examples/orders and packing it");
    let built = Built::package("orders")?;
    let environment = environment::prepare(AirflowVersion::V3_3_2)?;
    let stubs = tempfile::tempdir()?;
    let stub = stubs.path().join("orders.py");
    built.write_stub(&stub)?;
    let home = fresh_home()?;
    say(format!(
        "starting Airflow {} in {}",
        environment.version,
        home.display()
    ));
    let mut airflow = Setup::new(environment.version)
        .python(environment.python)
        .home(&home)
        .dags(stub)
        .bundle(&built.bundle)
        .start()?;
    say(format!("Airflow runs: {}", airflow.url()));
    let run = run_dag(&airflow)?;
    show(&airflow, &run)?;
    if arguments.stay {
        say(format!("Airflow stays at {} until Ctrl-C", airflow.url()));
        loop {
            std::thread::sleep(Duration::from_secs(1));
            airflow.check_alive()?;
        }
    }
    say("ending Airflow");
    drop(airflow);
    ensure!(
        run.state == "success",
        "the run of Dag {DAG} ended as {}",
        run.state
    );
    Ok(ExitCode::SUCCESS)
}

/// `target/demo`, empty. It stays after the end, for its logs.
fn fresh_home() -> Result<PathBuf> {
    let home = workspace_root().join("target/demo");
    if home.exists() {
        fs::remove_dir_all(&home).with_context(|| format!("cannot empty {}", home.display()))?;
    }
    Ok(home)
}

fn run_dag(airflow: &Airflow) -> Result<DagRun> {
    let api = airflow.api();
    api.wait_for_dag(DAG, LIMIT)?;
    api.unpause(DAG)?;
    say(format!("triggering Dag {DAG}"));
    let run = api.trigger(DAG, &json!({}))?;
    api.wait_for_run(&run, LIMIT)
}

/// Prints what Airflow knows about the run: states, XComs, and where the logs are.
fn show(airflow: &Airflow, run: &DagRun) -> Result<()> {
    let api = airflow.api();
    println!(
        "Dag run {} of Dag {}: {}",
        run.dag_run_id, run.dag_id, run.state
    );
    let mut instances = api.task_instances(run)?;
    instances.sort_by(|a, b| a.start_date.cmp(&b.start_date));
    for instance in instances {
        let state = instance.state.as_deref().unwrap_or("not scheduled");
        let duration = instance
            .duration
            .map_or_else(String::new, |seconds| format!(" in {seconds:.2} s"));
        println!(
            "\ntask {}: {state}{duration}, try {}",
            instance.task_id, instance.try_number
        );
        for key in api.xcom_keys(run, &instance.task_id)? {
            let value = api
                .xcom(run, &instance.task_id, &key)?
                .unwrap_or(Value::Null);
            println!("  XCom {key}: {}", cut(&value.to_string()));
        }
        let log = airflow.task_log_path(
            &run.dag_id,
            &run.dag_run_id,
            &instance.task_id,
            instance.try_number,
        );
        println!("  log: {}", log.display());
    }
    println!();
    Ok(())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} ... ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
