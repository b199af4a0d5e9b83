//! Assets and their events.

use aileron_execution_api::{AssetEventsQuery, AssetEventsSource, AssetRef};
use aileron_wire::json::JsonMap;
use axum::http::StatusCode;
use serde_json::Value;

use super::Outcome;
use crate::answer::{self, Answer};
use crate::call::Call;
use crate::refusal::Refusal;
use crate::request::{Problems, boolean, instant, integer, text};
use crate::version::ApiVersion;

pub(super) async fn by_name(call: &Call) -> Outcome {
    let name = required(call, "name")?;
    find(call, AssetRef::Name(name)).await
}

pub(super) async fn by_uri(call: &Call) -> Outcome {
    let uri = required(call, "uri")?;
    find(call, AssetRef::Uri(uri)).await
}

fn required(call: &Call, key: &str) -> Result<String, Refusal> {
    let mut problems = Problems::default();
    let read = call.query.required(key, &mut problems, text);
    problems.finish(read)
}

async fn find(call: &Call, asset: AssetRef) -> Outcome {
    let asset = call.api.asset(&asset).await?;
    Ok(Answer::json(&answer::asset(&asset)))
}

pub(super) async fn by_alias(call: &Call) -> Outcome {
    let alias = required(call, "alias_name")?;
    let assets = call.api.assets_by_alias(&alias).await?;
    Ok(Answer::json(&assets.iter().map(answer::asset).collect()))
}

pub(super) async fn events(call: &Call) -> Outcome {
    let mut problems = Problems::default();
    let name = call.query.required("name", &mut problems, text);
    let uri = call.query.required("uri", &mut problems, text);
    // Airflow requires both keys, and then takes an empty one for none. Only the newest clients
    // leave one out, which it reports as missing.
    let filters = filters(call, &mut problems);
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let read = filters.map(|filters| (given(name), given(uri), filters));
    let (name, uri, filters) = problems.finish(read)?;
    if name.is_none() && uri.is_none() {
        return Err(Refusal::because(
            StatusCode::BAD_REQUEST,
            "Missing parameter",
            "name and uri cannot both be None",
        ));
    }
    query(call, AssetEventsSource::Asset { name, uri }, filters).await
}

pub(super) async fn events_by_alias(call: &Call) -> Outcome {
    let mut problems = Problems::default();
    let name = call.query.required("name", &mut problems, text);
    let filters = filters(call, &mut problems);
    let (name, filters) = problems.finish(name.zip(filters))?;
    query(call, AssetEventsSource::Alias(name), filters).await
}

struct Filters {
    after: Option<jiff::Timestamp>,
    before: Option<jiff::Timestamp>,
    ascending: bool,
    limit: Option<i64>,
    partition_key: Option<String>,
    pattern: Option<String>,
    extra: Option<Vec<String>>,
}

fn filters(call: &Call, problems: &mut Problems) -> Option<Filters> {
    let query = &call.query;
    let new = call.newest >= ApiVersion::V2026_10_30;
    let only_new = |key, problems: &mut Problems| {
        if new {
            query.optional(key, problems, text)
        } else {
            Some(None)
        }
    };
    let partition_key = only_new("partition_key", problems);
    let pattern = only_new("partition_key_regexp_pattern", problems);
    let after = query.optional("after", problems, instant);
    let before = query.optional("before", problems, instant);
    let ascending = query.optional("ascending", problems, boolean);
    let limit = query.optional("limit", problems, integer);
    let extra = if new {
        query.list("extra", problems, &text)
    } else {
        Some(None)
    };
    Some(Filters {
        after: after?,
        before: before?,
        ascending: ascending?.unwrap_or(true),
        // Airflow takes 0 for no limit.
        limit: limit?.filter(|limit| *limit != 0),
        partition_key: partition_key?,
        pattern: pattern?,
        extra: extra?,
    })
}

async fn query(call: &Call, source: AssetEventsSource, filters: Filters) -> Outcome {
    if filters.pattern.is_some() {
        return Err(Refusal::unsupported(
            "Asset events are not searched by a regular expression of the partition key here",
        ));
    }
    let query = AssetEventsQuery {
        after: filters.after,
        before: filters.before,
        ascending: filters.ascending,
        limit: filters.limit,
        partition_key: filters.partition_key,
        extra: filters.extra.map(extra).transpose()?,
        ..AssetEventsQuery::new(source)
    };
    let events = call.api.asset_events(query).await?;
    Ok(Answer::json(&answer::asset_events(&events, call.version)))
}

/// `key=value`, several times.
fn extra(pairs: Vec<String>) -> Result<JsonMap, Refusal> {
    let pairs = pairs.into_iter().map(|pair| match pair.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), Value::String(value.to_owned()))),
        None => Err(Refusal::because(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Invalid parameter",
            format!("Invalid extra parameter format: {pair:?}. Expected 'key=value'."),
        )),
    });
    pairs.collect()
}
