//! Which assets the tasks of a Dag read and write.

use std::collections::{BTreeMap, BTreeSet};

use aileron_bundle::manifest::{AssetOutline, DagOutline};
use aileron_wire::json::RawJson;
use jiff::Timestamp;

use crate::database::{DatabaseError, Transaction, sql};

/// An asset by name and URI.
type Key<'a> = (&'a str, &'a str);

/// Makes the assets and aliases of a Dag known, active where nothing is in the way, and replaces
/// what is known of who uses them.
pub(super) async fn write(
    transaction: &mut Transaction,
    dag: &DagOutline,
) -> Result<(), DatabaseError> {
    let mut ids = BTreeMap::new();
    for key in assets(dag) {
        ids.insert(key, write_asset(transaction, key).await?);
    }
    for name in aliases(dag) {
        let statement = sql(
            "insert into asset_alias (name, \"group\") values ($1, $2) on conflict (name) do nothing",
        );
        transaction
            .execute(statement.bind(name).bind("asset"))
            .await?;
    }
    replace(transaction, dag, &ids, Direction::Inlets).await?;
    replace(transaction, dag, &ids, Direction::Outlets).await
}

fn ports(dag: &DagOutline) -> impl Iterator<Item = &AssetOutline> {
    dag.tasks
        .iter()
        .flat_map(|task| task.inlets.iter().chain(&task.outlets))
}

fn key(asset: &AssetOutline) -> Option<Key<'_>> {
    match asset {
        AssetOutline::Asset { name, uri } => Some((name, uri)),
        _ => None,
    }
}

fn assets(dag: &DagOutline) -> BTreeSet<Key<'_>> {
    ports(dag).filter_map(key).collect()
}

fn aliases(dag: &DagOutline) -> BTreeSet<&str> {
    ports(dag)
        .filter_map(|asset| match asset {
            AssetOutline::Alias { name } => Some(name.as_str()),
            _ => None,
        })
        .collect()
}

async fn write_asset(
    transaction: &mut Transaction,
    (name, uri): Key<'_>,
) -> Result<i64, DatabaseError> {
    let active = sql("insert into asset_active (name, uri) values ($1, $2) on conflict do nothing");
    let known = sql("select id from asset where name = $1 and uri = $2");
    if let Some(row) = transaction.optional(known.bind(name).bind(uri)).await? {
        transaction.execute(active.bind(name).bind(uri)).await?;
        return row.get("id");
    }
    let insert = sql(
        "insert into asset (name, uri, \"group\", extra, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $5) returning id",
    )
    .bind(name)
    .bind(uri)
    .bind("asset")
    .bind(RawJson::of(&serde_json::Map::new()).unwrap_or_else(|_| RawJson::null()))
    .bind(Timestamp::now());
    let row = transaction.one(insert).await?;
    transaction.execute(active.bind(name).bind(uri)).await?;
    row.get("id")
}

#[derive(Clone, Copy)]
enum Direction {
    Inlets,
    Outlets,
}

async fn replace(
    transaction: &mut Transaction,
    dag: &DagOutline,
    ids: &BTreeMap<Key<'_>, i64>,
    direction: Direction,
) -> Result<(), DatabaseError> {
    let old = match direction {
        Direction::Inlets => sql("delete from task_inlet_asset_reference where dag_id = $1"),
        Direction::Outlets => sql("delete from task_outlet_asset_reference where dag_id = $1"),
    };
    transaction.execute(old.bind(&dag.dag_id)).await?;
    for task in &dag.tasks {
        let ports = match direction {
            Direction::Inlets => &task.inlets,
            Direction::Outlets => &task.outlets,
        };
        let used: BTreeSet<i64> = ports
            .iter()
            .filter_map(|asset| ids.get(&key(asset)?).copied())
            .collect();
        for id in used {
            let insert = match direction {
                Direction::Inlets => sql(
                    "insert into task_inlet_asset_reference (asset_id, dag_id, task_id, \
                     created_at, updated_at) values ($1, $2, $3, $4, $4)",
                ),
                Direction::Outlets => sql(
                    "insert into task_outlet_asset_reference (asset_id, dag_id, task_id, \
                     created_at, updated_at, allow_consumer_teams) values ($1, $2, $3, $4, $4, $5)",
                ),
            };
            let insert = insert
                .bind(id)
                .bind(&dag.dag_id)
                .bind(&task.task_id)
                .bind(Timestamp::now());
            transaction
                .execute(match direction {
                    Direction::Inlets => insert,
                    Direction::Outlets => insert.bind(RawJson::null()),
                })
                .await?;
        }
    }
    Ok(())
}
