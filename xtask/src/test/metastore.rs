//! The tests of the metadata store once more, on PostgreSQL.

use std::path::Path;

use anyhow::{Result, ensure};
use end_to_end::Postgres;

use super::programs::Program;
use super::side_by_side::Job;

const PACKAGE: &str = "aileron-metastore";

/// The test programs whose databases are SQLite files, or else clones on the server that the environment names. Those that
/// are about one of the two only are left out.
const PROGRAMS: [&str; 4] = ["aileron_metastore", "dag_runs", "run", "task_instance"];

/// The test programs with a server.
pub(super) fn on_postgres(
    programs: &[Program],
    libraries: &Path,
    postgres: &Postgres,
) -> Result<Vec<Job>> {
    let jobs: Vec<Job> = programs
        .iter()
        .filter(|program| is_wanted(program))
        .map(|program| {
            let mut job = program.job(libraries);
            job.name.push_str(" on PostgreSQL");
            let url = postgres.url("postgres");
            job.command.env(end_to_end::POSTGRES_URL, url);
            job
        })
        .collect();
    ensure!(
        jobs.len() == PROGRAMS.len(),
        "not every one of the test programs {PROGRAMS:?} of {PACKAGE} was built: {jobs:?}"
    );
    Ok(jobs)
}

fn is_wanted(program: &Program) -> bool {
    program.package == PACKAGE && PROGRAMS.contains(&program.name.as_str())
}
