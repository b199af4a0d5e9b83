//! `aileron xcom rollback`: the way back to values in the database.

mod document;
mod text;

use aileron_client::TlsSettings;
use aileron_config::Config;
use aileron_flip::BaseName;
use aileron_flip::rollback::{
    Clearing, Mode, Outcome as RestoreOutcome, Plan, Refusal, RestoreOptions, restore,
};
use aileron_metastore::Metastore;
use aileron_metastore::inventory::{RunChoice, StoredXCom};

use super::{metadata, place, progress::progress};
use crate::format::{Format, print_json, print_text};
use crate::outcome::{Outcome, UsageError};
use crate::stored::{Access, DatabaseArguments};

/// Plan, rehearse and make the way back to values in the database.
///
/// Setting `[core] xcom_backend` back while offloaded values are in flight hands their downstream tasks the path of an object
/// instead of the value. Without options this command says what is in flight, in which order to start those runs again if they have to be,
/// and whether the backend may be set back: it exits with 1 while it must not.
///
/// The way back: set `[common.io] xcom_objectstorage_threshold` to -1 and restart the workers, so that nothing more is offloaded and
/// references are still resolved; bring the values back with --yes; see that this command exits with 0; set the backend back.
/// With --yes each object is read, its value takes the place of the reference if that still stands there, and the database
/// is asked whether it holds the same. No object is deleted. It can be ended at any time, and called again.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    base: place::BaseText,
    /// Do everything in the database and in the store that --yes does, and take back what was stored.
    #[arg(long, conflicts_with = "yes")]
    rehearse: bool,
    /// Bring the values back.
    #[arg(long)]
    yes: bool,
    /// Bring back the values of runs that have ended, too: for tasks that are cleared later, and for those that read XComs of other runs.
    #[arg(long)]
    all_runs: bool,
    /// The most bytes of JSON that go into the database as one value.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    max_inline: u64,
    /// With --yes: have Airflow clear the tasks whose values cannot be brought back, and what comes after them, one run after the other.
    /// The token for it is taken from AILERON_API_TOKEN.
    #[arg(long, requires = "yes")]
    clear: bool,
    /// The URL of Airflow's API server, for --clear. [default: what `[api] base_url` says]
    #[arg(long, value_name = "URL", requires = "clear")]
    api: Option<String>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What was found and done.
struct Report {
    plan: Plan,
    refusals: Vec<Refusal>,
    done: Option<Done>,
}

/// What became of offloaded values.
struct Done {
    mode: Mode,
    restored: u64,
    bytes: u64,
    changed: u64,
    stays: Vec<Stays>,
    cleared: Vec<Cleared>,
}

/// A run of which tasks were cleared.
struct Cleared {
    dag_id: String,
    run_id: String,
    task_instances: u64,
}

/// A value that cannot be brought back.
struct Stays {
    xcom: StoredXCom,
    why: String,
}

pub(super) async fn run(
    arguments: &Arguments,
    database: &DatabaseArguments,
) -> anyhow::Result<Outcome> {
    let config = Config::from_env();
    // A rehearsal writes too, and takes it back.
    let access = match arguments.yes || arguments.rehearse {
        true => Access::Write,
        false => Access::Read,
    };
    let store = metadata::open(database, &config, access).await?;
    let base = BaseName::of(&arguments.base.required(&config)?);
    let mode = match (arguments.rehearse, arguments.yes) {
        (true, _) => Some(Mode::Rehearsal),
        (_, true) => Some(Mode::Execution),
        _ => None,
    };
    let mut done = match mode {
        Some(mode) => Some(bring_back(arguments, &config, &store, mode).await?),
        None => None,
    };
    if let Some(done) = done
        .as_mut()
        .filter(|done| arguments.clear && !done.stays.is_empty())
    {
        let plan = Plan::read(&store, &base).await?;
        done.cleared = clear(arguments, &config, &plan).await?;
    }
    let plan = Plan::read(&store, &base).await?;
    let threshold = config.integer("common.io", "xcom_objectstorage_threshold")?;
    let report = Report {
        refusals: Refusal::all(&plan, threshold),
        plan,
        done,
    };
    match arguments.format {
        Format::Json => print_json(&document::document(&report))?,
        Format::Text => print_text(&text::text(&report))?,
    }
    Ok(match is_well(&report) {
        true => Outcome::Done,
        false => Outcome::ChecksFailed,
    })
}

/// A rehearsal is well when everything can be brought back; everything else when the backend may be set back.
fn is_well(report: &Report) -> bool {
    match &report.done {
        Some(done) if done.mode == Mode::Rehearsal => done.stays.is_empty(),
        Some(done) => done.stays.is_empty() && report.refusals.is_empty(),
        None => report.refusals.is_empty(),
    }
}

async fn bring_back(
    arguments: &Arguments,
    config: &Config,
    store: &Metastore,
    mode: Mode,
) -> anyhow::Result<Done> {
    let base = arguments.base.open(config, store).await?;
    let options = RestoreOptions {
        runs: match arguments.all_runs {
            true => RunChoice::All,
            false => RunChoice::Unfinished,
        },
        mode,
        max_inline: arguments.max_inline,
    };
    let mut done = Done {
        mode,
        restored: 0,
        bytes: 0,
        changed: 0,
        stays: Vec::new(),
        cleared: Vec::new(),
    };
    let bar = progress("values", None);
    let restored = restore(store, &base, options, |xcom, outcome| {
        bar.inc(1);
        done.count(xcom, outcome);
    })
    .await;
    bar.finish_and_clear();
    restored.map_err(|error| {
        anyhow::Error::new(error).context(format!(
            "ended after {} values; call it again to go on",
            done.restored
        ))
    })?;
    Ok(done)
}

/// Has Airflow run again what cannot be brought back: the runs in their order, one request each.
async fn clear(
    arguments: &Arguments,
    config: &Config,
    plan: &Plan,
) -> anyhow::Result<Vec<Cleared>> {
    let url = match &arguments.api {
        Some(url) => url.clone(),
        None => config.get("api", "base_url")?.ok_or_else(|| {
            UsageError(
                "which API server? [api] base_url is not set here; say it with --api".to_owned(),
            )
        })?,
    };
    let token = std::env::var("AILERON_API_TOKEN")
        .ok()
        .filter(|token| !token.is_empty());
    let api = Clearing::new(&url, token, &TlsSettings::from_config(config)?)?;
    let mut cleared = Vec::new();
    for run in &plan.in_flight {
        let (dag_id, run_id) = (&run.run.dag_id, &run.run.run_id);
        let task_instances = api.clear(dag_id, run_id, &run.task_instances()).await?;
        cleared.push(Cleared {
            dag_id: dag_id.clone(),
            run_id: run_id.clone(),
            task_instances,
        });
    }
    Ok(cleared)
}

impl Done {
    fn count(&mut self, xcom: &StoredXCom, outcome: &RestoreOutcome) {
        match outcome {
            RestoreOutcome::Restored { bytes } => {
                self.restored += 1;
                self.bytes += bytes;
            }
            RestoreOutcome::Changed => self.changed += 1,
            RestoreOutcome::Stays(why) => self.stays.push(Stays {
                xcom: xcom.clone(),
                why: why.to_string(),
            }),
        }
    }
}
