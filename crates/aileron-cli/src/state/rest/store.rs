//! The state stores in Airflow's REST API.
//!
//! Source: `core_api/routes/public/task_state_store.py` and `asset_state_store.py` of Airflow 3.3.2.

use aileron_deployment::{Failure, RestApi};
use aileron_metastore::inventory::{AssetEntry, Entry, KnownAsset};
use aileron_wire::json::RawJson;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// How many entries a page has; a server has its own maximum, of 100 when nobody changed it.
const PAGE: usize = 100;

/// How many task instances are asked about at a time.
const AT_A_TIME: usize = 8;

/// What stands for itself in a path; a slash of a key does not.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A task instance by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) dag_id: String,
    pub(super) run_id: String,
    pub(super) task_id: String,
    pub(super) map_index: i64,
}

/// The state stores behind a REST API.
pub(super) struct RestStore<'a> {
    pub(super) api: &'a RestApi,
}

#[derive(Deserialize)]
struct TaskEntry {
    key: String,
    value: Box<RawValue>,
    updated_at: Timestamp,
    expires_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct TaskPage {
    task_state_store: Vec<TaskEntry>,
}

#[derive(Deserialize)]
struct StoredForAsset {
    key: String,
    value: Box<RawValue>,
    updated_at: Timestamp,
    last_updated_by: Option<Writer>,
}

#[derive(Deserialize)]
struct Writer {
    kind: Option<String>,
    dag_id: Option<String>,
    run_id: Option<String>,
    task_id: Option<String>,
    map_index: Option<i64>,
}

#[derive(Deserialize)]
struct AssetPage {
    asset_state_store: Vec<StoredForAsset>,
}

#[derive(Deserialize)]
struct Assets {
    assets: Vec<KnownByApi>,
}

#[derive(Deserialize)]
struct KnownByApi {
    id: i64,
    name: String,
    uri: String,
}

#[derive(Deserialize)]
struct Instances {
    task_instances: Vec<ListedInstance>,
}

#[derive(Deserialize)]
struct ListedInstance {
    task_id: String,
    map_index: i64,
}

fn part(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

impl Instance {
    fn path(&self) -> String {
        format!(
            "/api/v2/dags/{}/dagRuns/{}/taskInstances/{}/state-store",
            part(&self.dag_id),
            part(&self.run_id),
            part(&self.task_id)
        )
    }

    fn query(&self) -> [(&'static str, String); 1] {
        [("map_index", self.map_index.to_string())]
    }

    fn entry(&self, entry: TaskEntry) -> (Entry, RawJson) {
        let value = RawJson::from(entry.value);
        let known = Entry {
            dag_id: self.dag_id.clone(),
            run_id: self.run_id.clone(),
            task_id: self.task_id.clone(),
            map_index: self.map_index,
            key: entry.key,
            written_at: entry.updated_at,
            expires_at: entry.expires_at,
            length: i64::try_from(value.get().chars().count()).unwrap_or(i64::MAX),
            region_id: None,
        };
        (known, value)
    }
}

impl RestStore<'_> {
    /// All entries of pages.
    async fn pages<P: DeserializeOwned, T>(
        &self,
        path: &str,
        query: &[(&str, String)],
        items: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, Failure> {
        let mut all = Vec::new();
        loop {
            let mut asked = query.to_vec();
            asked.extend([
                ("limit", PAGE.to_string()),
                ("offset", all.len().to_string()),
            ]);
            let page: P = self.api.get(path, &asked).await?;
            let page = items(page);
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// The task instances of a run, of one task if it is named.
    pub(super) async fn instances(
        &self,
        dag_id: &str,
        run_id: &str,
        task_id: Option<&str>,
        map_index: Option<i64>,
    ) -> Result<Vec<Instance>, Failure> {
        let path = format!(
            "/api/v2/dags/{}/dagRuns/{}/taskInstances",
            part(dag_id),
            part(run_id)
        );
        let listed = self
            .pages(
                &path,
                &[("order_by", "id".to_owned())],
                |page: Instances| page.task_instances,
            )
            .await?;
        let is_asked = |instance: &ListedInstance| {
            task_id.is_none_or(|task_id| task_id == instance.task_id)
                && map_index.is_none_or(|index| index == instance.map_index)
        };
        let mut found: Vec<Instance> = listed
            .into_iter()
            .filter(is_asked)
            .map(|instance| Instance {
                dag_id: dag_id.to_owned(),
                run_id: run_id.to_owned(),
                task_id: instance.task_id,
                map_index: instance.map_index,
            })
            .collect();
        found.sort_by(|one, other| {
            (&one.task_id, one.map_index).cmp(&(&other.task_id, other.map_index))
        });
        Ok(found)
    }

    /// The values of task instances.
    pub(super) async fn task_entries(
        &self,
        instances: Vec<Instance>,
    ) -> Result<Vec<(Entry, RawJson)>, Failure> {
        let asked = stream::iter(instances).map(async |instance| {
            let entries = self
                .pages(&instance.path(), &instance.query(), |page: TaskPage| {
                    page.task_state_store
                })
                .await?;
            Ok::<_, Failure>(
                entries
                    .into_iter()
                    .map(|entry| instance.entry(entry))
                    .collect::<Vec<_>>(),
            )
        });
        let all: Vec<Vec<_>> = asked.buffered(AT_A_TIME).try_collect().await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// One value.
    pub(super) async fn task_entry(
        &self,
        instance: &Instance,
        key: &str,
    ) -> Result<(Entry, RawJson), Failure> {
        let path = format!("{}/{}", instance.path(), part(key));
        let entry: TaskEntry = self.api.get(&path, &instance.query()).await?;
        Ok(instance.entry(entry))
    }

    /// Stores a value. `expires_at` is a time, null for never, or `default` for what that Airflow is set to.
    pub(super) async fn set_task(
        &self,
        instance: &Instance,
        key: &str,
        value: &RawJson,
        expires_at: Value,
    ) -> Result<(), Failure> {
        let path = format!("{}/{}", instance.path(), part(key));
        let body = body(value, Some(expires_at))?;
        self.api
            .ask(Method::PUT, &path, &instance.query(), Some(&body))
            .await?;
        Ok(())
    }

    pub(super) async fn delete_task(&self, instance: &Instance, key: &str) -> Result<(), Failure> {
        let path = format!("{}/{}", instance.path(), part(key));
        self.api
            .ask(Method::DELETE, &path, &instance.query(), None)
            .await?;
        Ok(())
    }

    /// All values of a task instance, or of all instances of its task.
    pub(super) async fn clear_task(
        &self,
        instance: &Instance,
        all_instances: bool,
    ) -> Result<(), Failure> {
        let query = match all_instances {
            true => [("all_map_indices", "true".to_owned())],
            false => instance.query(),
        };
        self.api
            .ask(Method::DELETE, &instance.path(), &query, None)
            .await?;
        Ok(())
    }

    pub(super) async fn assets(&self) -> Result<Vec<KnownAsset>, Failure> {
        // Airflow lists the active ones unless it is told otherwise.
        let query = [
            ("order_by", "id".to_owned()),
            ("only_active", "false".to_owned()),
        ];
        let listed = self
            .pages("/api/v2/assets", &query, |page: Assets| page.assets)
            .await?;
        let known = listed.into_iter().map(|asset| KnownAsset {
            id: asset.id,
            name: asset.name,
            uri: asset.uri,
        });
        Ok(known.collect())
    }

    pub(super) async fn asset_entries(
        &self,
        asset: &KnownAsset,
    ) -> Result<Vec<(AssetEntry, RawJson)>, Failure> {
        let path = format!("/api/v2/assets/{}/state-store", asset.id);
        let entries = self
            .pages(&path, &[], |page: AssetPage| page.asset_state_store)
            .await?;
        Ok(entries
            .into_iter()
            .map(|entry| asset_entry(asset, entry))
            .collect())
    }

    pub(super) async fn set_asset(
        &self,
        asset: &KnownAsset,
        key: &str,
        value: &RawJson,
    ) -> Result<(), Failure> {
        let path = format!("/api/v2/assets/{}/state-store/{}", asset.id, part(key));
        let body = body(value, None)?;
        self.api.ask(Method::PUT, &path, &[], Some(&body)).await?;
        Ok(())
    }

    /// One key, or all of them.
    pub(super) async fn delete_asset(
        &self,
        asset: &KnownAsset,
        key: Option<&str>,
    ) -> Result<(), Failure> {
        let mut path = format!("/api/v2/assets/{}/state-store", asset.id);
        if let Some(key) = key {
            path += &format!("/{}", part(key));
        }
        self.api.ask(Method::DELETE, &path, &[], None).await?;
        Ok(())
    }
}

/// A body with the value. Numbers beyond 64 bits cannot be in it.
fn body(value: &RawJson, expires_at: Option<Value>) -> Result<Value, Failure> {
    let value: Value = value
        .read()
        .map_err(|error| Failure::Setting(format!("the value cannot be sent: {error}")))?;
    let mut body = json!({"value": value});
    if let Some(expires_at) = expires_at {
        body["expires_at"] = expires_at;
    }
    Ok(body)
}

fn asset_entry(asset: &KnownAsset, entry: StoredForAsset) -> (AssetEntry, RawJson) {
    let value = RawJson::from(entry.value);
    let by = entry.last_updated_by.unwrap_or(Writer {
        kind: None,
        dag_id: None,
        run_id: None,
        task_id: None,
        map_index: None,
    });
    let known = AssetEntry {
        asset: asset.clone(),
        key: entry.key,
        written_at: entry.updated_at,
        written_by: by.kind,
        dag_id: by.dag_id,
        run_id: by.run_id,
        task_id: by.task_id,
        map_index: by.map_index,
        length: i64::try_from(value.get().chars().count()).unwrap_or(i64::MAX),
    };
    (known, value)
}
