//! XComs and state in object storage cross both ways: Airflow's own backend writes and Rust reads, Rust writes and Airflow's backend reads, with every
//! compression; 3.3.2 on a real S3 server with an Airflow connection, 3.4.0b2 in a directory.

use aileron_config::Config;
use aileron_object_storage::Account;
use aileron_wire::json;
use aileron_xcom::storage::{Codec, Coordinate, Layout, ObjectStorage, Settings, StateScope};
use anyhow::{Context, Result, ensure};
use end_to_end::{AirflowVersion, ObjectStore, call_python, storage_packages};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

const RUN: &str = "manual__2026-01-01T00:00:00+00:00";

/// How Airflow and Rust get to the store.
struct Place {
    version: AirflowVersion,
    base: String,
    /// `AIRFLOW_CONN_...` with its value.
    connection: Option<(&'static str, String)>,
}

#[derive(Deserialize)]
struct Written {
    written: Vec<Item>,
    decisions: Vec<Vec<bool>>,
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct Item {
    compression: String,
    key: String,
    stored: String,
    text: String,
}

impl Place {
    /// Runs a function of a module in `python/` with Airflow's Python.
    fn python(&self, module: &str, function: &str, input: &Value) -> Result<Vec<u8>> {
        let connection = self.connection.iter();
        let variables: Vec<_> = connection.map(|(name, value)| (*name, &**value)).collect();
        let packages = storage_packages()?;
        call_python(
            self.version,
            (module, function),
            input,
            &packages,
            &variables,
        )
    }

    fn settings(&self, compression: &str, threshold: &str) -> Result<Settings> {
        Ok(Settings::of_xcoms(&Config::with_environment([
            ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", &*self.base),
            (
                "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION",
                compression,
            ),
            (
                "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD",
                threshold,
            ),
        ]))?)
    }

    fn state_settings(base: &str, compression: &str, threshold: i64) -> Result<Settings> {
        let option = |key| format!("AIRFLOW__COMMON_IO__STATE_STORE_OBJECTSTORAGE_{key}");
        Ok(Settings::of_state_stores(&Config::with_environment([
            (option("PATH"), base.to_owned()),
            (option("COMPRESSION"), compression.to_owned()),
            (option("THRESHOLD"), threshold.to_string()),
        ]))?)
    }

    fn storage(&self, compression: &str) -> Result<ObjectStorage> {
        self.open(&self.settings(compression, "0")?)
    }

    fn open(&self, settings: &Settings) -> Result<ObjectStorage> {
        let account = match &self.connection {
            None => None,
            Some((_, text)) => Some(Account::new(aileron_uri::ConnectionFields::from_text(
                text,
            )?)?),
        };
        Ok(ObjectStorage::open(settings, account.as_ref())?)
    }

    fn layout(&self) -> Layout {
        match self.version {
            AirflowVersion::V3_3_2 => Layout::Airflow33,
            AirflowVersion::V3_4_0b2 => Layout::Airflow34,
        }
    }
}

fn compressions() -> Vec<&'static str> {
    let named = Codec::ALL.into_iter().map(Codec::name);
    std::iter::once("").chain(named).collect()
}

const THRESHOLDS: [&str; 6] = ["-1", "0", "4", "5", "7", "2000"];

/// Everything about one version; Python starts slowly, and only twice.
async fn values_cross_both_ways(place: &Place) -> Result<()> {
    let task =
        json!({"base": place.base, "compressions": compressions(), "thresholds": THRESHOLDS});
    let written: Written =
        serde_json::from_slice(&place.python("storage_values", "write", &task)?)?;
    let mut stored = Vec::new();
    for item in &written.written {
        let at = format!("{} with `{}`", item.key, item.compression);
        let storage = place.storage(&item.compression)?;

        // What Python wrote is a reference, lies where ours would, and its text is what we write.
        let reference = storage.reference(&item.stored);
        let reference = reference.with_context(|| format!("{at}: {}", item.stored))?;
        let text = storage.read(&reference).await?;
        ensure!(text == item.text.as_bytes(), "{at}: another text");
        let value: Value = aileron_xcom::decode_json(&text)?;
        let encoded = json::encode(&value)?;
        let mut ours = Vec::new();
        aileron_xcom::write_json(&encoded, &mut ours)?;
        ensure!(
            ours == text,
            "{at}: {} is not {}",
            String::from_utf8_lossy(&ours),
            item.text
        );
        let task = Coordinate {
            dag_id: "d",
            run_id: RUN,
            task_id: "t",
            ti_id: Some(Uuid::from_u128(7)),
        };
        let object = storage.xcom(place.layout(), &task, &item.key)?;
        same_layout(place, object.as_str(), &item.stored)?;

        // And what we write, Python reads.
        if place.layout() == Layout::Airflow34 {
            storage.delete(&reference).await?;
        }
        storage.write(&object, encoded.into()).await?;
        ensure!(storage.read(&object).await? == text, "{at}: read back");
        stored.push(
            json!({"key": item.key, "stored": object.as_str(), "compression": item.compression}),
        );
    }
    thresholds_decide_alike(place, &written)?;
    let task = json!({"base": place.base, "stored": stored});
    let wrong: Vec<Value> =
        serde_json::from_slice(&place.python("storage_values", "read", &task)?)?;
    ensure!(wrong.is_empty(), "{}: {wrong:#?}", place.version);
    Ok(())
}

/// The same but for the UUID of 3.3.
fn same_layout(place: &Place, ours: &str, python: &str) -> Result<()> {
    let shape = |text: &str| -> String {
        match place.layout() {
            Layout::Airflow34 => text.to_owned(),
            Layout::Airflow33 => {
                let (path, name) = text.rsplit_once('/').unwrap_or_default();
                let suffix = name.get(36..).unwrap_or("not a UUID");
                format!("{path}/*{suffix}")
            }
        }
    };
    ensure!(shape(ours) == shape(python), "{ours} is not like {python}");
    Ok(())
}

fn thresholds_decide_alike(place: &Place, written: &Written) -> Result<()> {
    for (threshold, decisions) in THRESHOLDS.into_iter().zip(&written.decisions) {
        let settings = place.settings("", threshold)?;
        for (key, offloaded) in written.keys.iter().zip(decisions) {
            let item = written.written.iter().find(|item| item.key == *key);
            let value: Value = serde_json::from_str(&item.context("it was written")?.text)?;
            let ours = settings.offloads(&json::encode(&value)?);
            ensure!(ours == *offloaded, "{key} at threshold {threshold}: {ours}");
        }
    }
    Ok(())
}

/// What the state of a task or an asset becomes.
#[derive(Deserialize, Serialize)]
struct State {
    base: String,
    compression: String,
    threshold: i64,
    scope: String,
    key: String,
    stored: String,
    text: String,
}

/// The scopes of `python/storage_states.py`.
fn scope(name: &str) -> Result<StateScope<'static>> {
    let task = |region_id, task_id, index| StateScope::Task {
        dag_id: "d",
        run_id: RUN,
        region_id,
        task_id,
        index,
    };
    Ok(match name {
        "task" => task(None, "t", -1),
        "mapped" => task(None, "group.t", 3),
        "region" => task(Some(Uuid::from_u128(9)), "t", 2),
        "asset" => StateScope::Asset("orders"),
        "asset by URI" => StateScope::Asset("s3://shop/orders"),
        other => anyhow::bail!("scope {other}"),
    })
}

async fn states_cross_both_ways(place: &Place) -> Result<()> {
    let compressed = compressions().into_iter().map(|codec| (codec, 0));
    let settings: Vec<_> = compressed
        .chain([("", 5), ("gzip", 2000)])
        .enumerate()
        .map(|(number, (compression, threshold))| {
            json!([
                format!("{}/state-{number}", place.base),
                compression,
                threshold
            ])
        })
        .collect();
    let task = json!({"settings": settings});
    let written = place.python("storage_states", "write", &task)?;
    let written: Vec<State> = serde_json::from_slice(&written)?;
    let scopes = written.iter().map(|item| &item.scope);
    let scopes = scopes.collect::<std::collections::BTreeSet<_>>().len();
    ensure!(
        scopes == 4 + usize::from(place.version == AirflowVersion::V3_4_0b2),
        "{scopes} scopes"
    );
    let mut stored = Vec::new();
    let mut inline = 0;
    for item in &written {
        let at = format!("{}, {} with `{}`", item.scope, item.key, item.compression);
        let settings = Place::state_settings(&item.base, &item.compression, item.threshold)?;
        let storage = place.open(&settings)?;
        let encoded = json::encode(&serde_json::from_str::<Value>(&item.text)?)?;
        let offloaded = settings.offloads(&encoded);
        if offloaded {
            // A key lies in the same object for both.
            let object = storage.state(&scope(&item.scope)?, &item.key)?;
            ensure!(
                object.as_str() == item.stored,
                "{at}: {object} is not {}",
                item.stored
            );
            let reference = storage.reference(&item.stored);
            let reference = reference.with_context(|| format!("{at}: {}", item.stored))?;
            let text = storage.read(&reference).await?;
            ensure!(text == item.text.as_bytes(), "{at}: another text");
            storage.delete(&reference).await?;
            storage.write(&object, encoded.into()).await?;
        } else {
            inline += 1;
            ensure!(item.stored == item.text, "{at}: {}", item.stored);
        }
        let mut item = serde_json::to_value(item)?;
        item["offloaded"] = offloaded.into();
        stored.push(item);
    }
    ensure!(
        inline == 4 * scopes,
        "{inline} values are below a threshold"
    );
    let task = json!({"stored": stored});
    let wrong = place.python("storage_states", "read", &task)?;
    let wrong: Vec<Value> = serde_json::from_slice(&wrong)?;
    ensure!(wrong.is_empty(), "{}: {wrong:#?}", place.version);
    Ok(())
}

#[tokio::test]
async fn airflow_3_3_2_on_s3() -> Result<()> {
    let store = ObjectStore::start("xcoms")?;
    let endpoint = store.url().replace(':', "%3A").replace('/', "%2F");
    let place = Place {
        version: AirflowVersion::V3_3_2,
        base: "s3://my_store@xcoms/some/prefix".to_owned(),
        connection: Some((
            "AIRFLOW_CONN_MY_STORE",
            format!("aws://an_id:a_secret_key@/?region_name=us-east-1&endpoint_url={endpoint}"),
        )),
    };
    values_cross_both_ways(&place).await?;
    states_cross_both_ways(&place).await
}

#[tokio::test]
async fn airflow_3_4_0b2_in_a_directory() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let place = Place {
        version: AirflowVersion::V3_4_0b2,
        base: format!("file://{}", directory.path().display()),
        connection: None,
    };
    values_cross_both_ways(&place).await?;
    states_cross_both_ways(&place).await
}
