//! `aileron state clean`.

use aileron_metastore::inventory::ExpiredTask;
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::json;

use super::too_short;
use crate::format::{Format, print_json, print_text};
use crate::stored::{Opened, Selection, Table, WriteArguments, time_text};
use crate::style;

/// Remove values of tasks that have expired.
///
/// It does what `airflow state-store clean` does, in batches. Assets keep their values: those do not expire.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Only say what would be removed.
    #[arg(long)]
    dry_run: bool,
    /// How many values are removed in one transaction.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    #[command(flatten)]
    write: WriteArguments,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Arguments {
    pub(super) fn writes(&self) -> Option<WriteArguments> {
        (!self.dry_run).then_some(self.write)
    }
}

pub(super) async fn run(opened: &Opened, arguments: &Arguments) -> anyhow::Result<()> {
    let filter = arguments.selection.filter();
    let inventory = opened.store.inventory();
    // What expires while this runs is left for the next time, so that the count holds.
    let now = Timestamp::now();
    let warnings = too_short::warnings(&opened.store, &filter).await?;
    let expired = inventory.expired(now, &filter).await?;
    let total: i64 = expired.iter().map(|task| task.values).sum();
    warn(&warnings, &expired);
    let mut deleted = 0;
    if !arguments.dry_run && total > 0 {
        opened.ask(arguments.write, &format!("remove {total} expired values"))?;
        let bar = ProgressBar::new(u64::try_from(total).unwrap_or_default());
        loop {
            let batch = i64::from(arguments.batch);
            let removed = inventory.delete_expired(now, &filter, batch).await?;
            deleted += removed;
            bar.set_position(deleted);
            if removed < u64::from(arguments.batch) {
                break;
            }
        }
        bar.finish_and_clear();
    }
    match arguments.format {
        Format::Json => {
            let tasks: Vec<_> = expired.iter().map(document).collect();
            print_json(&json!({
                "dry_run": arguments.dry_run, "expired": total, "deleted": deleted, "tasks": tasks, "warnings": warnings,
            }))
        }
        Format::Text => {
            print_text(&table(&expired))?;
            print_text(&match (total, arguments.dry_run) {
                (0, _) => "nothing has expired\n".to_owned(),
                (total, true) => format!("would remove {total}\n"),
                (_, false) => format!("removed {deleted}\n"),
            })
        }
    }
}

/// Says on standard error what should be known before anything is removed.
fn warn(warnings: &[String], expired: &[ExpiredTask]) {
    let note = style::paint(style::NOTE, "warning");
    for warning in warnings {
        anstream::eprintln!("{note}: {warning}");
    }
    let unfinished: i64 = expired.iter().map(|task| task.unfinished).sum();
    if unfinished > 0 {
        anstream::eprintln!(
            "{note}: {unfinished} of the expired values belong to task instances that have not finished; \
             Airflow still gives these out, and a retry will not find them any more"
        );
    }
}

fn document(task: &ExpiredTask) -> serde_json::Value {
    json!({
        "dag_id": task.dag_id, "task_id": task.task_id, "values": task.values, "unfinished": task.unfinished,
        "oldest": task.oldest,
    })
}

fn table(expired: &[ExpiredTask]) -> String {
    if expired.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["DAG", "TASK", "EXPIRED", "UNFINISHED", "OLDEST"]);
    for task in expired {
        table.row(vec![
            task.dag_id.clone(),
            task.task_id.clone(),
            task.values.to_string(),
            task.unfinished.to_string(),
            time_text(task.oldest),
        ]);
    }
    table.to_string()
}
