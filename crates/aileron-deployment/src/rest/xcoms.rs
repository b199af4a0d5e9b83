//! The XComs of a run: a list without values, then each value.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::RestApi;
use super::dialect::ApiVersion;
use super::request::part;
use crate::Failure;
use crate::xcom::{Sender, Stored, XCom, XComQuery};

/// How many values are asked for at a time.
const AT_A_TIME: usize = 8;

/// How many entries a page of the list has; a server has its own maximum, of 100 when nobody changed it.
const PAGE: usize = 100;

#[derive(Deserialize)]
struct Page {
    xcom_entries: Vec<Listed>,
    total_entries: usize,
}

#[derive(Deserialize)]
struct Listed {
    key: String,
    task_id: String,
    map_index: i64,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
struct Entry {
    value: Option<Box<RawValue>>,
}

pub(super) async fn send(
    api: RestApi,
    query: XComQuery,
    sender: Sender<XCom>,
) -> Result<(), Failure> {
    let version = api.version().await?;
    let listed = list(&api, version, &query).await?;
    let values = stream::iter(listed).map(|listed| value(&api, version, &query, listed));
    let mut values = values.buffered(AT_A_TIME);
    while let Some(xcom) = values.try_next().await? {
        if sender.send(xcom).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// The newest, without their values. The list may come in another order: then all of it is needed to know the newest.
async fn list(
    api: &RestApi,
    version: ApiVersion,
    query: &XComQuery,
) -> Result<Vec<Listed>, Failure> {
    let task = query
        .task_id
        .as_deref()
        .map_or_else(|| "~".to_owned(), part);
    let path = format!("{}/taskInstances/{task}/xcomEntries", run(version, query));
    let most = query.limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let mut all: Vec<Listed> = Vec::new();
    let mut seen = 0;
    loop {
        let mut asked = vec![
            ("xcom_key", query.key.clone()),
            ("limit", PAGE.to_string()),
            ("offset", seen.to_string()),
        ];
        if version == ApiVersion::V2 {
            asked.push(("order_by", "-timestamp".to_owned()));
        }
        asked.extend(
            query
                .map_index
                .map(|index| ("map_index", index.to_string())),
        );
        let page: Page = api.get(&path, &asked).await?;
        let count = page.xcom_entries.len();
        seen += count;
        // A server that does not know a condition lists more than was asked for.
        all.extend(page.xcom_entries.into_iter().filter(|entry| {
            entry.key == query.key && query.map_index.is_none_or(|index| index == entry.map_index)
        }));
        let newest_first = all.is_sorted_by(|one, next| one.timestamp >= next.timestamp);
        if count == 0
            || seen >= page.total_entries
            || (newest_first && version == ApiVersion::V2 && all.len() >= most)
        {
            break;
        }
    }
    all.sort_by(|one, other| {
        let place = |entry: &Listed| (entry.task_id.clone(), entry.map_index);
        other
            .timestamp
            .cmp(&one.timestamp)
            .then_with(|| place(one).cmp(&place(other)))
    });
    all.truncate(most);
    Ok(all)
}

async fn value(
    api: &RestApi,
    version: ApiVersion,
    query: &XComQuery,
    listed: Listed,
) -> Result<XCom, Failure> {
    let path = format!(
        "{}/taskInstances/{}/xcomEntries/{}",
        run(version, query),
        part(&listed.task_id),
        part(&listed.key)
    );
    let asked = [
        ("map_index", listed.map_index.to_string()),
        ("deserialize", "false".to_owned()),
        ("stringify", "false".to_owned()),
    ];
    let entry: Entry = api.get(&path, &asked).await?;
    let value = entry
        .value
        .map_or_else(|| "null".to_owned(), |value| value.get().to_owned());
    Ok(XCom {
        task_id: listed.task_id,
        map_index: listed.map_index,
        key: listed.key,
        timestamp: listed.timestamp,
        value: Stored::Text(value),
        resolved: None,
    })
}

fn run(version: ApiVersion, query: &XComQuery) -> String {
    format!(
        "{}/dags/{}/dagRuns/{}",
        version.prefix(),
        part(&query.dag_id),
        part(&query.run_id)
    )
}
