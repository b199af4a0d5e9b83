//! State stores, Variables, connections and assets, beside Python tasks that use the same ones.

use std::time::Duration;

use aileron::prelude::*;
use aileron::{Asset, AssetAlias, AssetRef, Retention};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What the tasks of `dags/stores.py` call by the same names.
const ORDERS: Asset = Asset::new("stores_orders", "s3://stores/orders");
const PRICES: Asset = Asset::new("stores_prices", "s3://stores/prices");
const RATES: Asset = Asset::new("stores_rates", "s3://stores/rates");
const FROM_RUST: AssetAlias = AssetAlias::new("stores_from_rust");
const FROM_PYTHON: AssetAlias = AssetAlias::new("stores_from_python");
const UNUSED: AssetAlias = AssetAlias::new("stores_unused");
const CLASH_ONE: Asset = Asset::new("stores_clash", "s3://stores/one");
const CLASH_TWO: Asset = Asset::new("stores_clash", "s3://stores/two");

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Position {
    page: u32,
    done: Vec<String>,
}

/// The first try stores and fails; the second finds it.
#[task(retries = 1, retry_delay = "1s")]
async fn remember(cx: &Context) -> Result<Option<Position>> {
    let store = cx.task_state_store();
    if cx.try_number() == 1 {
        let position = Position {
            page: 3,
            done: vec!["é".into()],
        };
        store.set("position", &position).await?;
        store
            .set_with("hour", &1, Retention::For(Duration::from_secs(3600)))
            .await?;
        store.set_with("never", &"a/b?c", Retention::Never).await?;
        store.set("key with / and %2F", &true).await?;
        store.set("deleted", &1).await?;
        store.delete("deleted").await?;
        store.delete("never there").await?;
        return Err(Error::msg("the first try fails"));
    }
    if store.get::<bool>("deleted").await?.is_some() {
        return Err(Error::no_retry("a deleted key is back"));
    }
    if store.get::<bool>("key with / and %2F").await? != Some(true) {
        return Err(Error::no_retry("a key was misread"));
    }
    Ok(store.get("position").await?)
}

/// Each map index stores and reads its own.
#[task]
async fn mapped(cx: &Context) -> Result<Vec<i64>> {
    let store = cx.task_state_store();
    let index = cx.ti().map_index;
    let found: Option<i64> = store.get("index").await?;
    if found.is_some() {
        return Err(Error::no_retry("another map index's value"));
    }
    store.set("index", &index).await?;
    if index == 1 {
        store.clear().await?;
    }
    Ok(store.get::<i64>("index").await?.into_iter().collect())
}

#[dag]
pub(crate) fn stores_task(dag: &mut Dag) {
    dag.add(remember());
    dag.add(mapped());
}

/// What the Python task beside it compares.
#[derive(Debug, Serialize, Deserialize)]
struct Settings {
    keys: Vec<String>,
    uri_sha256: String,
}

#[task]
async fn read_settings(cx: &Context) -> Result<Settings> {
    let variables = cx.variables();
    let keys = variables.keys("stores_%_").all().await?;
    variables.set("stores_written", "first").await?;
    let limits = [1, 2, 3];
    variables.set_json("stores_written", &limits).await?;
    if variables
        .get_json::<Vec<i64>>("stores_written")
        .await?
        .as_deref()
        != Some(&limits[..])
    {
        return Err(Error::no_retry(
            "a Variable reads otherwise than it was written",
        ));
    }
    variables.delete("stores_doomed").await?;
    if variables.get("stores_doomed").await?.is_some() {
        return Err(Error::no_retry("a deleted Variable is still there"));
    }
    let uri = cx.connections().get("stores_database").await?.uri();
    let digest = Sha256::digest(uri.as_bytes());
    Ok(Settings {
        keys,
        uri_sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

#[dag]
pub(crate) fn stores_settings(dag: &mut Dag) {
    let settings = dag.add(read_settings());
    let compare = dag.external::<bool>("compare");
    dag.set_downstream(settings, compare);
}

/// Emits through an alias, and says more about two outlets.
#[task(outlets = [FROM_RUST, ORDERS, PRICES])]
async fn produce(cx: &Context) -> Result<()> {
    let events = cx.outlet_events();
    let through = std::collections::BTreeMap::from([("run", cx.dag_run().run_id.clone())]);
    events.of_alias(&FROM_RUST)?.add(&ORDERS, &through)?;
    events.of(&ORDERS)?.extra("rows", &3)?;
    events
        .of(AssetRef::name("stores_prices"))?
        .partition("uk")?
        .partition("de")?;
    Ok(())
}

/// Reads what the Python consumer stored.
#[task(inlets = [AssetRef::name("stores_orders")])]
async fn verify(cx: &Context) -> Result<String> {
    let store = cx.asset_state_store();
    let by_uri = store.of(AssetRef::uri("s3://stores/orders"));
    if by_uri.is_ok() {
        // The task declares the name alone, which does not say what the URI is.
        return Err(Error::no_retry("a URI was taken for a name"));
    }
    let watermark: Option<String> = store.get("watermark").await?;
    watermark.ok_or_else(|| Error::no_retry("no watermark"))
}

#[dag]
pub(crate) fn stores_from_rust(dag: &mut Dag) {
    let produced = dag.add(produce());
    let consumed = dag.external::<()>("consume");
    dag.set_downstream(produced, consumed);
    let verified = dag.add(verify());
    dag.set_downstream(consumed, verified);
}

/// What the consumer saw.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Seen {
    through_alias: usize,
    runs: Vec<String>,
    latest: Vec<i64>,
    before_first: usize,
    from_second: usize,
    by_uri: usize,
    watermark: Option<String>,
    assets: usize,
}

/// Reads the events of a Python task, and leaves a watermark.
#[task(inlets = [FROM_PYTHON, UNUSED, RATES])]
async fn consume(cx: &Context) -> Result<Seen> {
    let inlets = cx.inlet_events();
    let through = inlets.of_alias(&FROM_PYTHON)?.fetch().await?;
    let run = |event: &aileron::AssetEvent| {
        let text = event.extra.as_ref()?.get("run")?.as_str()?;
        Some(text.to_owned())
    };
    let runs = through.iter().filter_map(run).collect();
    let number = |event: &aileron::AssetEvent| event.extra.as_ref()?.get("number")?.as_i64();
    let all = inlets.of(&RATES)?.fetch().await?;
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return Err(Error::no_retry("no events of the inlet"));
    };
    let latest = inlets.of(&RATES)?.descending().limit(2).fetch().await?;
    let before_first = inlets.of(&RATES)?.before(first.timestamp).fetch().await?;
    let from_second = inlets
        .of(AssetRef::name("stores_rates"))?
        .after(last.timestamp);
    let by_uri = inlets
        .of(AssetRef::uri("s3://stores/rates"))?
        .fetch()
        .await?;
    let from_second = from_second.fetch().await?;

    let store = cx.asset_state_store();
    let orders = store.of(&ORDERS)?;
    orders.set("seen_by_rust", &cx.dag_run().run_id).await?;
    orders.set("deleted", &1).await?;
    orders.delete("deleted").await?;
    Ok(Seen {
        through_alias: through.len(),
        runs,
        latest: latest.iter().filter_map(number).collect(),
        before_first: before_first.len(),
        from_second: from_second.len(),
        by_uri: by_uri.len(),
        watermark: orders.get("seen_by_rust").await?,
        assets: store.assets().len(),
    })
}

#[dag]
pub(crate) fn stores_from_python(dag: &mut Dag) {
    let first = dag.external::<()>("produce");
    let again = dag.external::<()>("produce_again");
    dag.set_downstream(first, again);
    let seen = dag.add(consume());
    dag.set_downstream(again, seen);
    let check = dag.external::<()>("check");
    dag.set_downstream(seen, check);
}

#[task(inlets = [CLASH_ONE])]
async fn use_one() -> Result<bool> {
    Ok(true)
}

#[task(inlets = [CLASH_TWO])]
async fn use_two() -> Result<bool> {
    Ok(true)
}

/// Two assets of one name: Airflow lets only one of them be active.
#[dag]
pub(crate) fn stores_clash_one(dag: &mut Dag) {
    dag.add(use_one());
}

#[dag]
pub(crate) fn stores_clash_two(dag: &mut Dag) {
    dag.add(use_two());
}
