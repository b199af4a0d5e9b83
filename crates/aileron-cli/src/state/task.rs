//! `aileron state task`.

use aileron_config::Config;
use aileron_execution_api::ExecutionApi as _;
use aileron_metastore::Metastore;
use aileron_metastore::inventory::{Entry, Filter, Kind};
use anyhow::Context as _;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde_json::{Value, json};

use super::SHORT;
use crate::format::{Format, print_json, print_text};
use crate::stored::{
    Page, Secrets, Selection, Table, index_text, json_argument, nothing, one_entry,
    one_task_instance, pretty, time_text,
};

/// How long Airflow keeps a value when nothing else is said, in days.
const RETENTION_DAYS: i64 = 30;

/// What to do with the state of tasks.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List values, the newest run of each Dag first. Expired ones are in the list.
    List {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        secrets: Secrets,
        /// With JSON, give the values too.
        #[arg(long)]
        values: bool,
        /// How to print the result.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print one value.
    ///
    /// With --dag and without --run-id it is that of the newest run which has one.
    Get {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        secrets: Secrets,
        /// How to print the result.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Store a value, in place of an earlier one.
    Set {
        #[command(flatten)]
        selection: Selection,
        /// The value, as JSON.
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// How long to keep it: `12h`, `7d`. [default: what `[state_store] default_retention_days` says]
        #[arg(long, value_name = "DURATION", conflicts_with = "never_expires")]
        expires_in: Option<Span>,
        /// Keep it for ever.
        #[arg(long)]
        never_expires: bool,
    },
    /// Delete one value.
    Delete {
        #[command(flatten)]
        selection: Selection,
    },
    /// Delete all values of the task instances that match.
    Clear {
        /// Of this Dag.
        #[arg(long, value_name = "DAG_ID")]
        dag: String,
        /// Of this run.
        #[arg(long, value_name = "RUN_ID")]
        run_id: String,
        /// Of this task.
        #[arg(long, value_name = "TASK_ID")]
        task: String,
        /// Only of this instance of a mapped task.
        #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
        map_index: Option<i64>,
    },
}

const WHAT: &str = "task state";

pub(super) async fn run(store: &Metastore, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List {
            selection,
            page,
            secrets,
            values,
            format,
        } => {
            let mut entries = find(store, selection, *page).await?;
            page.cut(&mut entries);
            match format {
                Format::Json => print_json(&listed(store, &entries, secrets, *values).await?),
                Format::Text => print_text(&table(store, &entries, secrets).await?),
            }
        }
        Command::Get {
            selection,
            secrets,
            format,
        } => get(store, selection, secrets, *format).await,
        Command::Set {
            selection,
            value,
            expires_in,
            never_expires,
        } => {
            let expires_at = match never_expires {
                true => None,
                false => expiry(*expires_in)?,
            };
            set(store, selection, value, expires_at).await
        }
        Command::Delete { selection } => {
            let filter = selection.filter();
            let entry = one_entry(store, WHAT, Kind::TaskState, &filter, false).await?;
            let inventory = store.inventory();
            inventory.delete_entry(Kind::TaskState, &entry).await?;
            print_text(&format!("deleted {:?}\n", entry.key))
        }
        Command::Clear {
            dag,
            run_id,
            task,
            map_index,
        } => {
            let filter = Filter {
                dag_id: Some(dag.clone()),
                run_id: Some(run_id.clone()),
                task_id: Some(task.clone()),
                map_index: *map_index,
                key: None,
            };
            clear(store, &filter).await
        }
    }
}

async fn find(store: &Metastore, selection: &Selection, page: Page) -> anyhow::Result<Vec<Entry>> {
    let filter = selection.filter();
    let entries = store
        .inventory()
        .entries(Kind::TaskState, &filter, page.asked())
        .await?;
    if entries.is_empty() && filter != Default::default() {
        return Err(nothing(store, WHAT, Kind::TaskState, &filter).await);
    }
    Ok(entries)
}

async fn get(
    store: &Metastore,
    selection: &Selection,
    secrets: &Secrets,
    format: Format,
) -> anyhow::Result<()> {
    let filter = selection.filter();
    let entry = one_entry(store, WHAT, Kind::TaskState, &filter, true).await?;
    let value = store.inventory().value(Kind::TaskState, &entry).await?;
    let value = value.with_context(|| format!("{:?} was deleted just now", entry.key))?;
    match format {
        Format::Text => print_text(&format!("{}\n", pretty(&secrets.shown(&entry.key, value)))),
        Format::Json => {
            let mut document = document(&entry);
            document["value"] = secrets.shown_value(&entry.key, value);
            print_json(&document)
        }
    }
}

/// When a value that is stored now expires; `None` for never.
fn expiry(expires_in: Option<Span>) -> anyhow::Result<Option<Timestamp>> {
    let duration = match expires_in {
        Some(span) => span
            .to_duration(SpanRelativeTo::days_are_24_hours())
            .context("--expires-in")?,
        None => {
            let config = Config::from_env();
            let days = config.integer("state_store", "default_retention_days")?;
            match days.unwrap_or(RETENTION_DAYS) {
                0 => return Ok(None),
                days => SignedDuration::from_hours(days.saturating_mul(24)),
            }
        }
    };
    Ok(Some(Timestamp::now().checked_add(duration)?))
}

async fn set(
    store: &Metastore,
    selection: &Selection,
    value: &str,
    expires_at: Option<Timestamp>,
) -> anyhow::Result<()> {
    let value = json_argument(value)?;
    let filter = selection.filter();
    let Some(key) = filter.key.clone() else {
        return Err(crate::outcome::UsageError("which key? Say it with --key".to_owned()).into());
    };
    let instance = one_task_instance(store, Kind::TaskState, &filter).await?;
    let api = store.task(instance.id);
    api.set_task_state(&key, value, expires_at).await?;
    match expires_at {
        Some(at) => print_text(&format!("stored until {}\n", time_text(at))),
        None => print_text("stored for ever\n"),
    }
}

async fn clear(store: &Metastore, filter: &Filter) -> anyhow::Result<()> {
    let inventory = store.inventory();
    if inventory.task_instances(filter, 1).await?.is_empty() {
        return Err(nothing(store, "task instance", Kind::TaskState, filter).await);
    }
    let deleted = inventory.delete(Kind::TaskState, filter).await?;
    print_text(&format!("deleted {deleted}\n"))
}

fn document(entry: &Entry) -> Value {
    json!({
        "dag_id": entry.dag_id, "run_id": entry.run_id, "task_id": entry.task_id, "map_index": entry.map_index,
        "key": entry.key, "updated_at": entry.written_at, "expires_at": entry.expires_at, "length": entry.length,
    })
}

async fn listed(
    store: &Metastore,
    entries: &[Entry],
    secrets: &Secrets,
    values: bool,
) -> anyhow::Result<Vec<Value>> {
    let mut listed = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut document = document(entry);
        if values && let Some(value) = store.inventory().value(Kind::TaskState, entry).await? {
            document["value"] = secrets.shown_value(&entry.key, value);
        }
        listed.push(document);
    }
    Ok(listed)
}

async fn table(store: &Metastore, entries: &[Entry], secrets: &Secrets) -> anyhow::Result<String> {
    if entries.is_empty() {
        return Ok(format!("no task state in {}\n", store.database().name()));
    }
    let mut table = Table::new(&[
        "DAG", "RUN", "TASK", "MAP", "KEY", "WRITTEN", "EXPIRES", "VALUE",
    ]);
    let now = Timestamp::now();
    for entry in entries {
        let value = if entry.length > SHORT {
            format!("({} characters)", entry.length)
        } else {
            match store.inventory().value(Kind::TaskState, entry).await? {
                Some(value) => secrets.preview(&entry.key, value),
                None => continue,
            }
        };
        let expires = match entry.expires_at {
            None => "never".to_owned(),
            Some(at) if at <= now => format!("{} (expired)", time_text(at)),
            Some(at) => time_text(at),
        };
        table.row(vec![
            entry.dag_id.clone(),
            entry.run_id.clone(),
            entry.task_id.clone(),
            index_text(entry.map_index),
            entry.key.clone(),
            time_text(entry.written_at),
            expires,
            value,
        ]);
    }
    Ok(table.to_string())
}
