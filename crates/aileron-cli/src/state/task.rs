//! `aileron state task`.

use aileron_config::Config;
use aileron_execution_api::ExecutionApi as _;
use aileron_metastore::Metastore;
use aileron_metastore::inventory::{Entry, Filter, Kind};
use aileron_wire::json::RawJson;
use anyhow::Context as _;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde_json::{Value, json};

use super::SHORT;
use crate::format::{Format, print_json, print_text};
use crate::stored::{
    Opened, Page, Secrets, Selection, Table, WriteArguments, index_text, json_argument, nothing,
    one_entry, one_task_instance, pretty, time_text,
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
        #[command(flatten)]
        write: WriteArguments,
    },
    /// Delete one value.
    Delete {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        write: WriteArguments,
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
        #[command(flatten)]
        write: WriteArguments,
    },
}

impl Command {
    /// Whether it may change something; `None` when it never does.
    pub(super) fn writes(&self) -> Option<WriteArguments> {
        match self {
            Self::List { .. } | Self::Get { .. } => None,
            Self::Set { write, .. } | Self::Delete { write, .. } | Self::Clear { write, .. } => {
                Some(*write)
            }
        }
    }
}

const WHAT: &str = "task state";

pub(super) async fn run(opened: &Opened, command: &Command) -> anyhow::Result<()> {
    let store = &opened.store;
    match command {
        Command::List {
            selection,
            page,
            secrets,
            values,
            format,
        } => {
            let longest = if *values { i64::MAX } else { SHORT };
            let mut entries = find(store, selection, *page, longest).await?;
            page.cut(&mut entries);
            match format {
                Format::Json => print_json(&listed(entries, secrets, *values)),
                Format::Text => print_text(&table(store.database().name(), entries, secrets)),
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
            write,
        } => {
            let expires_at = match never_expires {
                true => None,
                false => expiry(*expires_in)?,
            };
            set(opened, *write, selection, value, expires_at).await
        }
        Command::Delete { selection, write } => {
            let filter = selection.filter();
            let entry = one_entry(store, WHAT, Kind::TaskState, &filter, false).await?;
            opened.ask(
                *write,
                &format!("delete {:?} of {}", entry.key, owner(&entry)),
            )?;
            let inventory = store.inventory();
            inventory.delete_entry(Kind::TaskState, &entry).await?;
            print_text(&format!("deleted {:?}\n", entry.key))
        }
        Command::Clear {
            dag,
            run_id,
            task,
            map_index,
            write,
        } => {
            let filter = Filter {
                dag_id: Some(dag.clone()),
                run_id: Some(run_id.clone()),
                task_id: Some(task.clone()),
                map_index: *map_index,
                key: None,
            };
            clear(opened, *write, &filter).await
        }
    }
}

/// A value of a task, which is left out when it is long.
pub(super) type Found = (Entry, Option<RawJson>);

async fn find(
    store: &Metastore,
    selection: &Selection,
    page: Page,
    longest: i64,
) -> anyhow::Result<Vec<Found>> {
    let filter = selection.filter();
    let entries = store
        .inventory()
        .entries_with_values(Kind::TaskState, &filter, page.asked(), longest)
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
pub(super) fn expiry(expires_in: Option<Span>) -> anyhow::Result<Option<Timestamp>> {
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
    opened: &Opened,
    write: WriteArguments,
    selection: &Selection,
    value: &str,
    expires_at: Option<Timestamp>,
) -> anyhow::Result<()> {
    let value = json_argument(value)?;
    let filter = selection.filter();
    let Some(key) = filter.key.clone() else {
        return Err(crate::outcome::UsageError("which key? Say it with --key".to_owned()).into());
    };
    let store = &opened.store;
    let instance = one_task_instance(store, Kind::TaskState, &filter).await?;
    let name = instance_name(
        &instance.dag_id,
        &instance.run_id,
        &instance.task_id,
        instance.map_index,
    );
    opened.ask(write, &format!("set {key:?} of {name}"))?;
    let api = store.task(instance.id);
    api.set_task_state(&key, value, expires_at).await?;
    match expires_at {
        Some(at) => print_text(&format!("stored until {}\n", time_text(at))),
        None => print_text("stored for ever\n"),
    }
}

async fn clear(opened: &Opened, write: WriteArguments, filter: &Filter) -> anyhow::Result<()> {
    let store = &opened.store;
    let inventory = store.inventory();
    if inventory.task_instances(filter, 1).await?.is_empty() {
        return Err(nothing(store, "task instance", Kind::TaskState, filter).await);
    }
    let count = inventory
        .entries(Kind::TaskState, filter, i64::MAX)
        .await?
        .len();
    opened.ask(write, &format!("delete {count} values"))?;
    let deleted = inventory.delete(Kind::TaskState, filter).await?;
    print_text(&format!("deleted {deleted}\n"))
}

pub(super) fn document(entry: &Entry) -> Value {
    json!({
        "dag_id": entry.dag_id, "run_id": entry.run_id, "task_id": entry.task_id, "map_index": entry.map_index,
        "key": entry.key, "updated_at": entry.written_at, "expires_at": entry.expires_at, "length": entry.length,
    })
}

pub(super) fn listed(entries: Vec<Found>, secrets: &Secrets, values: bool) -> Vec<Value> {
    let mut listed = Vec::with_capacity(entries.len());
    for (entry, value) in entries {
        let mut document = document(&entry);
        if let Some(value) = value.filter(|_| values) {
            document["value"] = secrets.shown_value(&entry.key, value);
        }
        listed.push(document);
    }
    listed
}

pub(super) fn table(place: &str, entries: Vec<Found>, secrets: &Secrets) -> String {
    if entries.is_empty() {
        return format!("no task state in {place}\n");
    }
    let mut table = Table::new(&[
        "DAG", "RUN", "TASK", "MAP", "KEY", "WRITTEN", "EXPIRES", "VALUE",
    ]);
    let now = Timestamp::now();
    for (entry, value) in entries {
        let value = match value {
            Some(value) => secrets.preview(&entry.key, value),
            None => format!("({} characters)", entry.length),
        };
        let expires = match entry.expires_at {
            None => "never".to_owned(),
            Some(at) if at <= now => format!("{} (expired)", time_text(at)),
            Some(at) => time_text(at),
        };
        table.row(vec![
            entry.dag_id,
            entry.run_id,
            entry.task_id,
            index_text(entry.map_index),
            entry.key,
            time_text(entry.written_at),
            expires,
            value,
        ]);
    }
    table.to_string()
}

fn owner(entry: &Entry) -> String {
    instance_name(
        &entry.dag_id,
        &entry.run_id,
        &entry.task_id,
        entry.map_index,
    )
}

fn instance_name(dag_id: &str, run_id: &str, task_id: &str, map_index: i64) -> String {
    let index = match map_index {
        -1 => String::new(),
        index => format!("[{index}]"),
    };
    format!("task {task_id}{index} of run {run_id} of Dag {dag_id}")
}
