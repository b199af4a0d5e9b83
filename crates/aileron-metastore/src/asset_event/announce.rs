//! One event of an asset, and who hears of it.
//!
//! Source: `AssetManager.register_asset_change` in `assets/manager.py` of Airflow 3.3.2.

use aileron_wire::json::RawJson;
use jiff::Timestamp;

use super::outlet::AssetKey;
use super::register::Producer;
use super::teams;
use crate::database::{Session, sql};
use crate::failure::Failure;

/// An asset of the database.
#[derive(Debug, Clone)]
pub(super) struct Asset {
    pub(super) id: i64,
    pub(super) key: AssetKey,
}

/// One event of an asset.
#[derive(Debug)]
pub(super) struct Announcement<'a> {
    pub(super) asset: &'a Asset,
    pub(super) extra: RawJson,
    /// The aliases that the asset was named through.
    pub(super) aliases: &'a [String],
    pub(super) partition_key: Option<&'a String>,
}

/// A Dag that is scheduled on an asset.
struct Consumer {
    dag_id: String,
    partitioned: bool,
}

/// Writes the event down, and queues the Dags that wait for it.
pub(super) async fn announce(
    session: &mut Session,
    producer: &Producer,
    announcement: Announcement<'_>,
) -> Result<(), Failure> {
    let asset_id = announcement.asset.id;
    let mut alias_ids = Vec::new();
    for alias in announcement.aliases {
        let alias_id = alias_id(session, alias).await?;
        session
            .execute(
                sql("insert into asset_alias_asset (alias_id, asset_id) values ($1, $2) on conflict do nothing")
                    .bind(alias_id)
                    .bind(asset_id),
            )
            .await?;
        alias_ids.push(alias_id);
    }
    let event_id = insert_event(session, producer, &announcement).await?;
    for alias_id in &alias_ids {
        session
            .execute(
                sql("insert into asset_alias_asset_event (alias_id, event_id) values ($1, $2)")
                    .bind(*alias_id)
                    .bind(event_id),
            )
            .await?;
    }
    let mut consumers = consumers(session, announcement.asset, &alias_ids).await?;
    if let Some(team) = &producer.teams {
        let allowed = teams::allowed(session, producer, team.as_deref(), asset_id).await?;
        consumers.retain(|consumer| allowed.may_hear(&consumer.dag_id));
    }
    queue(session, producer, &announcement, event_id, &consumers).await
}

/// The id of an alias, which is made if nobody knows it.
async fn alias_id(session: &mut Session, name: &str) -> Result<i64, Failure> {
    let known = session
        .optional(sql("select id from asset_alias where name = $1").bind(name))
        .await?;
    if let Some(row) = known {
        return Ok(row.get("id")?);
    }
    let insert = sql(
        "insert into asset_alias (name, \"group\") values ($1, '') on conflict (name) do nothing",
    );
    session.execute(insert.bind(name)).await?;
    // Another task may have been faster.
    let row = session
        .one(sql("select id from asset_alias where name = $1").bind(name))
        .await?;
    Ok(row.get("id")?)
}

async fn insert_event(
    session: &mut Session,
    producer: &Producer,
    announcement: &Announcement<'_>,
) -> Result<i64, Failure> {
    let scope = &producer.scope;
    let (column, value) = match session.schema().keeps_tries() {
        true => (", source_task_instance_id", ", $9"),
        false => ("", ""),
    };
    let statement = sql(format!(
        "insert into asset_event (asset_id, extra, source_task_id, source_dag_id, \
         source_run_id, source_map_index, timestamp, partition_key{column}) \
         values ($1, $2, $3, $4, $5, $6, $7, $8{value}) returning id"
    ))
    .bind(announcement.asset.id)
    .bind(announcement.extra.clone())
    .bind(&scope.task_id)
    .bind(&scope.dag_id)
    .bind(&scope.run_id)
    .bind(scope.map_index)
    .bind(Timestamp::now())
    .bind(announcement.partition_key.cloned());
    let statement = match column {
        "" => statement,
        _ => statement.bind(producer.ti_id),
    };
    let row = session.one(statement).await?;
    Ok(row.get("id")?)
}

/// The Dags that are scheduled on the asset, on its name, its URI or one of the aliases, and are not
/// paused.
async fn consumers(
    session: &mut Session,
    asset: &Asset,
    alias_ids: &[i64],
) -> Result<Vec<Consumer>, Failure> {
    let mut statement =
        sql("select dag_id, timetable_partitioned from dag where is_paused = ").value(false);
    if session.schema().keeps_tries() {
        // A Dag that is drained takes nothing new, since Airflow 3.4.
        statement = statement.push(" and is_draining = ").value(false);
    }
    let statement = statement
        .push(
            " and (exists (select 1 from dag_schedule_asset_reference this \
             where this.dag_id = dag.dag_id and this.asset_id = ",
        )
        .value(asset.id)
        .push(
            ") or exists (select 1 from dag_schedule_asset_name_reference this \
             where this.dag_id = dag.dag_id and this.name = ",
        )
        .value(&asset.key.name)
        .push(
            ") or exists (select 1 from dag_schedule_asset_uri_reference this \
             where this.dag_id = dag.dag_id and this.uri = ",
        )
        .value(&asset.key.uri)
        .push(
            ") or exists (select 1 from dag_schedule_asset_alias_reference this \
             where this.dag_id = dag.dag_id and this.alias_id in ",
        )
        .list(alias_ids.iter().copied())
        .push(")) order by dag_id");
    let mut consumers = Vec::new();
    for row in session.all(statement).await? {
        consumers.push(Consumer {
            dag_id: row.get("dag_id")?,
            partitioned: row.get("timetable_partitioned")?,
        });
    }
    Ok(consumers)
}

async fn queue(
    session: &mut Session,
    producer: &Producer,
    announcement: &Announcement<'_>,
    event_id: i64,
    consumers: &[Consumer],
) -> Result<(), Failure> {
    let partitioned: Vec<&str> = consumers
        .iter()
        .filter(|consumer| consumer.partitioned)
        .map(|consumer| consumer.dag_id.as_str())
        .collect();
    match announcement.partition_key {
        None if !partitioned.is_empty() => {
            log_missing_partition(session, producer, announcement.asset, &partitioned).await?;
        }
        // Which run an event belongs to is told by a mapper of the Dag, which is Python.
        Some(_) if !partitioned.is_empty() => {
            return Err(Failure::unsupported(&format!(
                "an event with a partition for the Dags {}, which are scheduled by partition",
                partitioned.join(", ")
            )));
        }
        // Only Dags that are scheduled by partition hear of an event with one.
        Some(_) => return Ok(()),
        None => {}
    }
    for consumer in consumers.iter().filter(|consumer| !consumer.partitioned) {
        // Since 3.4 each event is queued for itself.
        let statement = match session.schema().keeps_tries() {
            false => sql(
                "insert into asset_dag_run_queue (asset_id, target_dag_id, created_at) \
                 values ($1, $2, $3) on conflict do nothing",
            ),
            true => sql(
                "insert into asset_dag_run_queue (asset_id, target_dag_id, created_at, \
                 asset_event_id) values ($1, $2, $3, $4) on conflict do nothing",
            ),
        };
        let statement = statement
            .bind(announcement.asset.id)
            .bind(&consumer.dag_id)
            .bind(Timestamp::now());
        let statement = match session.schema().keeps_tries() {
            false => statement,
            true => statement.bind(event_id),
        };
        session.execute(statement).await?;
    }
    Ok(())
}

/// Writes into the audit log that these Dags will not run for the event.
async fn log_missing_partition(
    session: &mut Session,
    producer: &Producer,
    asset: &Asset,
    dags: &[&str],
) -> Result<(), Failure> {
    let scope = &producer.scope;
    let extra = format!(
        "the event of asset {:?} has no partition key, and these Dags are scheduled by partition: {}",
        asset.key.name,
        dags.join(", ")
    );
    let (column, value) = match session.schema().keeps_tries() {
        true => (", task_instance_id, team_name", ", $8, $9"),
        false => ("", ""),
    };
    let statement = sql(format!(
        "insert into log (dttm, dag_id, task_id, map_index, event, run_id, extra, try_number{column}) \
         values ($1, $2, $3, $4, 'missing partition key', $5, $6, $7{value})"
    ))
    .bind(Timestamp::now())
    .bind(&scope.dag_id)
    .bind(&scope.task_id)
    .bind(scope.map_index)
    .bind(&scope.run_id)
    .bind(extra)
    .bind(producer.try_number);
    let statement = match column {
        "" => statement,
        _ => statement
            .bind(producer.ti_id)
            .bind(producer.teams.clone().flatten()),
    };
    session.execute(statement).await?;
    Ok(())
}
