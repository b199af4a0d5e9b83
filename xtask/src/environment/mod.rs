//! The Python environments with a real Airflow: made once, outside the repository, from exact requirement files.

mod cache;
mod packages;
mod postgres;
mod python;
mod uv;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use end_to_end::AirflowVersion;

use crate::progress::say;
use cache::Cache;
pub(crate) use packages::Packages;
pub(crate) use postgres::Postgres;
use python::Python;

/// Written last into an environment: without it the environment is not complete.
const STAMP: &str = "aileron-complete";

/// The exact packages of an Airflow version, for every Python it runs on.
fn requirements(version: AirflowVersion) -> &'static str {
    match version {
        AirflowVersion::V3_3_2 => include_str!("../../requirements/airflow-3.3.2.txt"),
        AirflowVersion::V3_4_0b2 => include_str!("../../requirements/airflow-3.4.0b2.txt"),
    }
}

/// A prepared environment.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// The Airflow version in it.
    pub(crate) version: AirflowVersion,
    /// Its Python.
    pub(crate) python: PathBuf,
}

/// Prepares every environment.
pub(crate) fn prepare_all() -> Result<Vec<Environment>> {
    AirflowVersion::ALL.into_iter().map(prepare).collect()
}

/// Prepares the environment of one Airflow version; at once when it is there already.
pub(crate) fn prepare(version: AirflowVersion) -> Result<Environment> {
    let base = Python::find()?;
    let cache = Cache::open()?;
    let directory = cache.directory(
        &format!("airflow-{version}"),
        &[requirements(version), &base.identity()],
    );
    let environment = Environment {
        version,
        python: directory.join("bin/python"),
    };
    // Two runs at once must not build the same environment; the second finds it complete.
    let _lock = cache.lock()?;
    if !directory.join(STAMP).is_file() {
        build(&environment, &directory, &base, &cache).with_context(|| {
            format!(
                "cannot prepare Airflow {version} in {}",
                directory.display()
            )
        })?;
    }
    Ok(environment)
}

fn build(environment: &Environment, directory: &Path, base: &Python, cache: &Cache) -> Result<()> {
    let version = environment.version;
    say(format!(
        "Airflow {version}: making a Python {} environment (once)",
        base.version()
    ));
    install(
        &format!("Airflow {version}"),
        requirements(version),
        directory,
        base,
        cache,
    )?;
    say(format!(
        "Airflow {version}: making an empty metadata database"
    ));
    end_to_end::create_database(&environment.python, &directory.join("metadata.db"))?;
    fs::write(directory.join(STAMP), "")?;
    say(format!(
        "Airflow {version}: ready in {}",
        directory.display()
    ));
    Ok(())
}

/// Makes a Python environment with exactly these packages.
fn install(
    name: &str,
    requirements: &str,
    directory: &Path,
    base: &Python,
    cache: &Cache,
) -> Result<()> {
    if directory.exists() {
        // What an interrupted run left.
        fs::remove_dir_all(directory)?;
    }
    let uv = uv::find(base, cache)?;
    run(uv
        .command()
        .args(["venv", "--quiet", "--no-project", "--python"])
        .arg(base.path())
        .arg(directory))?;
    let list = directory.join("requirements.txt");
    fs::write(&list, requirements)?;
    say(format!(
        "{name}: installing {} packages",
        requirements.lines().count()
    ));
    run(uv
        .command()
        .args([
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--compile-bytecode",
            "--python",
        ])
        .arg(directory.join("bin/python"))
        .arg("--requirement")
        .arg(&list))
}

/// Runs a command to its end; its error says what was run and what it printed.
fn run(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// `cargo xtask env`: prints `export NAME=PATH` lines.
pub(crate) fn print_all() -> Result<ExitCode> {
    let airflows = prepare_all()?;
    let postgres = Postgres::prepare()?;
    for environment in airflows {
        println!(
            "export {}={}",
            environment.version.python_variable(),
            environment.python.display()
        );
    }
    for (variable, python) in Packages::prepare_all()? {
        println!("export {variable}={}", python.display());
    }
    for (name, path) in postgres.variables() {
        println!("export {name}={}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}
