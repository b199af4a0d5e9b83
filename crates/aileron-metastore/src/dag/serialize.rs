//! A Dag in the form that Airflow keeps it in: the column `serialized_dag.data`, format version 3.
//!
//! What a field would say by default is left out, as Airflow leaves it out. A task is what the
//! stub of `aileron stub` declares.

use aileron_bundle::manifest::{ArgOutline, ArgSource, AssetOutline, DagOutline, TaskOutline};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::DagFile;
use super::timetable::Timetable;

/// Airflow's default pause before a retry, in seconds: `[core] default_task_retry_delay`.
const RETRY_DELAY: f64 = 300.0;

/// Airflow's default of the runs of a Dag at once: `[core] max_active_runs_per_dag`.
pub(super) const MAX_ACTIVE_RUNS: u32 = 16;

/// Airflow's default of the tasks of a Dag at once: `[core] max_active_tasks_per_dag`.
pub(super) const MAX_ACTIVE_TASKS: u32 = 16;

pub(super) fn serialize(dag: &DagOutline, file: &DagFile) -> Value {
    let mut fields = object(json!({
        "dag_id": dag.dag_id,
        "fileloc": file.fileloc,
        "relative_fileloc": file.relative_fileloc,
        "timezone": "UTC",
        "timetable": Timetable::of(dag.schedule.as_deref()).data,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs.unwrap_or(MAX_ACTIVE_RUNS),
        "max_active_tasks": MAX_ACTIVE_TASKS,
        "max_consecutive_failed_dag_runs": 0,
        "disable_bundle_versioning": false,
        "task_group": task_group(dag),
        "tasks": dag.tasks.iter().map(|task| operator(dag, task, file)).collect::<Vec<_>>(),
        "dag_dependencies": dependencies(dag),
        "edge_info": {},
        "params": dag.params.iter().map(|(name, default)| param(name, default)).collect::<Vec<_>>(),
        "deadline": null,
        "allowed_run_types": null,
    }));
    if let Some(doc_md) = &dag.doc_md {
        fields.insert("doc_md".into(), json!(doc_md));
    }
    if !dag.tags.is_empty() {
        let mut tags = dag.tags.clone();
        tags.sort();
        fields.insert("tags".into(), json!(tags));
    }
    if let Some(start) = dag.start_date.as_deref().and_then(seconds) {
        fields.insert("start_date".into(), json!(start));
    }
    json!({"__version": 3, "dag": fields})
}

fn seconds(time: &str) -> Option<f64> {
    let time: Timestamp = time.parse().ok()?;
    Some(time.as_microsecond() as f64 / 1e6)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn task_group(dag: &DagOutline) -> Value {
    let children: Map<String, Value> = dag
        .tasks
        .iter()
        .map(|task| (task.task_id.clone(), json!(["operator", task.task_id])))
        .collect();
    json!({
        "_group_id": null,
        "group_display_name": "",
        "prefix_group_id": true,
        "tooltip": "",
        "ui_color": "CornflowerBlue",
        "ui_fgcolor": "#000",
        "children": children,
        "upstream_group_ids": [],
        "downstream_group_ids": [],
        "upstream_task_ids": [],
        "downstream_task_ids": [],
    })
}

fn operator(dag: &DagOutline, task: &TaskOutline, file: &DagFile) -> Value {
    let mut fields = object(class(task));
    fields.insert("task_id".into(), json!(task.task_id));
    let name = format!("{}.<locals>.{}", dag.dag_id, task.task_id);
    fields.insert("python_callable_name".into(), json!(name));
    let downstream = downstream(dag, &task.task_id);
    if !downstream.is_empty() {
        fields.insert("downstream_task_ids".into(), json!(downstream));
    }
    let mut options = options(task, file);
    if task.mapped {
        fields.insert("_is_mapped".into(), json!(true));
        fields.insert("_disallow_kwargs_override".into(), json!(false));
        fields.insert("_expand_input_attr".into(), json!("op_kwargs_expand_input"));
        fields.insert(
            "op_kwargs_expand_input".into(),
            json!({"type": "dict-of-lists", "value": dict(json!({"item": []}))}),
        );
        options.insert("op_args".into(), json!([]));
        options.insert("op_kwargs".into(), dict(json!({})));
        fields.insert("partial_kwargs".into(), Value::Object(options));
    } else {
        fields.extend(options);
        fields.insert("has_retry_policy".into(), json!(false));
        fields.insert("_needs_expansion".into(), json!(false));
        let (positional, named) = arguments(dag, task);
        fields.insert("op_args".into(), Value::Array(positional));
        fields.insert("op_kwargs".into(), Value::Object(named));
        fields
            .entry("retry_delay")
            .or_insert_with(|| json!(RETRY_DELAY));
    }
    json!({"__type": "operator", "__var": fields})
}

fn param(name: &str, default: &Value) -> Value {
    let param = json!({
        "__class": "airflow.sdk.definitions.param.Param",
        "default": literal(default),
        "description": null,
        "schema": dict(json!({})),
        "source": null,
    });
    json!([name, param])
}

fn dict(value: Value) -> Value {
    json!({"__type": "dict", "__var": value})
}

/// What the class of an operator decides: the one of `@task.stub`, or of `@task` for a task that is
/// written in Python.
fn class(task: &TaskOutline) -> Value {
    if task.external {
        json!({
            "task_type": "_PythonDecoratedOperator",
            "_task_module": "airflow.providers.standard.decorators.python",
            "_operator_name": "@task",
            "ui_color": "#ffefeb",
            "template_fields": ["templates_dict", "op_args", "op_kwargs"],
            "template_fields_renderers": {
                "templates_dict": "json", "op_args": "py", "op_kwargs": "py",
            },
        })
    } else {
        json!({
            "task_type": "_StubOperator",
            "_task_module": "airflow.providers.standard.decorators.stub",
            "_operator_name": "@task.stub",
            "template_fields": ["op_args", "op_kwargs"],
            "template_fields_renderers": {"op_args": "py", "op_kwargs": "py"},
        })
    }
}

/// The options of a task that differ from Airflow's defaults.
fn options(task: &TaskOutline, file: &DagFile) -> Map<String, Value> {
    let mut options = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    set("queue", queue(task, file).map(Value::from));
    set("retries", task.retries.filter(|n| *n != 0).map(Value::from));
    set("retry_delay", task.retry_delay.map(Value::from));
    set("execution_timeout", task.execution_timeout.map(Value::from));
    set(
        "pool",
        task.pool
            .as_deref()
            .filter(|pool| *pool != "default_pool")
            .map(Value::from),
    );
    set(
        "priority_weight",
        task.priority_weight
            .filter(|weight| *weight != 1)
            .map(Value::from),
    );
    set(
        "trigger_rule",
        task.trigger_rule
            .as_deref()
            .filter(|rule| *rule != "all_success")
            .map(Value::from),
    );
    set(
        "owner",
        task.owner
            .as_deref()
            .filter(|owner| *owner != "airflow")
            .map(Value::from),
    );
    set(
        "depends_on_past",
        task.depends_on_past.then_some(Value::Bool(true)),
    );
    set("doc_md", task.doc_md.as_deref().map(Value::from));
    set("inlets", assets(&task.inlets));
    set("outlets", assets(&task.outlets));
    options
}

/// The queue of a task, unless it is Airflow's default.
fn queue<'a>(task: &'a TaskOutline, file: &'a DagFile) -> Option<&'a str> {
    let default = if task.external {
        "default"
    } else {
        &file.queue
    };
    Some(task.queue.as_deref().unwrap_or(default)).filter(|queue| *queue != "default")
}

fn assets(assets: &[AssetOutline]) -> Option<Value> {
    let values: Vec<Value> = assets.iter().map(asset).collect();
    (!values.is_empty()).then(|| Value::Array(values))
}

fn asset(asset: &AssetOutline) -> Value {
    match asset {
        AssetOutline::Asset { name, uri } => json!({
            "__type": "asset",
            "__var": {"name": name, "uri": uri, "group": "asset", "extra": {}},
        }),
        AssetOutline::NameRef { name } => json!({"__type": "asset_ref", "__var": {"name": name}}),
        AssetOutline::UriRef { uri } => json!({"__type": "asset_ref", "__var": {"uri": uri}}),
        AssetOutline::Alias { name } => json!({
            "__type": "asset_alias",
            "__var": {"name": name, "group": "asset"},
        }),
    }
}

/// The arguments as the stub passes them: what comes from a mapped task is left out, and those after
/// it are passed by name.
fn arguments(dag: &DagOutline, task: &TaskOutline) -> (Vec<Value>, Map<String, Value>) {
    let mut positional = Vec::new();
    let mut named = Map::new();
    let mut after_mapped = false;
    for arg in &task.args {
        if is_from_mapped(dag, arg) {
            after_mapped = true;
        } else if after_mapped {
            named.insert(arg.name.clone(), argument(dag, arg));
        } else {
            positional.push(argument(dag, arg));
        }
    }
    (positional, named)
}

fn is_from_mapped(dag: &DagOutline, argument: &ArgOutline) -> bool {
    let ArgSource::Xcom { task_id } = &argument.source else {
        return false;
    };
    let upstream = dag.tasks.iter().find(|task| task.task_id == *task_id);
    upstream.is_some_and(|task| task.mapped)
}

fn argument(dag: &DagOutline, argument: &ArgOutline) -> Value {
    match &argument.source {
        ArgSource::Literal { value } => value.clone(),
        ArgSource::Xcom { task_id } => json!(format!(
            "{{{{ task_instance.xcom_pull(task_ids='{task_id}', dag_id='{}', key='return_value') }}}}",
            dag.dag_id
        )),
    }
}

/// The default of a param: its maps say that they are maps.
fn literal(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(literal).collect(),
        Value::Object(map) => dict(Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), literal(value)))
                .collect(),
        )),
        other => other.clone(),
    }
}

fn downstream<'a>(dag: &'a DagOutline, task_id: &str) -> Vec<&'a str> {
    let mut ids: Vec<&str> = dag
        .tasks
        .iter()
        .filter(|task| task.upstream.iter().any(|upstream| upstream == task_id))
        .map(|task| task.task_id.as_str())
        .collect();
    ids.sort_unstable();
    ids
}

/// What other Dags may depend on.
fn dependencies(dag: &DagOutline) -> Vec<Value> {
    let outlets = dag.tasks.iter().flat_map(|task| &task.outlets);
    let mut dependencies = Vec::new();
    for outlet in outlets {
        let (kind, label, id) = match outlet {
            AssetOutline::Asset { name, uri } => {
                // The text of a Python dictionary in JSON, with its spaces.
                let id = format!("{{\"name\": {}, \"uri\": {}}}", json!(name), json!(uri));
                ("asset", name, id)
            }
            AssetOutline::Alias { name } => ("asset-alias", name, name.clone()),
            AssetOutline::NameRef { name } => ("asset-name-ref", name, name.clone()),
            AssetOutline::UriRef { uri } => ("asset-uri-ref", uri, uri.clone()),
        };
        let dependency = json!({
            "source": dag.dag_id,
            "target": kind,
            "label": label,
            "dependency_type": kind,
            "dependency_id": id,
        });
        if !dependencies.contains(&dependency) {
            dependencies.push(dependency);
        }
    }
    dependencies
}
