//! The asset events that started a Dag run.

use aileron_wire::message::{
    AssetAliasReferenceAssetEventDagRun, AssetEventDagRunReference, AssetReferenceAssetEventDagRun,
};

use crate::database::{DatabaseError, Row, Session, sql};

pub(super) async fn consumed(
    session: &mut Session,
    dag_run_id: i64,
) -> Result<Vec<AssetEventDagRunReference>, DatabaseError> {
    let statement = sql(
        "select e.id, a.name, a.uri, a.extra as asset_extra, e.extra, e.source_task_id, \
         e.source_dag_id, e.source_run_id, e.source_map_index, e.timestamp, e.partition_key \
         from dagrun_asset_event c join asset_event e on e.id = c.event_id \
         join asset a on a.id = e.asset_id where c.dag_run_id = $1 order by e.id",
    );
    let rows = session.all(statement.bind(dag_run_id)).await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut event = event(row)?;
        event.source_aliases = aliases(session, row.get("id")?).await?;
        events.push(event);
    }
    Ok(events)
}

fn event(row: &Row) -> Result<AssetEventDagRunReference, DatabaseError> {
    Ok(AssetEventDagRunReference {
        asset: AssetReferenceAssetEventDagRun {
            name: row.get("name")?,
            uri: row.get("uri")?,
            extra: row.get("asset_extra")?,
        },
        extra: row.get("extra")?,
        source_task_id: row.get("source_task_id")?,
        source_dag_id: row.get("source_dag_id")?,
        source_run_id: row.get("source_run_id")?,
        source_map_index: row.get("source_map_index")?,
        source_aliases: Vec::new(),
        timestamp: row.get("timestamp")?,
        partition_key: row.get("partition_key")?,
    })
}

async fn aliases(
    session: &mut Session,
    event_id: i64,
) -> Result<Vec<AssetAliasReferenceAssetEventDagRun>, DatabaseError> {
    let statement = sql(
        "select a.name from asset_alias_asset_event e join asset_alias a on a.id = e.alias_id \
         where e.event_id = $1 order by a.name",
    );
    let rows = session.all(statement.bind(event_id)).await?;
    rows.iter()
        .map(|row| {
            Ok(AssetAliasReferenceAssetEventDagRun {
                name: row.get("name")?,
            })
        })
        .collect()
}
