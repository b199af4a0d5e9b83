//! `aileron state` through Airflow's REST API.

mod arguments;
mod store;

use aileron_deployment::RestApi;
use aileron_metastore::inventory::Filter;
use anyhow::bail;
use serde_json::{Value, json};

use super::{Command, asset, task};
use crate::format::{Format, print_json, print_text};
use crate::outcome::UsageError;
use crate::stored::{WriteArguments, did_you_mean, index_text, json_argument, pretty, time_text};
pub(super) use arguments::RestArguments;
use store::{Instance, RestStore};

pub(super) async fn run(api: &RestApi, command: &Command) -> anyhow::Result<()> {
    let store = RestStore { api };
    match command {
        Command::Task(command) => of_task(&store, command).await,
        Command::Asset(command) => of_asset(&store, command).await,
        Command::Clean(_) => Err(without(
            "remove what has expired; `airflow state-store clean` does, where Airflow runs",
        )
        .into()),
        Command::Export(_) => Err(without("list all state").into()),
        Command::Import(_) => Err(without("store a value with the time it was written at").into()),
    }
}

fn without(what: &str) -> UsageError {
    UsageError(format!(
        "the REST API of Airflow cannot {what}. Use the database: --db"
    ))
}

async fn of_task(store: &RestStore<'_>, command: &task::Command) -> anyhow::Result<()> {
    match command {
        task::Command::List {
            selection,
            page,
            secrets,
            values,
            format,
        } => {
            let filter = selection.filter();
            let (dag_id, run_id) = run_of(&filter)?;
            let instances = store
                .instances(dag_id, run_id, filter.task_id.as_deref(), filter.map_index)
                .await?;
            let mut entries: Vec<_> = store
                .task_entries(instances)
                .await?
                .into_iter()
                .filter(|(entry, _)| filter.key.as_ref().is_none_or(|key| *key == entry.key))
                .map(|(entry, value)| {
                    let is_shown = *values || entry.length <= super::SHORT;
                    (entry, is_shown.then_some(value))
                })
                .collect();
            page.cut(&mut entries);
            match format {
                Format::Json => print_json(&task::listed(entries, secrets, *values)),
                Format::Text => print_text(&task::table(store.api.name(), entries, secrets)),
            }
        }
        task::Command::Get {
            selection,
            secrets,
            format,
        } => {
            let filter = selection.filter();
            let (instance, key) = (one(store, &filter).await?, key_of(&filter)?);
            let (entry, value) = store.task_entry(&instance, key).await?;
            match format {
                Format::Text => print_text(&format!("{}\n", pretty(&secrets.shown(key, value)))),
                Format::Json => {
                    let mut document = task::document(&entry);
                    document["value"] = secrets.shown_value(key, value);
                    print_json(&document)
                }
            }
        }
        task::Command::Set {
            selection,
            value,
            expires_in,
            never_expires,
            write,
        } => {
            let value = json_argument(value)?;
            let filter = selection.filter();
            let (instance, key) = (one(store, &filter).await?, key_of(&filter)?);
            let expires_at = match (never_expires, expires_in) {
                (true, _) => Value::Null,
                // What that Airflow is set to, not this machine.
                (false, None) => json!("default"),
                (false, Some(_)) => json!(task::expiry(*expires_in)?),
            };
            ask(
                store,
                *write,
                &format!("set {key:?} of {}", named(&instance)),
            )?;
            store.set_task(&instance, key, &value, expires_at).await?;
            let (entry, _) = store.task_entry(&instance, key).await?;
            match entry.expires_at {
                Some(at) => print_text(&format!("stored until {}\n", time_text(at))),
                None => print_text("stored for ever\n"),
            }
        }
        task::Command::Delete { selection, write } => {
            let filter = selection.filter();
            let (instance, key) = (one(store, &filter).await?, key_of(&filter)?);
            // Airflow says nothing when it is not there.
            store.task_entry(&instance, key).await?;
            ask(
                store,
                *write,
                &format!("delete {key:?} of {}", named(&instance)),
            )?;
            store.delete_task(&instance, key).await?;
            print_text(&format!("deleted {key:?}\n"))
        }
        task::Command::Clear {
            dag,
            run_id,
            task,
            map_index,
            write,
        } => {
            let instances = store.instances(dag, run_id, Some(task), *map_index).await?;
            let Some(first) = instances.first().cloned() else {
                bail!("{}: there is no such task instance", store.api.name());
            };
            let count = store.task_entries(instances).await?.len();
            ask(store, *write, &format!("delete {count} values"))?;
            store.clear_task(&first, map_index.is_none()).await?;
            print_text(&format!("deleted {count}\n"))
        }
    }
}

async fn of_asset(store: &RestStore<'_>, command: &asset::Command) -> anyhow::Result<()> {
    let assets = store.assets().await?;
    let find = |asked: &str| asset::choose(&assets, store.api.name(), asked);
    match command {
        asset::Command::List {
            asset,
            key,
            page,
            secrets,
            values,
            format,
        } => {
            let asked = match asset {
                Some(asset) => vec![find(asset)?],
                None => assets.clone(),
            };
            let mut entries = Vec::new();
            for asset in &asked {
                entries.extend(store.asset_entries(asset).await?);
            }
            let mut entries: Vec<_> = entries
                .into_iter()
                .filter(|(entry, _)| key.as_ref().is_none_or(|key| *key == entry.key))
                .map(|(entry, value)| {
                    let is_shown = *values || entry.length <= super::SHORT;
                    (entry, is_shown.then_some(value))
                })
                .collect();
            page.cut(&mut entries);
            match format {
                Format::Json => print_json(&asset::listed(entries, secrets, *values)),
                Format::Text => print_text(&asset::table(store.api.name(), entries, secrets)),
            }
        }
        asset::Command::Get {
            asset,
            key,
            secrets,
            format,
        } => {
            let (entry, value) = asset_entry(store, &find(asset)?, key).await?;
            match format {
                Format::Text => print_text(&format!("{}\n", pretty(&secrets.shown(key, value)))),
                Format::Json => {
                    let mut document = asset::document(&entry);
                    document["value"] = secrets.shown_value(key, value);
                    print_json(&document)
                }
            }
        }
        asset::Command::Set {
            asset,
            key,
            value,
            write,
        } => {
            let (asset, value) = (find(asset)?, json_argument(value)?);
            ask(
                store,
                *write,
                &format!("set {key:?} of asset {}", asset.name),
            )?;
            store.set_asset(&asset, key, &value).await?;
            print_text("stored\n")
        }
        asset::Command::Delete { asset, key, write } => {
            let asset = find(asset)?;
            asset_entry(store, &asset, key).await?;
            ask(
                store,
                *write,
                &format!("delete {key:?} of asset {}", asset.name),
            )?;
            store.delete_asset(&asset, Some(key)).await?;
            print_text(&format!("deleted {key:?}\n"))
        }
        asset::Command::Clear { asset, write } => {
            let asset = find(asset)?;
            let count = store.asset_entries(&asset).await?.len();
            ask(
                store,
                *write,
                &format!("delete {count} values of asset {}", asset.name),
            )?;
            store.delete_asset(&asset, None).await?;
            print_text(&format!("deleted {count}\n"))
        }
    }
}

async fn asset_entry(
    store: &RestStore<'_>,
    asset: &aileron_metastore::inventory::KnownAsset,
    key: &str,
) -> anyhow::Result<(
    aileron_metastore::inventory::AssetEntry,
    aileron_wire::json::RawJson,
)> {
    let mut entries = store.asset_entries(asset).await?;
    if let Some(at) = entries.iter().position(|(entry, _)| entry.key == key) {
        return Ok(entries.swap_remove(at));
    }
    let keys: Vec<String> = entries.into_iter().map(|(entry, _)| entry.key).collect();
    bail!(
        "asset {}: there is no key {key:?}{}",
        asset.name,
        did_you_mean(key, &keys)
    )
}

/// The API answers for one run at a time.
fn run_of(filter: &Filter) -> anyhow::Result<(&str, &str)> {
    match (&filter.dag_id, &filter.run_id) {
        (Some(dag_id), Some(run_id)) => Ok((dag_id, run_id)),
        _ => Err(UsageError(
            "through the REST API, say which Dag and which run: --dag and --run-id".to_owned(),
        )
        .into()),
    }
}

fn key_of(filter: &Filter) -> anyhow::Result<&str> {
    let Some(key) = &filter.key else {
        return Err(UsageError("which key? Say it with --key".to_owned()).into());
    };
    Ok(key)
}

/// The one task instance that is meant.
async fn one(store: &RestStore<'_>, filter: &Filter) -> anyhow::Result<Instance> {
    let (dag_id, run_id) = run_of(filter)?;
    let Some(task_id) = &filter.task_id else {
        return Err(UsageError("which task? Say it with --task".to_owned()).into());
    };
    let mut found = store
        .instances(dag_id, run_id, Some(task_id), filter.map_index)
        .await?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => bail!("{}: there is no such task instance", store.api.name()),
        count => bail!("there are {count} instances of task {task_id}; say which with --map-index"),
    }
}

fn named(instance: &Instance) -> String {
    let index = match instance.map_index {
        -1 => String::new(),
        index => format!("[{}]", index_text(index)),
    };
    format!(
        "task {}{index} of run {} of Dag {}",
        instance.task_id, instance.run_id, instance.dag_id
    )
}

/// Whoever has the token may write; it is asked for all the same.
fn ask(store: &RestStore<'_>, write: WriteArguments, what: &str) -> anyhow::Result<()> {
    write.ask(false, store.api.name(), what)
}
