//! `aileron state asset`.

use aileron_metastore::Metastore;
use aileron_metastore::inventory::{AssetEntry, AssetFilter, KnownAsset};
use aileron_wire::json::RawJson;
use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};

use super::SHORT;
use crate::format::{Format, print_json, print_text};
use crate::stored::{
    Opened, Page, Secrets, Table, WriteArguments, did_you_mean, index_text, json_argument, pretty,
    time_text,
};

/// What to do with the state of assets.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List values, by asset, and what wrote them last.
    List {
        /// Only of this asset: its name, or its URI.
        #[arg(long, value_name = "NAME|URI")]
        asset: Option<String>,
        /// Only under this key.
        #[arg(long)]
        key: Option<String>,
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
    Get {
        /// The asset: its name, or its URI.
        #[arg(long, value_name = "NAME|URI")]
        asset: String,
        /// The key.
        #[arg(long)]
        key: String,
        #[command(flatten)]
        secrets: Secrets,
        /// How to print the result.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Store a value, in place of an earlier one.
    Set {
        /// The asset: its name, or its URI.
        #[arg(long, value_name = "NAME|URI")]
        asset: String,
        /// The key.
        #[arg(long)]
        key: String,
        /// The value, as JSON.
        #[arg(allow_hyphen_values = true)]
        value: String,
        #[command(flatten)]
        write: WriteArguments,
    },
    /// Delete one value.
    Delete {
        /// The asset: its name, or its URI.
        #[arg(long, value_name = "NAME|URI")]
        asset: String,
        /// The key.
        #[arg(long)]
        key: String,
        #[command(flatten)]
        write: WriteArguments,
    },
    /// Delete all values of an asset.
    Clear {
        /// The asset: its name, or its URI.
        #[arg(long, value_name = "NAME|URI")]
        asset: String,
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

pub(super) async fn run(opened: &Opened, command: &Command) -> anyhow::Result<()> {
    let store = &opened.store;
    match command {
        Command::List {
            asset,
            key,
            page,
            secrets,
            values,
            format,
        } => {
            let filter = filter(store, asset.as_deref(), key.as_deref()).await?;
            let longest = if *values { i64::MAX } else { SHORT };
            let mut entries = store
                .inventory()
                .asset_entries_with_values(&filter, page.asked(), longest)
                .await?;
            page.cut(&mut entries);
            match format {
                Format::Json => print_json(&listed(entries, secrets, *values)),
                Format::Text => print_text(&table(store.database().name(), entries, secrets)),
            }
        }
        Command::Get {
            asset,
            key,
            secrets,
            format,
        } => get(store, asset, key, secrets, *format).await,
        Command::Set {
            asset,
            key,
            value,
            write,
        } => {
            let value = json_argument(value)?;
            let asset = find(store, asset).await?;
            opened.ask(*write, &format!("set {key:?} of asset {}", asset.name))?;
            store
                .inventory()
                .set_asset_state(&asset, key, value)
                .await?;
            print_text("stored\n")
        }
        Command::Delete { asset, key, write } => {
            let entry = entry(store, asset, key).await?;
            opened.ask(
                *write,
                &format!("delete {key:?} of asset {}", entry.asset.name),
            )?;
            let filter = AssetFilter {
                asset_id: Some(entry.asset.id),
                key: Some(entry.key),
            };
            store.inventory().delete_asset_state(&filter).await?;
            print_text(&format!("deleted {key:?}\n"))
        }
        Command::Clear { asset, write } => {
            let filter = filter(store, Some(asset), None).await?;
            let count = store
                .inventory()
                .asset_entries(&filter, i64::MAX)
                .await?
                .len();
            opened.ask(*write, &format!("delete {count} values of asset {asset}"))?;
            let deleted = store.inventory().delete_asset_state(&filter).await?;
            print_text(&format!("deleted {deleted}\n"))
        }
    }
}

pub(super) async fn filter(
    store: &Metastore,
    asset: Option<&str>,
    key: Option<&str>,
) -> anyhow::Result<AssetFilter> {
    let asset_id = match asset {
        Some(asset) => Some(find(store, asset).await?.id),
        None => None,
    };
    Ok(AssetFilter {
        asset_id,
        key: key.map(str::to_owned),
    })
}

/// The asset of that name, or else of that URI.
async fn find(store: &Metastore, asked: &str) -> anyhow::Result<KnownAsset> {
    let assets = store.inventory().assets().await?;
    choose(&assets, store.database().name(), asked)
}

/// The same among those that are known.
pub(super) fn choose(
    assets: &[KnownAsset],
    place: &str,
    asked: &str,
) -> anyhow::Result<KnownAsset> {
    let mut named: Vec<&KnownAsset> = assets.iter().filter(|asset| asset.name == asked).collect();
    if named.is_empty() {
        named = assets.iter().filter(|asset| asset.uri == asked).collect();
    }
    match named.as_slice() {
        [asset] => Ok((*asset).clone()),
        [] => {
            let names: Vec<String> = assets.iter().map(|asset| asset.name.clone()).collect();
            Err(anyhow!(
                "{place}: there is no asset {asked:?}{}",
                did_you_mean(asked, &names)
            ))
        }
        several => {
            let all: Vec<String> = several
                .iter()
                .map(|asset| format!("{}  {}", asset.name, asset.uri))
                .collect();
            Err(anyhow!(
                "more than one asset is {asked:?}; say which by its other name:\n  {}",
                all.join("\n  ")
            ))
        }
    }
}

async fn entry(store: &Metastore, asset: &str, key: &str) -> anyhow::Result<AssetEntry> {
    let asset = find(store, asset).await?;
    let filter = AssetFilter {
        asset_id: Some(asset.id),
        key: None,
    };
    let mut entries = store.inventory().asset_entries(&filter, i64::MAX).await?;
    if let Some(at) = entries.iter().position(|entry| entry.key == key) {
        return Ok(entries.swap_remove(at));
    }
    let keys: Vec<String> = entries.into_iter().map(|entry| entry.key).collect();
    Err(anyhow!(
        "asset {}: there is no key {key:?}{}",
        asset.name,
        did_you_mean(key, &keys)
    ))
}

async fn get(
    store: &Metastore,
    asset: &str,
    key: &str,
    secrets: &Secrets,
    format: Format,
) -> anyhow::Result<()> {
    let entry = entry(store, asset, key).await?;
    let value = store.inventory().asset_value(&entry).await?;
    let value = value.with_context(|| format!("{key:?} was deleted just now"))?;
    match format {
        Format::Text => print_text(&format!("{}\n", pretty(&secrets.shown(key, value)))),
        Format::Json => {
            let mut document = document(&entry);
            document["value"] = secrets.shown_value(key, value);
            print_json(&document)
        }
    }
}

pub(super) fn document(entry: &AssetEntry) -> Value {
    json!({
        "name": entry.asset.name, "uri": entry.asset.uri, "key": entry.key, "updated_at": entry.written_at,
        "length": entry.length,
        "last_updated_by": {
            "kind": entry.written_by, "dag_id": entry.dag_id, "run_id": entry.run_id, "task_id": entry.task_id,
            "map_index": entry.map_index,
        },
    })
}

/// A value of an asset, which is left out when it is long.
pub(super) type Found = (AssetEntry, Option<RawJson>);

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
        return format!("no asset state in {place}\n");
    }
    let mut table = Table::new(&["ASSET", "URI", "KEY", "WRITTEN", "BY", "VALUE"]);
    for (entry, value) in entries {
        let value = match value {
            Some(value) => secrets.preview(&entry.key, value),
            None => format!("({} characters)", entry.length),
        };
        table.row(vec![
            entry.asset.name.clone(),
            entry.asset.uri.clone(),
            entry.key.clone(),
            time_text(entry.written_at),
            writer(&entry),
            value,
        ]);
    }
    table.to_string()
}

/// What wrote it last: a task by its names, anything else by its kind.
fn writer(entry: &AssetEntry) -> String {
    let (Some(dag_id), Some(run_id), Some(task_id)) =
        (&entry.dag_id, &entry.run_id, &entry.task_id)
    else {
        return entry.written_by.clone().unwrap_or_default();
    };
    let index = match entry.map_index {
        Some(index) if index >= 0 => format!("[{}]", index_text(index)),
        _ => String::new(),
    };
    format!("{dag_id}.{task_id}{index} in {run_id}")
}
