//! `aileron xcom`: XComs of the metadata database or a live deployment, what Python Dags push, and moving the large ones to object
//! storage.

mod audit;
mod calibrate;
mod context;
mod lifecycle;
mod live;
mod metadata;
mod object_storage;
mod place;
mod preflight;
mod progress;
mod report;
mod rollback;
mod roundtrip;
mod sweep;

use aileron_deployment::EXIT_CODES;
use aileron_execution_api::ExecutionApi as _;
use aileron_metastore::Metastore;
use aileron_metastore::inventory::{Entry, Kind};
use aileron_metastore::schema::Schema;
use aileron_wire::message::SetXCom;
use serde_json::{Value, json};

use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use crate::stored::{
    Access, DatabaseArguments, Opened, Page, Secrets, Selection, Table, WriteArguments, block_on,
    index_text, json_argument, nothing, one_entry, one_task_instance, pretty, time_text,
};

/// The key of what a task returned.
const RETURN_VALUE: &str = "return_value";

/// Values longer than this are not loaded for a list.
const SHORT: i64 = 1000;

/// Show and change XComs: the values between tasks.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(subcommand)]
    command: Command,
}

/// What to do with XComs.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Read the XComs of a Dag run from a live deployment.
    ///
    /// Looks into the scheduler's pod with kubectl, unless another way is named. Reads only.
    #[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
    Pull(live::Pull),
    /// List the newest runs of a Dag in a live deployment.
    ///
    /// Looks into the scheduler's pod with kubectl, unless another way is named. Reads only.
    #[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
    Runs(live::Runs),
    #[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
    Report(report::Arguments),
    /// List XComs, the newest run of each Dag first.
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
    /// Print one XCom.
    ///
    /// Without --key it is what the task returned. With --dag and without --run-id it is that of the newest run which has one.
    Get {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        secrets: Secrets,
        /// How to print the result.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Store an XCom, in place of an earlier one.
    ///
    /// Without --key it is what the task returned.
    Set {
        #[command(flatten)]
        selection: Selection,
        /// The value, as JSON.
        #[arg(allow_hyphen_values = true)]
        value: String,
        #[command(flatten)]
        write: WriteArguments,
    },
    /// Delete one XCom.
    ///
    /// Without --key it is what the task returned.
    Delete {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        write: WriteArguments,
    },
    Audit(audit::Arguments),
    #[command(flatten)]
    ObjectStorage(object_storage::Command),
}

impl Command {
    /// Whether it may change something; `None` when it never does.
    fn writes(&self) -> Option<WriteArguments> {
        match self {
            Self::Audit(_)
            | Self::ObjectStorage(_)
            | Self::Pull(_)
            | Self::Runs(_)
            | Self::Report(_)
            | Self::List { .. }
            | Self::Get { .. } => None,
            Self::Set { write, .. } | Self::Delete { write, .. } => Some(*write),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    match &arguments.command {
        // It looks at files, and needs no database.
        Command::Audit(audit) => return audit::run(audit),
        Command::Pull(pull) => return live::pull(pull, arguments.database.given()),
        Command::Runs(runs) => return live::runs(runs, arguments.database.given()),
        Command::Report(report) => return report::run(report, arguments.database.given()),
        Command::ObjectStorage(command) => {
            return block_on(object_storage::run(command, &arguments.database));
        }
        _ => {}
    }
    block_on(async {
        let opened = match arguments.command.writes() {
            Some(write) => write.open(&arguments.database).await?,
            None => arguments.database.open(Access::Read).await?,
        };
        // Since 3.4 an XCom belongs to a try.
        opened.store.require(&[Schema::Airflow332])?;
        let store = &opened.store;
        match &arguments.command {
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
                    Format::Json => {
                        let listed = listed(store, &entries, secrets, *values).await?;
                        print_json(&listed)?;
                    }
                    Format::Text => print_text(&table(store, &entries, secrets).await?)?,
                }
            }
            Command::Get {
                selection,
                secrets,
                format,
            } => get(store, selection, secrets, *format).await?,
            Command::Set {
                selection,
                value,
                write,
            } => set(&opened, *write, selection, value).await?,
            Command::Delete { selection, write } => {
                let filter = selection.filter_with_key(RETURN_VALUE);
                let entry = one_entry(store, "XCom", Kind::XCom, &filter, false).await?;
                opened.ask(*write, &format!("delete {}", name(&entry)))?;
                store.inventory().delete_entry(Kind::XCom, &entry).await?;
                print_text(&format!("deleted {}\n", name(&entry)))?;
            }
            Command::Audit(_)
            | Command::ObjectStorage(_)
            | Command::Pull(_)
            | Command::Runs(_)
            | Command::Report(_) => {
                unreachable!("it was run above")
            }
        }
        Ok(Outcome::Done)
    })
}

async fn find(store: &Metastore, selection: &Selection, page: Page) -> anyhow::Result<Vec<Entry>> {
    let filter = selection.filter();
    let entries = store
        .inventory()
        .entries(Kind::XCom, &filter, page.asked())
        .await?;
    // Nothing at all is an answer; nothing under a name that does not exist is a mistake.
    if entries.is_empty() && filter != Default::default() {
        return Err(nothing(store, "XCom", Kind::XCom, &filter).await);
    }
    Ok(entries)
}

async fn get(
    store: &Metastore,
    selection: &Selection,
    secrets: &Secrets,
    format: Format,
) -> anyhow::Result<()> {
    let filter = selection.filter_with_key(RETURN_VALUE);
    let entry = one_entry(store, "XCom", Kind::XCom, &filter, true).await?;
    let Some(value) = store.inventory().value(Kind::XCom, &entry).await? else {
        anyhow::bail!("{} was deleted just now", name(&entry));
    };
    match format {
        Format::Text => print_text(&format!("{}\n", pretty(&secrets.shown(&entry.key, value)))),
        Format::Json => {
            let mut document = document(&entry);
            document["value"] = secrets.shown_value(&entry.key, value);
            print_json(&document)
        }
    }
}

async fn set(
    opened: &Opened,
    write: WriteArguments,
    selection: &Selection,
    value: &str,
) -> anyhow::Result<()> {
    let store = &opened.store;
    let value = json_argument(value)?;
    let filter = selection.filter_with_key(RETURN_VALUE);
    let instance = one_task_instance(store, Kind::XCom, &filter).await?;
    let key = filter.key.as_deref().unwrap_or_default();
    opened.ask(
        write,
        &format!("set XCom {key:?} of task {}", instance.task_id),
    )?;
    let mut request = SetXCom::new(
        filter.key.unwrap_or_default(),
        value,
        instance.dag_id,
        instance.run_id,
        instance.task_id,
    );
    request.map_index = Some(instance.map_index);
    store.task(instance.id).set_xcom(request).await?;
    print_text("stored\n")
}

fn name(entry: &Entry) -> String {
    let index = match entry.map_index {
        -1 => String::new(),
        index => format!("[{index}]"),
    };
    format!(
        "XCom {:?} of task {}{index} in run {} of Dag {}",
        entry.key, entry.task_id, entry.run_id, entry.dag_id
    )
}

fn document(entry: &Entry) -> Value {
    json!({
        "dag_id": entry.dag_id, "run_id": entry.run_id, "task_id": entry.task_id, "map_index": entry.map_index,
        "key": entry.key, "timestamp": entry.written_at, "length": entry.length,
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
        if values && let Some(value) = store.inventory().value(Kind::XCom, entry).await? {
            document["value"] = secrets.shown_value(&entry.key, value);
        }
        listed.push(document);
    }
    Ok(listed)
}

async fn table(store: &Metastore, entries: &[Entry], secrets: &Secrets) -> anyhow::Result<String> {
    if entries.is_empty() {
        return Ok(format!("no XComs in {}\n", store.database().name()));
    }
    let mut table = Table::new(&["DAG", "RUN", "TASK", "MAP", "KEY", "WRITTEN", "VALUE"]);
    for entry in entries {
        let value = if entry.length > SHORT {
            format!("({} characters)", entry.length)
        } else {
            match store.inventory().value(Kind::XCom, entry).await? {
                Some(value) => secrets.preview(&entry.key, value),
                None => continue,
            }
        };
        table.row(vec![
            entry.dag_id.clone(),
            entry.run_id.clone(),
            entry.task_id.clone(),
            index_text(entry.map_index),
            entry.key.clone(),
            time_text(entry.written_at),
            value,
        ]);
    }
    Ok(table.to_string())
}
