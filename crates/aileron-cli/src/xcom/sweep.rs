//! `aileron xcom sweep`: objects without a row, and rows without an object.

use aileron_config::Config;
use aileron_flip::sweep::{Finding, SweepOptions, Swept, sweep};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{metadata, place, progress::progress};
use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use crate::size::human;
use crate::stored::{Access, DatabaseArguments};
use crate::style::{self, paint};

/// How many findings the text has.
const LISTED: usize = 50;

/// Find offloaded objects that no row refers to, and delete them; find rows whose object is gone.
///
/// Nothing is deleted without --delete. An object goes only if it lies below the base path, has a name that the backend
/// gives, is older than --min-age, and is not referred to by any XCom or state in the database, read anew just before. It can be ended
/// at any time; what is deleted is gone, and the next call goes on. Exits with 1 when a row has no object, or an object could
/// not be deleted.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    base: place::BaseText,
    /// Delete the orphans.
    #[arg(long)]
    delete: bool,
    /// Leave younger objects alone: a task writes the object before its row. A number of hours.
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    min_age: u32,
    /// Take so many orphans at most.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    limit: u64,
    /// How to print the result; JSON has every orphan.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(
    arguments: &Arguments,
    database: &DatabaseArguments,
) -> anyhow::Result<Outcome> {
    let config = Config::from_env();
    let store = metadata::open(database, &config, Access::Read).await?;
    let base = arguments.base.open(&config, &store).await?;
    let options = SweepOptions {
        min_age: SignedDuration::from_hours(i64::from(arguments.min_age)),
        delete: arguments.delete,
        limit: arguments.limit,
    };
    let mut found = Found {
        all: arguments.format == Format::Json,
        ..Found::default()
    };
    let bar = progress("findings", None);
    let swept = sweep(&store, &base, options, |finding| {
        bar.inc(1);
        found.add(&finding);
    })
    .await?;
    bar.finish_and_clear();
    match arguments.format {
        Format::Json => print_json(&document(&swept, &found, arguments.delete))?,
        Format::Text => print_text(&text(&swept, &found, arguments.delete))?,
    }
    Ok(match swept.dangling + swept.not_deleted {
        0 => Outcome::Done,
        _ => Outcome::ChecksFailed,
    })
}

/// What was found, as far as it is shown.
#[derive(Debug, Default)]
struct Found {
    all: bool,
    orphans: Vec<Value>,
    not_deleted: Vec<Value>,
    dangling: Vec<Value>,
}

impl Found {
    fn add(&mut self, finding: &Finding<'_>) {
        let (list, value) = match finding {
            Finding::Orphan {
                reference,
                bytes,
                written_at,
            } => (
                &mut self.orphans,
                json!({"reference": reference, "bytes": bytes, "written_at": written_at}),
            ),
            Finding::Deleted { .. } => return,
            Finding::NotDeleted { reference, problem } => (
                &mut self.not_deleted,
                json!({"reference": reference, "problem": problem.map(ToString::to_string)}),
            ),
            Finding::Dangling { xcom, reference } => (
                &mut self.dangling,
                json!({
                    "dag_id": xcom.dag_id, "run_id": xcom.run_id, "task_id": xcom.task_id, "map_index": xcom.map_index,
                    "key": xcom.key, "reference": reference,
                }),
            ),
        };
        if self.all || list.len() < LISTED {
            list.push(value);
        }
    }
}

fn document(swept: &Swept, found: &Found, delete: bool) -> Value {
    json!({
        "dry_run": !delete,
        "objects": swept.objects, "bytes": swept.bytes, "referred_to": swept.referred_to, "young": swept.young,
        "foreign": swept.foreign,
        "orphans": {"count": swept.orphans, "bytes": swept.orphan_bytes, "objects": found.orphans},
        "deleted": {"count": swept.deleted, "bytes": swept.reclaimed_bytes},
        "not_deleted": {"count": swept.not_deleted, "objects": found.not_deleted},
        "rows_without_object": {"count": swept.dangling, "xcoms": found.dangling},
    })
}

fn text(swept: &Swept, found: &Found, delete: bool) -> String {
    let field = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut lines = vec![format!(
        "{} objects, {}: {} referred to, {} too young to be judged, {} not of the backend",
        swept.objects,
        human(swept.bytes),
        swept.referred_to,
        swept.young,
        swept.foreign
    )];
    for orphan in &found.orphans {
        let size = human(orphan["bytes"].as_u64().unwrap_or_default());
        lines.push(format!(
            "  {} {}  {size}",
            paint(style::NOTE, "orphan"),
            field(orphan, "reference")
        ));
    }
    for object in &found.not_deleted {
        let (reference, problem) = (field(object, "reference"), field(object, "problem"));
        lines.push(format!(
            "  {} {reference}: {problem}",
            paint(style::FAILED, "not deleted")
        ));
    }
    for row in &found.dangling {
        lines.push(format!(
            "  {} XCom {:?} of task {} in run {} of Dag {}: {} does not exist",
            paint(style::FAILED, "no object"),
            field(row, "key"),
            field(row, "task_id"),
            field(row, "run_id"),
            field(row, "dag_id"),
            field(row, "reference")
        ));
    }
    lines.push(match delete {
        true => format!(
            "{} orphans deleted, {} reclaimed; {} could not be",
            swept.deleted,
            human(swept.reclaimed_bytes),
            swept.not_deleted
        ),
        false => format!(
            "{} orphans, {}: nothing was deleted; --delete does it",
            swept.orphans,
            human(swept.orphan_bytes)
        ),
    });
    lines.push(format!("{} rows without an object", swept.dangling));
    let mut text = lines.join("\n");
    text.push('\n');
    text
}
