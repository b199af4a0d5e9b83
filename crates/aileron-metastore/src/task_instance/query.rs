//! Questions about task instances.
//!
//! Source: `routes/task_instances.py` and `routes/task_reschedules.py` of Airflow 3.3.2.

use std::collections::BTreeSet;

use aileron_wire::json::JsonMap;
use aileron_wire::message::{
    AssetProfile, GetPreviousTI, GetTICount, GetTaskRescheduleStartDate, GetTaskStates,
    PreviousTIResponse,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::subject;
use crate::dag::data::{self, AssetKey};
use crate::database::{Database, DatabaseError, Session, Statement, sql};
use crate::failure::Failure;
use crate::schema::Schema;
use crate::scope::{self, Scope};

/// The states in which a task instance has ended, and that the web page shows of a run.
const ENDED: [&str; 5] = ["success", "failed", "skipped", "upstream_failed", "removed"];

/// A list without items is no condition, as Airflow has it.
fn given<T>(list: Option<Vec<T>>) -> Option<Vec<T>> {
    list.filter(|list| !list.is_empty())
}

pub(crate) async fn count(database: &Database, query: GetTICount) -> Result<i64, Failure> {
    let mut session = database.read().await?;
    let schema = session.schema();
    let mut statement = conditions(
        sql("select count(*) as n, ")
            .push(schema.any_in_loop())
            .push(" as looped from task_instance ti "),
        schema,
        Conditions {
            dag_id: &query.dag_id,
            task_ids: given(query.task_ids),
            map_index: query.map_index,
            logical_dates: given(query.logical_dates),
            run_ids: given(query.run_ids),
        },
    );
    if let Some(group) = query.task_group_id.filter(|group| !group.is_empty()) {
        let tasks = group_tasks(&mut session, &query.dag_id, &group).await?;
        statement = statement.push(" and ti.task_id in ").list(tasks);
    }
    if let Some(states) = given(query.states) {
        statement = with_states(statement, states);
    }
    let row = session.one(statement).await?;
    refuse_loops(row.get::<Option<i64>>("looped")? == Some(1))?;
    Ok(row.get("n")?)
}

/// Of a task in a loop only the last pass counts, and which that is is told by the Dag.
fn refuse_loops(looped: bool) -> Result<(), Failure> {
    if looped {
        return Err(Failure::unsupported("questions about tasks in loops"));
    }
    Ok(())
}

/// Among states, `null` is that of a task instance that was never looked at.
fn with_states(statement: Statement, states: Vec<String>) -> Statement {
    let (none, some): (Vec<_>, Vec<_>) = states.into_iter().partition(|state| state == "null");
    let statement = statement.push(" and (ti.state in ").list(some);
    let none = if none.is_empty() {
        ")"
    } else {
        " or ti.state is null)"
    };
    statement.push(none)
}

struct Conditions<'a> {
    dag_id: &'a str,
    task_ids: Option<Vec<String>>,
    map_index: Option<i64>,
    logical_dates: Option<Vec<Timestamp>>,
    run_ids: Option<Vec<String>>,
}

fn conditions(statement: Statement, schema: Schema, conditions: Conditions<'_>) -> Statement {
    let mut statement = statement
        .push("join dag_run dr on dr.dag_id = ti.dag_id and dr.run_id = ti.run_id ")
        .push("where ti.dag_id = ")
        .value(conditions.dag_id)
        .push(schema.latest_try());
    if let Some(ids) = conditions.task_ids {
        statement = statement.push(" and ti.task_id in ").list(ids);
    }
    if let Some(index) = conditions.map_index {
        statement = statement
            .push(" and ")
            .push(schema.map_index())
            .push(" = ")
            .value(index);
    }
    if let Some(dates) = conditions.logical_dates {
        statement = statement.push(" and dr.logical_date in ").list(dates);
    }
    if let Some(ids) = conditions.run_ids {
        statement = statement.push(" and ti.run_id in ").list(ids);
    }
    statement
}

/// The tasks of a group, and of the groups in it, in the latest version of a Dag.
async fn group_tasks(
    session: &mut Session,
    dag_id: &str,
    group: &str,
) -> Result<Vec<String>, Failure> {
    let Some((_, dag)) = data::latest(session, dag_id).await? else {
        return Err(Failure::not_found(format!(
            "The Dag with ID: `{dag_id}` was not found"
        )));
    };
    dag.group_tasks(group)
        .ok_or_else(|| Failure::not_found(format!("Task group {group} not found in DAG {dag_id}")))
}

pub(crate) async fn states(database: &Database, query: GetTaskStates) -> Result<JsonMap, Failure> {
    let mut session = database.read().await?;
    let group = query.task_group_id.filter(|group| !group.is_empty());
    let task_ids = given(query.task_ids);
    // With a group, tasks that are named as well are added to those of the group.
    let mut wanted = task_ids.clone();
    if let Some(group) = &group {
        let tasks = group_tasks(&mut session, &query.dag_id, group).await?;
        wanted = Some(task_ids.into_iter().flatten().chain(tasks).collect());
    }
    let schema = session.schema();
    let statement = conditions(
        sql("select ")
            .push(schema.names())
            .push(", ti.state from task_instance ti "),
        schema,
        Conditions {
            dag_id: &query.dag_id,
            task_ids: wanted,
            map_index: query.map_index,
            logical_dates: given(query.logical_dates),
            run_ids: given(query.run_ids),
        },
    );
    let mut runs = JsonMap::new();
    for row in session
        .all(
            statement
                .push(" order by dr.id, ti.task_id, ")
                .push(schema.map_index()),
        )
        .await?
    {
        let scope = Scope::read(&row, schema)?;
        refuse_loops(scope.in_loop)?;
        let (run, task) = (scope.run_id, scope.task_id);
        let name = match scope.map_index {
            index if index < 0 => task,
            index => format!("{task}_{index}"),
        };
        let state: Option<String> = row.get("state")?;
        if let Value::Object(tasks) = runs.entry(run).or_insert_with(|| json!({})) {
            tasks.insert(name, json!(state));
        }
    }
    Ok(runs)
}

pub(crate) async fn breadcrumbs(
    database: &Database,
    dag_id: &str,
    run_id: &str,
) -> Result<Vec<JsonMap>, Failure> {
    let mut session = database.read().await?;
    let schema = session.schema();
    let statement = sql("select ")
        .push(schema.names())
        .push(", ti.state, ti.operator, ti.duration from task_instance ti where ti.dag_id = ")
        .value(dag_id)
        .push(" and ti.run_id = ")
        .value(run_id)
        .push(schema.latest_try())
        .push(" and ti.state in ")
        .list(ENDED)
        .push(" order by ti.task_id, ")
        .push(schema.map_index());
    let rows = session.all(statement).await?;
    rows.iter()
        .map(|row| {
            let scope = Scope::read(row, schema)?;
            let mut crumb = JsonMap::new();
            crumb.insert("task_id".into(), json!(scope.task_id));
            // A pass of a loop is told by its region alone.
            let map_index = if scope.in_loop { -1 } else { scope.map_index };
            crumb.insert("map_index".into(), json!(map_index));
            crumb.insert("state".into(), json!(row.get::<Option<String>>("state")?));
            let operator: Option<String> = row.get("operator")?;
            crumb.insert("operator".into(), json!(operator));
            let duration: Option<f64> = row.get("duration")?;
            crumb.insert("duration".into(), json!(duration));
            if !scope.region_id.is_nil() {
                crumb.insert("region_id".into(), json!(scope.region_id));
                crumb.insert("region_index".into(), json!(scope.map_index));
            }
            Ok(crumb)
        })
        .collect()
}

/// The one of the last logical date; where dates are alike, which one is left open.
pub(crate) async fn previous(
    database: &Database,
    query: GetPreviousTI,
) -> Result<Option<PreviousTIResponse>, Failure> {
    let mut session = database.read().await?;
    scope::refuse_loops(&mut session, &query.dag_id, None, &query.task_id).await?;
    let schema = session.schema();
    let mut statement = sql("select ")
        .push(schema.names())
        .push(
            ", dr.logical_date, ti.start_date, ti.end_date, ti.state, ti.try_number, ti.duration \
             from task_instance ti \
             join dag_run dr on dr.dag_id = ti.dag_id and dr.run_id = ti.run_id \
             where ti.dag_id = ",
        )
        .value(query.dag_id)
        .push(schema.latest_try())
        .push(" and ti.task_id = ")
        .value(query.task_id)
        .push(" and ")
        .push(schema.map_index())
        .push(" = ")
        .value(query.map_index);
    if let Some(date) = query.logical_date {
        statement = statement.push(" and dr.logical_date < ").value(date);
    }
    if let Some(state) = query.state {
        statement = statement.push(" and ti.state = ").value(state.as_str());
    }
    let statement = statement.push(" order by dr.logical_date desc limit 1");
    let Some(row) = session.optional(statement).await? else {
        return Ok(None);
    };
    let scope = Scope::read(&row, schema)?;
    let region = (!scope.region_id.is_nil()).then_some(scope.region_id);
    Ok(Some(PreviousTIResponse {
        task_id: scope.task_id,
        dag_id: scope.dag_id,
        run_id: scope.run_id,
        logical_date: row.get("logical_date")?,
        start_date: row.get("start_date")?,
        end_date: row.get("end_date")?,
        state: row.get("state")?,
        try_number: row.get("try_number")?,
        map_index: Some(scope.map_index),
        region_id: region,
        region_index: region.map(|_| scope.map_index),
        duration: row.get("duration")?,
    }))
}

/// The id of a task instance stands for its try.
pub(crate) async fn reschedule_start_date(
    database: &Database,
    query: GetTaskRescheduleStartDate,
) -> Result<Option<Timestamp>, Failure> {
    let statement =
        sql("select start_date from task_reschedule where ti_id = $1 order by id limit 1");
    let row = database
        .read()
        .await?
        .optional(statement.bind(query.ti_id))
        .await?;
    Ok(row.map(|row| row.get("start_date")).transpose()?)
}

pub(crate) async fn inactive_assets(
    database: &Database,
    ti_id: Uuid,
) -> Result<Vec<AssetProfile>, Failure> {
    let mut session = database.read().await?;
    let latest = session.schema().latest_try();
    let select = sql(format!(
        "select ti.task_id, ti.dag_version_id from task_instance ti where ti.id = $1{latest}"
    ));
    let row = session.optional(select.bind(ti_id)).await?;
    let row = row.ok_or_else(subject::missing)?;
    let task_id: String = row.get("task_id")?;
    let dag = match row.get("dag_version_id")? {
        Some(version) => data::version(&mut session, version).await?,
        None => None,
    };
    let assets = dag
        .and_then(|dag| dag.task(&task_id).map(data::TaskData::assets))
        .unwrap_or_default();
    Ok(inactive(&mut session, assets).await?)
}

async fn inactive(
    session: &mut Session,
    assets: BTreeSet<AssetKey>,
) -> Result<Vec<AssetProfile>, DatabaseError> {
    let mut inactive = Vec::new();
    for asset in assets {
        let statement = sql("select name from asset_active where name = $1 and uri = $2");
        let statement = statement.bind(&asset.name).bind(&asset.uri);
        if session.optional(statement).await?.is_none() {
            inactive.push(AssetProfile {
                name: Some(asset.name),
                uri: Some(asset.uri),
                kind: "Asset".to_owned(),
            });
        }
    }
    Ok(inactive)
}
