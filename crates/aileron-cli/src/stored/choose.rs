//! Choosing exactly one.

use aileron_metastore::Metastore;
use aileron_metastore::inventory::{Entry, Filter, Kind, KnownTaskInstance};
use anyhow::anyhow;

use super::table::index_text;
use super::{Selection, nothing};

/// How many candidates an error lists.
const LISTED: usize = 10;

/// The one entry that matches.
///
/// With `newest_run`, a missing run id means the newest run that has one.
pub(crate) async fn one_entry(
    store: &Metastore,
    what: &str,
    kind: Kind,
    filter: &Filter,
    newest_run: bool,
) -> anyhow::Result<Entry> {
    let inventory = store.inventory();
    // One Dag may have many older runs before the next Dag comes.
    let mut filter = filter.clone();
    let first = inventory.entries(kind, &filter, 1).await?;
    let Some(first) = first.into_iter().next() else {
        return Err(nothing(store, what, kind, &filter).await);
    };
    if newest_run && filter.dag_id.is_some() {
        filter.run_id.get_or_insert(first.run_id);
    }
    let mut found = inventory.entries(kind, &filter, LISTED as i64 + 1).await?;
    if found.len() == 1 {
        return Ok(found.remove(0));
    }
    let candidates = found.iter().map(|entry| {
        let index = index_text(entry.map_index);
        format!(
            "{}  {}  {}  {index}  {}",
            entry.dag_id, entry.run_id, entry.task_id, entry.key
        )
    });
    Err(several(
        what,
        "Dag, run, task, map index, key",
        &filter,
        candidates.collect(),
    ))
}

/// The one task instance that matches.
pub(crate) async fn one_task_instance(
    store: &Metastore,
    kind: Kind,
    filter: &Filter,
) -> anyhow::Result<KnownTaskInstance> {
    let filter = Filter {
        key: None,
        ..filter.clone()
    };
    let mut found = store
        .inventory()
        .task_instances(&filter, LISTED as i64 + 1)
        .await?;
    match found.len() {
        0 => Err(nothing(store, "task instance", kind, &filter).await),
        1 => Ok(found.remove(0)),
        _ => {
            let candidates = found.iter().map(|instance| {
                let index = index_text(instance.map_index);
                format!(
                    "{}  {}  {}  {index}",
                    instance.dag_id, instance.run_id, instance.task_id
                )
            });
            // The key is not among what could tell them apart.
            let filter = Filter {
                key: Some(String::new()),
                ..filter
            };
            let columns = "Dag, run, task, map index";
            Err(several(
                "task instance",
                columns,
                &filter,
                candidates.collect(),
            ))
        }
    }
}

fn several(what: &str, columns: &str, filter: &Filter, candidates: Vec<String>) -> anyhow::Error {
    let more = candidates.len() > LISTED;
    let mut lines = candidates;
    lines.truncate(LISTED);
    if more {
        lines.push("..".to_owned());
    }
    anyhow!(
        "more than one {what} matches; say which with {} ({columns}):\n  {}",
        Selection::missing(filter),
        lines.join("\n  ")
    )
}
