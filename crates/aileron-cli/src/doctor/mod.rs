//! `aileron doctor`: the settings of an Airflow that matter to what travels between tasks.

mod ask;
mod facts;
mod finding;
#[cfg(test)]
mod finding_tests;
mod report;
mod setting;

use std::path::PathBuf;

use aileron_deployment::{Exec, Limits};

use crate::deployment::{DeploymentArguments, Reached};
use crate::format::{Format, print_json, print_text};
use crate::outcome::{Outcome, UsageError};
use crate::stored::{Access, DatabaseArguments, block_on};
use facts::{DagFacts, Facts};
use finding::Severity;

/// Look at the settings of an Airflow: what holds, what the defaults are, and what bites
///
/// The Airflow is asked what it resolves, where it runs. Without --python, --exec or a flag for a pod it is the one whose `airflow` is on the path; if
/// there is none, the environment and airflow.cfg of this machine are read, and the report says so. Secrets stay where they are: their
/// length is all that is told.
///
/// Exits with 0 when there are only notes, with 3 when there are warnings, and with 1 when there are errors.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The Python that has the Airflow.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Look at the retries of all Dags too, in the database of that Airflow, or of --db.
    #[arg(long)]
    dags: bool,
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    deployment: DeploymentArguments,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let facts = block_on(look(arguments))?;
    let findings = finding::findings(&facts);
    match arguments.format {
        Format::Text => print_text(&report::text(&facts, &findings))?,
        Format::Json => print_json(&report::json(&facts, &findings))?,
    }
    Ok(
        match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Error) => Outcome::ChecksFailed,
            Some(Severity::Warning) => Outcome::Warned,
            Some(Severity::Note) | None => Outcome::Done,
        },
    )
}

async fn look(arguments: &Arguments) -> anyhow::Result<Facts> {
    // A database that is named is read from here.
    let by_database = arguments.dags && arguments.database.is_given();
    let by_probe = arguments.dags && !by_database;
    let mut facts = if let Some(python) = &arguments.python {
        let exec = Exec::new(vec![python.display().to_string()]);
        ask::airflow(&exec, by_probe, Limits::default()).await?
    } else if arguments.deployment.is_named()? {
        there(&arguments.deployment, by_probe).await?
    } else {
        nearby(by_probe).await
    };
    if by_database {
        facts.dags = Some(dags(&arguments.database, &mut facts.notes).await?);
    } else if by_probe && facts.dags.is_none() {
        anyhow::bail!("--dags needs an Airflow to ask (--python, --exec, a pod), or --db");
    }
    Ok(facts)
}

/// The Airflow of a deployment.
async fn there(deployment: &DeploymentArguments, dags: bool) -> anyhow::Result<Facts> {
    let Reached { deployment, limits } = deployment.reach(None)?;
    let Some(exec) = deployment.exec(&limits).await? else {
        let problem = format!(
            "{}: settings are told by an Airflow that runs a program for us: --python, --exec, or a pod",
            deployment.name()
        );
        return Err(UsageError(problem).into());
    };
    Ok(ask::airflow(&exec, dags, limits).await?)
}

/// The Airflow of this machine, or else its files.
async fn nearby(dags: bool) -> Facts {
    let Some(python) = ask::python_of_airflow() else {
        return ask::files();
    };
    let exec = Exec::new(vec![python.display().to_string()]);
    match ask::airflow(&exec, dags, Limits::default()).await {
        Ok(facts) => facts,
        Err(failure) => {
            let mut facts = ask::files();
            facts.notes.push(format!(
                "the Airflow on the path does not answer: {failure}"
            ));
            facts
        }
    }
}

async fn dags(
    database: &DatabaseArguments,
    notes: &mut Vec<String>,
) -> anyhow::Result<Vec<DagFacts>> {
    let opened = database.open(Access::Read).await?;
    let mut found = Vec::new();
    for dag in opened.store.inventory().retries(None).await? {
        match dag.tasks {
            Ok(tasks) => found.push(DagFacts {
                dag_id: dag.dag_id,
                tasks,
            }),
            Err(error) => notes.push(format!(
                "Dag {}: its retries are not known: {error}",
                dag.dag_id
            )),
        }
    }
    Ok(found)
}
