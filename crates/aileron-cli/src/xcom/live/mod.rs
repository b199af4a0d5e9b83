//! `aileron xcom pull` and `aileron xcom runs`: what a live deployment holds, read only.

mod cell;
mod missing;
mod output;
mod progress;
mod run;

use aileron_deployment::{Failure, RunQuery, Stream, XCom, XComQuery};

use crate::deployment::{DeploymentArguments, Reached};
use crate::outcome::Outcome;
use crate::stored::{Secrets, block_on};
use cell::Cell;
use output::{Output, Shown};
use progress::Progress;
use run::Run;

pub(super) use output::LiveFormat;

/// The flags of `aileron xcom pull`.
#[derive(Debug, clap::Args)]
pub(super) struct Pull {
    /// The Dag.
    #[arg(long, visible_alias = "dag", value_name = "DAG_ID")]
    dag_id: String,
    /// The Dag run; --list-runs lists them.
    #[arg(long, value_name = "RUN_ID", required_unless_present = "list_runs")]
    run_id: Option<String>,
    /// Only of this task.
    #[arg(long, visible_alias = "task", value_name = "TASK_ID")]
    task_id: Option<String>,
    /// Only of this instance of a mapped task; -1 for a task that is not mapped.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    map_index: Option<i64>,
    /// The key.
    #[arg(long, default_value = super::RETURN_VALUE)]
    key: String,
    /// List the newest runs of the Dag instead, as `aileron xcom runs` does.
    #[arg(long, conflicts_with_all = ["run_id", "task_id", "map_index", "resolve"])]
    list_runs: bool,
    /// Fetch values that lie in an object storage, there and with the credentials that the pod has.
    #[arg(long)]
    resolve: bool,
    /// Show values as they are stored: Python types wrapped, not as what they are.
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    listing: Listing,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    deployment: DeploymentArguments,
}

/// The flags of `aileron xcom runs`.
#[derive(Debug, clap::Args)]
pub(super) struct Runs {
    /// The Dag.
    #[arg(long, visible_alias = "dag", value_name = "DAG_ID")]
    dag_id: String,
    #[command(flatten)]
    listing: Listing,
    #[command(flatten)]
    deployment: DeploymentArguments,
}

/// How much, and how it is printed.
#[derive(Debug, clap::Args)]
struct Listing {
    /// At most so many, the newest; 0 means all.
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    limit: u64,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: LiveFormat,
}

impl Listing {
    fn format(&self) -> LiveFormat {
        match self.json {
            true => LiveFormat::Json,
            false => self.format,
        }
    }

    /// How many to ask for: one more than are shown, so that it is known whether there are more.
    fn asked(&self) -> Option<u64> {
        (self.limit > 0).then(|| self.limit.saturating_add(1))
    }
}

/// An XCom as a line of JSON, as `--format ndjson` prints it.
pub(super) fn line(xcom: XCom, query: &XComQuery, secrets: &Secrets) -> anyhow::Result<String> {
    Ok(Cell::new(xcom, query, false, secrets)?.document()?)
}

pub(super) fn pull(arguments: &Pull, database: Option<String>) -> anyhow::Result<Outcome> {
    let Some(run_id) = arguments.run_id.clone() else {
        return list_runs(
            &arguments.dag_id,
            &arguments.listing,
            &arguments.deployment,
            database,
        );
    };
    let query = XComQuery {
        dag_id: arguments.dag_id.clone(),
        run_id,
        key: arguments.key.clone(),
        task_id: arguments.task_id.clone(),
        map_index: arguments.map_index,
        limit: arguments.listing.asked(),
        resolve: arguments.resolve,
    };
    block_on(async {
        let Reached { deployment, limits } = arguments.deployment.reach(database)?;
        let progress = Progress::start("looking for the pod");
        let deployment = deployment.located(&limits).await?;
        progress.say(format!("reading from {}", deployment.name()));
        let mut xcoms = deployment.xcoms(&query, &limits).await?;
        let mut unresolved = 0;
        let shown = |xcom| {
            let cell = Cell::new(xcom, &query, arguments.raw, &arguments.secrets)?;
            unresolved += usize::from(cell.is_unresolved());
            Ok(cell)
        };
        let count = print(&mut xcoms, &arguments.listing, &progress, shown).await?;
        if count == 0 {
            anstream::eprintln!("{}", missing::xcoms(&query, &deployment.name()));
        }
        if unresolved > 0 {
            return Err(Failure::Unresolved { unresolved, count }.into());
        }
        Ok(Outcome::Done)
    })
}

pub(super) fn runs(arguments: &Runs, database: Option<String>) -> anyhow::Result<Outcome> {
    list_runs(
        &arguments.dag_id,
        &arguments.listing,
        &arguments.deployment,
        database,
    )
}

fn list_runs(
    dag_id: &str,
    listing: &Listing,
    deployment: &DeploymentArguments,
    database: Option<String>,
) -> anyhow::Result<Outcome> {
    let query = RunQuery {
        dag_id: dag_id.to_owned(),
        limit: listing.asked(),
    };
    block_on(async {
        let Reached { deployment, limits } = deployment.reach(database)?;
        let progress = Progress::start("looking for the pod");
        let deployment = deployment.located(&limits).await?;
        progress.say(format!("reading from {}", deployment.name()));
        let mut runs = deployment.runs(&query, &limits).await?;
        let count = print(&mut runs, listing, &progress, |run| {
            Ok(Run::new(&query.dag_id, run))
        })
        .await?;
        if count == 0 {
            anstream::eprintln!("{}", missing::runs(&query, &deployment.name()));
        }
        Ok(Outcome::Done)
    })
}

/// Prints what comes while it comes, and says how much that was.
async fn print<T: Send + 'static, S: Shown>(
    stream: &mut Stream<T>,
    listing: &Listing,
    progress: &Progress,
    mut shown: impl FnMut(T) -> Result<S, Failure>,
) -> anyhow::Result<usize> {
    let mut output = Output::<S>::new(listing.format())?;
    let most = usize::try_from(listing.limit).unwrap_or(usize::MAX);
    let mut count = 0;
    while let Some(item) = stream.next().await? {
        if listing.limit > 0 && count == most {
            progress.end();
            output.end()?;
            anstream::eprintln!(
                "there are more than {most}; choose fewer, or raise --limit (0 means all)"
            );
            return Ok(count);
        }
        count += 1;
        progress.row(count);
        output.item(&shown(item)?)?;
    }
    progress.end();
    output.end()?;
    Ok(count)
}
