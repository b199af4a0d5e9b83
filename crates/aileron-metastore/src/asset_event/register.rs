//! The events of a task that has succeeded.
//!
//! Source: `TaskInstance.register_asset_changes_in_db` in `models/taskinstance.py` of Airflow 3.3.2.

use aileron_execution_api::ErrorKind;
use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::AssetProfile;
use jiff::Timestamp;
use uuid::Uuid;

use super::announce::{Announcement, Asset, announce};
use super::outlet::{AliasEvent, AssetKey, OutletEvents, by_asset};
use crate::database::{Session, Statement, sql};
use crate::failure::Failure;
use crate::scope::Scope;

/// The task instance that has succeeded.
#[derive(Debug, Clone)]
pub(crate) struct Producer {
    /// The id of its try.
    pub(crate) ti_id: Uuid,
    /// Its team, or none; absent where there are no teams.
    pub(crate) teams: Option<Option<String>>,
    /// Which it is.
    pub(crate) scope: Scope,
    /// Its try, for the log of events.
    pub(crate) try_number: i64,
    /// The partition of its Dag run.
    pub(crate) partition_key: Option<String>,
}

/// Makes the events of a succeeded task: one for each active asset among its outlets, with what the
/// task said about it, and one for each asset that it named through its aliases. An asset that
/// nobody knew comes into being with that. The Dags that are scheduled on them are queued.
///
/// Call it in the transaction that makes the state of the task instance `success`, before any other
/// change: events that make no sense are refused.
pub(crate) async fn register(
    session: &mut Session,
    producer: &Producer,
    outlets: &[AssetProfile],
    events: &[JsonMap],
) -> Result<(), Failure> {
    let events = OutletEvents::read(events)?;
    for asset in outlet_assets(session, outlets).await? {
        register_asset(session, producer, &asset, &events).await?;
    }
    let aliases: Vec<&str> = outlets
        .iter()
        .filter(|outlet| outlet.kind == "AssetAlias")
        .filter_map(|outlet| outlet.name.as_deref())
        .collect();
    for event in by_asset(events.through_aliases, &aliases) {
        register_through_aliases(session, producer, event).await?;
    }
    Ok(())
}

/// The active assets among the outlets. Whether there are inactive ones was asked before the task
/// began; one that became so since makes no event.
async fn outlet_assets(
    session: &mut Session,
    outlets: &[AssetProfile],
) -> Result<Vec<Asset>, Failure> {
    const SELECT: &str = "select asset.id as id, asset.name as name, asset.uri as uri from asset \
        join asset_active on asset_active.name = asset.name and asset_active.uri = asset.uri where ";
    let mut seen: Vec<&AssetProfile> = Vec::new();
    let mut assets = Vec::new();
    for outlet in outlets {
        if seen.contains(&outlet) {
            continue;
        }
        seen.push(outlet);
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let (name, uri) = (filled(&outlet.name), filled(&outlet.uri));
        let statement = match (outlet.kind.as_str(), name, uri) {
            ("Asset", Some(name), Some(uri)) => sql(SELECT)
                .push("asset.name = ")
                .value(name)
                .push(" and asset.uri = ")
                .value(uri),
            ("AssetNameRef", Some(name), _) => sql(SELECT).push("asset.name = ").value(name),
            ("AssetUriRef", _, Some(uri)) => sql(SELECT).push("asset.uri = ").value(uri),
            _ => continue,
        };
        assets.extend(find(session, statement).await?);
    }
    Ok(assets)
}

async fn find(session: &mut Session, statement: Statement) -> Result<Option<Asset>, Failure> {
    let Some(row) = session.optional(statement).await? else {
        return Ok(None);
    };
    Ok(Some(Asset {
        id: row.get("id")?,
        key: AssetKey {
            name: row.get("name")?,
            uri: row.get("uri")?,
        },
    }))
}

/// One event, or one for each that the task gave. The partition is the task's, or else the run's.
async fn register_asset(
    session: &mut Session,
    producer: &Producer,
    asset: &Asset,
    events: &OutletEvents,
) -> Result<(), Failure> {
    let mut announced = false;
    for event in events.of(&asset.key) {
        announced = true;
        let partition_key = event.partition_key.as_ref();
        announce(
            session,
            producer,
            Announcement {
                asset,
                extra: json(&event.extra)?,
                aliases: &[],
                partition_key: partition_key.or(producer.partition_key.as_ref()),
            },
        )
        .await?;
    }
    if announced {
        return Ok(());
    }
    announce(
        session,
        producer,
        Announcement {
            asset,
            extra: json(&JsonMap::new())?,
            aliases: &[],
            partition_key: producer.partition_key.as_ref(),
        },
    )
    .await
}

async fn register_through_aliases(
    session: &mut Session,
    producer: &Producer,
    event: AliasEvent,
) -> Result<(), Failure> {
    let statement = sql("select id, name, uri from asset where name = $1 and uri = $2")
        .bind(&event.asset.name)
        .bind(&event.asset.uri);
    let asset = match find(session, statement).await? {
        Some(asset) => asset,
        None => create(session, &event).await?,
    };
    announce(
        session,
        producer,
        Announcement {
            asset: &asset,
            extra: json(&event.extra)?,
            aliases: &event.aliases,
            // A partition of its own does not pass through an alias.
            partition_key: producer.partition_key.as_ref(),
        },
    )
    .await
}

/// Makes an asset. It becomes active when a Dag refers to it.
async fn create(session: &mut Session, event: &AliasEvent) -> Result<Asset, Failure> {
    let AssetKey { name, uri } = &event.asset;
    let refused = |why: &str| {
        Err(Failure::because(
            ErrorKind::Invalid,
            "invalid_asset",
            format!("the asset with name {name:?} and URI {uri:?} cannot be made: {why}"),
        ))
    };
    if name.is_empty() || uri.is_empty() {
        return refused("it needs both");
    }
    if !uri.is_ascii() {
        return refused("a URI is ASCII");
    }
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    if scheme.eq_ignore_ascii_case("airflow") {
        return refused("the scheme airflow is Airflow's own");
    }
    let now = Timestamp::now();
    let insert = sql(
        "insert into asset (name, uri, \"group\", extra, created_at, updated_at) \
         values ($1, $2, 'asset', $3, $4, $4) on conflict (name, uri) do nothing",
    )
    .bind(name)
    .bind(uri)
    .bind(json(&event.asset_extra)?)
    .bind(now);
    session.execute(insert).await?;
    // Another task may have been faster.
    let id = sql("select id from asset where name = $1 and uri = $2");
    let row = session.one(id.bind(name).bind(uri)).await?;
    Ok(Asset {
        id: row.get("id")?,
        key: event.asset.clone(),
    })
}

fn json(value: &impl serde::Serialize) -> Result<RawJson, Failure> {
    RawJson::of(value).map_err(|error| {
        Failure::because(
            ErrorKind::Invalid,
            "invalid_outlet_event",
            format!("an extra is no JSON: {error}"),
        )
    })
}
