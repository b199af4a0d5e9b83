//! Assets and their events as paths and queries.

use aileron_execution_api::{AssetEventsQuery, AssetEventsSource, AssetRef};
use serde_json::Value;

use crate::route::Route;

/// The route of one key of the state store of an asset.
pub(crate) fn state(asset: &AssetRef, key: &str) -> Route {
    store(asset, "value").query("key", key)
}

/// The route of all keys of the state store of an asset.
pub(crate) fn clear(asset: &AssetRef) -> Route {
    store(asset, "clear")
}

fn store(asset: &AssetRef, what: &str) -> Route {
    match asset {
        AssetRef::Name(name) => Route::new("store/asset/by-name")
            .fixed(what)
            .query("name", name),
        AssetRef::Uri(uri) => Route::new("store/asset/by-uri")
            .fixed(what)
            .query("uri", uri),
    }
}

/// The route of an asset.
pub(crate) fn asset(asset: &AssetRef) -> Route {
    match asset {
        AssetRef::Name(name) => Route::new("assets/by-name").query("name", name),
        AssetRef::Uri(uri) => Route::new("assets/by-uri").query("uri", uri),
    }
}

/// The route of asset events.
pub(crate) fn events(query: &AssetEventsQuery) -> Route {
    let route = match &query.source {
        // The server wants both; the empty one counts as absent.
        AssetEventsSource::Asset { name, uri } => Route::new("asset-events/by-asset")
            .query("name", name.as_deref().unwrap_or_default())
            .query("uri", uri.as_deref().unwrap_or_default()),
        AssetEventsSource::Alias(name) => {
            Route::new("asset-events/by-asset-alias").query("name", name)
        }
    };
    let extra = query.extra.iter().flatten();
    let extra: Vec<String> = extra
        .map(|(key, value)| match value {
            Value::String(text) => format!("{key}={text}"),
            other => format!("{key}={other}"),
        })
        .collect();
    route
        .query_if("after", query.after)
        .query_if("before", query.before)
        .query("ascending", query.ascending)
        .query_if("limit", query.limit)
        .query_if("partition_key", query.partition_key.as_ref())
        .query_all("extra", Some(&extra))
}

/// Whether the query filters by what only Airflow 3.4 knows.
pub(crate) fn needs_3_4(query: &AssetEventsQuery) -> bool {
    query.partition_key.is_some() || query.extra.as_ref().is_some_and(|extra| !extra.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_of_events_reaches_the_query() {
        let source = AssetEventsSource::Asset {
            name: Some("a b".to_owned()),
            uri: None,
        };
        let mut query = AssetEventsQuery::new(source);
        query.after = Some(jiff::Timestamp::UNIX_EPOCH);
        query.limit = Some(3);
        query.ascending = false;
        query.partition_key = Some("p".to_owned());
        query.extra = serde_json::json!({"k": "v", "n": 1}).as_object().cloned();
        assert_eq!(
            events(&query).text().unwrap(),
            "asset-events/by-asset?name=a%20b&uri=&after=1970-01-01T00%3A00%3A00Z&ascending=false&limit=3&partition_key=p\
             &extra=k%3Dv&extra=n%3D1"
        );
    }
}
