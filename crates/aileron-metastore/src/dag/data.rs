//! Reading `serialized_dag.data`: what of a Dag the rules of task instances need.
//!
//! Fields that are left out have Airflow's defaults. The Dag may come from a Dag processor of
//! Airflow as well as from here.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::dates::Dates;
use super::expansion;
use crate::database::{DatabaseError, Row, Session, sql};

/// A Dag.
#[derive(Debug)]
pub(crate) struct DagData {
    tasks: Vec<TaskData>,
    groups: Value,
    dates: Dates,
}

/// A task.
#[derive(Debug, Deserialize)]
pub(crate) struct TaskData {
    pub(crate) task_id: String,
    pub(crate) task_type: String,
    #[serde(rename = "_operator_name")]
    pub(crate) operator_name: Option<String>,
    #[serde(default)]
    pub(crate) task_display_name: Option<String>,
    #[serde(default, rename = "_task_display_name")]
    old_display_name: Option<String>,
    #[serde(default)]
    downstream_task_ids: Vec<String>,
    #[serde(default)]
    pub(crate) is_teardown: bool,
    #[serde(default)]
    is_stub: bool,
    #[serde(default, rename = "_arg_bindings")]
    arg_bindings: Option<Value>,
    #[serde(default, rename = "_is_mapped")]
    is_mapped: bool,
    #[serde(default)]
    partial_kwargs: Option<Options>,
    #[serde(default)]
    expand_input: Value,
    /// The same of a decorated function.
    #[serde(default)]
    op_kwargs_expand_input: Value,
    #[serde(flatten)]
    options: Options,
}

/// The options of a task; those of a mapped one lie in `partial_kwargs`.
#[derive(Debug, Deserialize)]
pub(crate) struct Options {
    #[serde(default)]
    pub(crate) retries: i64,
    #[serde(default = "default_pool")]
    pub(crate) pool: String,
    #[serde(default = "one")]
    pub(crate) pool_slots: i64,
    #[serde(default = "default_queue")]
    pub(crate) queue: String,
    #[serde(default = "one")]
    priority_weight: i64,
    #[serde(default = "downstream")]
    weight_rule: Value,
    #[serde(default)]
    pub(crate) executor: Option<String>,
    #[serde(default)]
    inlets: Vec<Value>,
    #[serde(default)]
    outlets: Vec<Value>,
    #[serde(flatten)]
    dates: Dates,
}

fn default_pool() -> String {
    "default_pool".to_owned()
}

fn default_queue() -> String {
    "default".to_owned()
}

fn downstream() -> Value {
    Value::String("downstream".to_owned())
}

fn one() -> i64 {
    1
}

/// An asset by name and URI.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AssetKey {
    pub(crate) name: String,
    pub(crate) uri: String,
}

impl TaskData {
    pub(crate) fn options(&self) -> &Options {
        match &self.partial_kwargs {
            Some(options) if self.is_mapped => options,
            _ => &self.options,
        }
    }

    pub(crate) fn display_name(&self) -> &str {
        self.task_display_name
            .as_deref()
            .or(self.old_display_name.as_deref())
            .unwrap_or(&self.task_id)
    }

    /// What the arguments of a stub are, where it has some. Since Airflow 3.4.
    pub(crate) fn arg_bindings(&self) -> Option<&Value> {
        let is_given = |bindings: &&Value| bindings.as_array().is_some_and(|list| !list.is_empty());
        self.arg_bindings
            .as_ref()
            .filter(|_| self.is_stub)
            .filter(is_given)
    }

    /// Inlets and outlets that are assets; neither references nor aliases.
    pub(crate) fn assets(&self) -> BTreeSet<AssetKey> {
        let options = self.options();
        let ports = options.inlets.iter().chain(&options.outlets);
        ports.filter_map(asset_key).collect()
    }
}

fn asset_key(port: &Value) -> Option<AssetKey> {
    if port.get("__type")?.as_str()? != "asset" {
        return None;
    }
    let asset = port.get("__var")?;
    Some(AssetKey {
        name: asset.get("name")?.as_str()?.to_owned(),
        uri: asset.get("uri")?.as_str()?.to_owned(),
    })
}

impl DagData {
    /// Reads a Dag.
    ///
    /// # Errors
    ///
    /// A sentence about what is missing.
    pub(crate) fn read(data: &Value) -> Result<Self, String> {
        let tasks = data
            .pointer("/dag/tasks")
            .and_then(Value::as_array)
            .ok_or("no list of tasks in the serialized Dag")?;
        let tasks = tasks
            .iter()
            .map(|task| TaskData::deserialize(task.get("__var").unwrap_or(task)))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("a task of the serialized Dag: {error}"))?;
        let groups = data.pointer("/dag/task_group").cloned();
        let dates = data.get("dag").map(Dates::deserialize).transpose();
        Ok(Self {
            tasks,
            groups: groups.unwrap_or(Value::Null),
            dates: dates
                .map_err(|error| format!("a date of the serialized Dag: {error}"))?
                .unwrap_or_default(),
        })
    }

    /// Whether a run of this logical date has the task.
    pub(crate) fn has_at(&self, task: &TaskData, logical_date: Option<Timestamp>) -> bool {
        logical_date.is_none_or(|date| task.options().dates.have(&self.dates, date))
    }

    /// The tasks of a group, and of the groups in it; `None` when there is no such group.
    pub(crate) fn group_tasks(&self, group_id: &str) -> Option<Vec<String>> {
        let mut ahead = vec![&self.groups];
        while let Some(group) = ahead.pop() {
            let id = group.get("_group_id").and_then(Value::as_str);
            if id.is_some_and(|id| id == group_id) {
                return Some(tasks_in(group));
            }
            ahead.extend(children(group).filter_map(|child| child.group));
        }
        None
    }

    pub(crate) fn tasks(&self) -> &[TaskData] {
        &self.tasks
    }

    pub(crate) fn task(&self, task_id: &str) -> Option<&TaskData> {
        self.tasks.iter().find(|task| task.task_id == task_id)
    }

    /// The map indexes that a task has when a run begins. -1 stands for a task without, and for one whose indexes are not known
    /// yet.
    pub(crate) fn map_indexes(&self, task: &TaskData) -> Range<i64> {
        let mut counts = mapped_groups(&self.groups, &task.task_id)
            .unwrap_or_default()
            .into_iter()
            .map(expansion::count)
            .collect::<Vec<_>>();
        if task.is_mapped {
            let own = [&task.expand_input, &task.op_kwargs_expand_input];
            counts.push(own.into_iter().find_map(expansion::count));
        }
        let product = counts
            .iter()
            .try_fold(1_i64, |product, count| product.checked_mul((*count)?));
        match product {
            Some(count) if count > 0 && !counts.is_empty() => 0..count,
            _ => -1..0,
        }
    }

    /// The weight of a task instance: by default that of the task and of all tasks after it.
    pub(crate) fn priority_weight(&self, task: &TaskData) -> i64 {
        let own = task.options().priority_weight;
        match task.options().weight_rule.as_str() {
            Some("downstream") => self.weigh(task, own, false),
            Some("upstream") => self.weigh(task, own, true),
            _ => own,
        }
    }

    fn weigh(&self, task: &TaskData, own: i64, upwards: bool) -> i64 {
        let weights: HashMap<&str, &TaskData> = self
            .tasks
            .iter()
            .map(|task| (task.task_id.as_str(), task))
            .collect();
        let mut seen = BTreeSet::new();
        let mut ahead = vec![task];
        while let Some(next) = ahead.pop() {
            let neighbours: Vec<&TaskData> = if upwards {
                let before = |other: &&TaskData| other.downstream_task_ids.contains(&next.task_id);
                self.tasks.iter().filter(before).collect()
            } else {
                let after = next.downstream_task_ids.iter();
                after
                    .filter_map(|id| weights.get(id.as_str()).copied())
                    .collect()
            };
            for neighbour in neighbours {
                if seen.insert(&neighbour.task_id) {
                    ahead.push(neighbour);
                }
            }
        }
        let others = seen.into_iter().filter_map(|id| weights.get(id.as_str()));
        own + others
            .map(|task| task.options().priority_weight)
            .sum::<i64>()
    }
}

struct Child<'a> {
    task_id: Option<&'a str>,
    group: Option<&'a Value>,
}

/// What is directly in a group: `{label: ["operator", task id] or ["taskgroup", group]}`.
fn children(group: &Value) -> impl Iterator<Item = Child<'_>> {
    let children = group.get("children").and_then(Value::as_object);
    children.into_iter().flat_map(|children| {
        children.values().map(|child| Child {
            task_id: child.get(1).and_then(Value::as_str),
            group: child.get(1).filter(|child| child.is_object()),
        })
    })
}

/// What the groups around a task are mapped over, those of them that are; `None` when the task is not in this group.
fn mapped_groups<'a>(group: &'a Value, task_id: &str) -> Option<Vec<&'a Value>> {
    let mut around = children(group).find_map(|child| match child.group {
        Some(group) => mapped_groups(group, task_id),
        None => (child.task_id? == task_id).then(Vec::new),
    })?;
    let is_mapped = group.get("is_mapped").and_then(Value::as_bool);
    if is_mapped == Some(true) {
        around.push(group.get("expand_input").unwrap_or(&Value::Null));
    }
    Some(around)
}

fn tasks_in(group: &Value) -> Vec<String> {
    let mut tasks = Vec::new();
    let mut ahead = vec![group];
    while let Some(group) = ahead.pop() {
        for child in children(group) {
            tasks.extend(child.task_id.map(str::to_owned));
            ahead.extend(child.group);
        }
    }
    tasks
}

/// The latest version of a Dag: its id, and what is in it.
pub(crate) async fn latest(
    session: &mut Session,
    dag_id: &str,
) -> Result<Option<(Uuid, DagData)>, DatabaseError> {
    let statement = sql(
        "select v.id as version_id, s.data, s.data_compressed from dag_version v \
         join serialized_dag s on s.dag_version_id = v.id \
         where v.dag_id = $1 order by v.version_number desc limit 1",
    );
    let Some(row) = session.optional(statement.bind(dag_id)).await? else {
        return Ok(None);
    };
    Ok(Some((row.get("version_id")?, content(&row)?)))
}

/// The latest version of a Dag, as Airflow serialized it.
pub(crate) async fn latest_raw(
    session: &mut Session,
    dag_id: &str,
) -> Result<Option<Value>, DatabaseError> {
    let statement = sql("select s.data, s.data_compressed from dag_version v \
         join serialized_dag s on s.dag_version_id = v.id \
         where v.dag_id = $1 order by v.version_number desc limit 1");
    let row = session.optional(statement.bind(dag_id)).await?;
    row.as_ref().map(raw).transpose()
}

/// A version of a Dag.
pub(crate) async fn version(
    session: &mut Session,
    version_id: Uuid,
) -> Result<Option<DagData>, DatabaseError> {
    let statement =
        sql("select data, data_compressed from serialized_dag where dag_version_id = $1");
    let row = session.optional(statement.bind(version_id)).await?;
    row.as_ref().map(content).transpose()
}

fn content(row: &Row) -> Result<DagData, DatabaseError> {
    DagData::read(&raw(row)?).map_err(problem)
}

fn raw(row: &Row) -> Result<Value, DatabaseError> {
    let data: Option<Value> = row.get("data")?;
    data.filter(|data| !data.is_null()).ok_or_else(|| {
        problem(
            "compressed, which is not read here; turn off [core] compress_serialized_dags".into(),
        )
    })
}

fn problem(problem: String) -> DatabaseError {
    DatabaseError::Column {
        column: "serialized_dag.data".to_owned(),
        problem,
    }
}
