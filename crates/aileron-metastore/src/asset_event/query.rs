//! Questions about asset events.
//!
//! Source: `routes/asset_events.py` of Airflow 3.3.2; the partition and the extra of 3.4.0b2.

use std::collections::HashMap;

use aileron_execution_api::{AssetEventsQuery, AssetEventsSource, ErrorKind};
use aileron_wire::json::JsonMap;
use aileron_wire::message::{AssetEventResponse, AssetResponse, DagRunAssetReference};

use crate::database::{Database, DatabaseError, Row, Session, Statement, sql};
use crate::failure::Failure;

/// How many events are looked up at once. Both databases bound the number of values.
const CHUNK: usize = 500;

pub(crate) async fn query(
    database: &Database,
    query: AssetEventsQuery,
) -> Result<Vec<AssetEventResponse>, Failure> {
    let limit = limit(query.limit)?;
    let mut statement = select(&query.source)?;
    if let Some(after) = query.after {
        statement = statement
            .push(" and asset_event.timestamp >= ")
            .value(after);
    }
    if let Some(before) = query.before {
        statement = statement
            .push(" and asset_event.timestamp <= ")
            .value(before);
    }
    if let Some(partition_key) = &query.partition_key {
        statement = statement
            .push(" and asset_event.partition_key = ")
            .value(partition_key);
    }
    // Events of one moment stay in the order they were made in.
    statement = statement.push(if query.ascending {
        " order by asset_event.timestamp, asset_event.id"
    } else {
        " order by asset_event.timestamp desc, asset_event.id desc"
    });
    if let (Some(limit), None) = (limit, &query.extra) {
        statement = statement.push(" limit ").value(limit);
    }
    let mut session = database.read().await?;
    let rows = session.all(statement).await?;
    let mut events = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    if let Some(wanted) = &query.extra {
        events.retain(|event| has(event.extra.as_ref(), wanted));
        if let Some(limit) = limit {
            events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
    }
    add_runs(&mut session, &mut events).await?;
    Ok(events)
}

/// A limit of 0 is none, as Airflow has it.
fn limit(asked: Option<i64>) -> Result<Option<i64>, Failure> {
    match asked {
        Some(limit) if limit < 0 => Err(Failure::because(
            ErrorKind::Invalid,
            "invalid_request",
            format!("a limit of {limit}: it counts events"),
        )),
        limit => Ok(limit.filter(|limit| *limit > 0)),
    }
}

fn select(source: &AssetEventsSource) -> Result<Statement, Failure> {
    const COLUMNS: &str = "select asset_event.id as id, asset_event.timestamp as timestamp, \
        asset_event.extra as extra, asset_event.source_task_id as source_task_id, \
        asset_event.source_dag_id as source_dag_id, asset_event.source_run_id as source_run_id, \
        asset_event.source_map_index as source_map_index, \
        asset_event.partition_key as partition_key, \
        asset.name as asset_name, asset.uri as asset_uri, asset.\"group\" as asset_group, \
        asset.extra as asset_extra from asset_event join asset on asset.id = asset_event.asset_id";
    const ACTIVE: &str = " and exists (select 1 from asset_active \
        where asset_active.name = asset.name and asset_active.uri = asset.uri)";
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let statement = sql(COLUMNS);
    match source {
        AssetEventsSource::Asset { name, uri } => match (filled(name), filled(uri)) {
            // By one of its identities, the asset that bears it now. By both, that very one.
            (Some(name), Some(uri)) => Ok(statement
                .push(" where asset.name = ")
                .value(name)
                .push(" and asset.uri = ")
                .value(uri)),
            (Some(name), None) => Ok(statement
                .push(" where asset.name = ")
                .value(name)
                .push(ACTIVE)),
            (None, Some(uri)) => Ok(statement.push(" where asset.uri = ").value(uri).push(ACTIVE)),
            (None, None) => Err(Failure::because(
                ErrorKind::BadRequest,
                "Missing parameter",
                "events of which asset? Give its name, its URI or both",
            )),
        },
        AssetEventsSource::Alias(alias) => Ok(statement
            .push(
                " join asset_alias_asset_event on asset_alias_asset_event.event_id = asset_event.id \
                 join asset_alias on asset_alias.id = asset_alias_asset_event.alias_id \
                 where asset_alias.name = ",
            )
            .value(alias)),
    }
}

fn event(row: &Row) -> Result<AssetEventResponse, DatabaseError> {
    Ok(AssetEventResponse {
        id: row.get("id")?,
        timestamp: row.get("timestamp")?,
        extra: row.get("extra")?,
        asset: AssetResponse {
            name: row.get("asset_name")?,
            uri: row.get("asset_uri")?,
            group: row.get("asset_group")?,
            extra: row.get("asset_extra")?,
        },
        created_dagruns: Vec::new(),
        source_task_id: row.get("source_task_id")?,
        source_dag_id: row.get("source_dag_id")?,
        source_run_id: row.get("source_run_id")?,
        source_map_index: row.get("source_map_index")?,
        partition_key: row.get("partition_key")?,
    })
}

/// Whether all entries are among the extra, as they are: the text `3` is not the number.
fn has(extra: Option<&JsonMap>, wanted: &JsonMap) -> bool {
    wanted
        .iter()
        .all(|(key, wanted)| extra.and_then(|extra| extra.get(key)) == Some(wanted))
}

/// The Dag runs that the events started.
async fn add_runs(
    session: &mut Session,
    events: &mut [AssetEventResponse],
) -> Result<(), DatabaseError> {
    for chunk in events.chunks_mut(CHUNK) {
        let statement = sql(
            "select dagrun_asset_event.event_id as event_id, dag_run.run_id as run_id, \
             dag_run.dag_id as dag_id, dag_run.logical_date as logical_date, \
             dag_run.start_date as start_date, dag_run.end_date as end_date, \
             dag_run.state as state, dag_run.data_interval_start as data_interval_start, \
             dag_run.data_interval_end as data_interval_end, \
             dag_run.partition_key as partition_key \
             from dagrun_asset_event join dag_run on dag_run.id = dagrun_asset_event.dag_run_id \
             where dagrun_asset_event.event_id in ",
        )
        .list(chunk.iter().map(|event| event.id))
        .push(" order by dag_run.id");
        let mut runs: HashMap<i64, Vec<DagRunAssetReference>> = HashMap::new();
        for row in session.all(statement).await? {
            let event_id = row.get("event_id")?;
            runs.entry(event_id).or_default().push(run(&row)?);
        }
        for event in chunk {
            event.created_dagruns = runs.remove(&event.id).unwrap_or_default();
        }
    }
    Ok(())
}

fn run(row: &Row) -> Result<DagRunAssetReference, DatabaseError> {
    Ok(DagRunAssetReference {
        run_id: row.get("run_id")?,
        dag_id: row.get("dag_id")?,
        logical_date: row.get("logical_date")?,
        start_date: row.get("start_date")?,
        end_date: row.get("end_date")?,
        state: row.get("state")?,
        data_interval_start: row.get("data_interval_start")?,
        data_interval_end: row.get("data_interval_end")?,
        partition_key: row.get("partition_key")?,
    })
}
