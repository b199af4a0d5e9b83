//! The text of the stub Dag file.

use std::collections::{BTreeSet, HashMap};

use aileron_bundle::manifest::{ArgOutline, ArgSource, AssetOutline, DagOutline, TaskOutline};
use anyhow::Context as _;

use super::names::{Scope, is_importable};
use super::{Plan, annotation, literal};
use crate::outcome::UsageError;

/// Lines longer than this are broken at their arguments.
const WIDTH: usize = 110;
/// Indentation inside a Dag function.
const INDENT: &str = "    ";

/// Whether a planned Dag refers to a task written in Python.
pub(super) fn has_external(plan: &Plan<'_>) -> bool {
    plan.dags
        .iter()
        .any(|dag| dag.tasks.iter().any(|task| task.external))
}

/// The file without the lines that seal it.
pub(super) fn render(plan: &Plan<'_>) -> anyhow::Result<String> {
    let mut module = Scope::module();
    let imported = imported(plan, &mut module)?;
    let functions: Vec<_> = plan
        .dags
        .iter()
        .map(|dag| module.take(&dag.dag_id))
        .collect();
    let mut dags = String::new();
    for (dag, function) in plan.dags.iter().zip(functions) {
        dags.push_str(&DagText::new(plan, dag, &module, &imported).render(&function)?);
    }
    let mut text = header(plan);
    text.push_str(&imports(&dags, plan, &imported));
    text.push_str(&dags);
    Ok(text)
}

fn header(plan: &Plan<'_>) -> String {
    format!(
        "# Make it again with: {}\n#\n# The tasks run in the bundle; Airflow needs their ids, order and options to schedule them.\n\n",
        plan.command
    )
}

/// The imports that `dags` needs, in isort's order.
fn imports(dags: &str, plan: &Plan<'_>, imported: &BTreeSet<&str>) -> String {
    let mut text = "from __future__ import annotations\n\n".to_owned();
    let standard: String = [
        ("timedelta(", "from datetime import timedelta\n"),
        ("Any", "from typing import Any\n"),
    ]
    .into_iter()
    .filter_map(|(use_of, import)| dags.contains(use_of).then_some(import))
    .collect();
    if !standard.is_empty() {
        text.push_str(&format!("{standard}\n"));
    }
    if dags.contains("pendulum.") {
        text.push_str("import pendulum\n");
    }
    let classes = asset_classes(plan);
    text.push_str(&format!("from airflow.sdk import {classes}dag, task\n"));
    if let (Some(module), false) = (plan.external_module, imported.is_empty()) {
        let names: Vec<_> = imported.iter().copied().collect();
        text.push_str(&format!("\nfrom {module} import {}\n", names.join(", ")));
    }
    text
}

/// `Asset, AssetAlias, `, as far as the tasks' inlets and outlets need them.
fn asset_classes(plan: &Plan<'_>) -> String {
    let is_alias = |asset: &AssetOutline| matches!(asset, AssetOutline::Alias { .. });
    let tasks = || plan.dags.iter().flat_map(|dag| &dag.tasks);
    let assets = || tasks().flat_map(|task| task.inlets.iter().chain(&task.outlets));
    let mut classes = String::new();
    if assets().any(|asset| !is_alias(asset)) {
        classes.push_str("Asset, ");
    }
    if assets().any(is_alias) {
        classes.push_str("AssetAlias, ");
    }
    classes
}

/// The ids of external tasks that are imported; their names are taken in the module.
fn imported<'a>(plan: &Plan<'a>, module: &mut Scope) -> anyhow::Result<BTreeSet<&'a str>> {
    if plan.external_module.is_none() {
        return Ok(BTreeSet::new());
    }
    let external = plan
        .dags
        .iter()
        .flat_map(|dag| &dag.tasks)
        .filter(|task| task.external);
    let ids: BTreeSet<_> = external.map(|task| task.task_id.as_str()).collect();
    for id in &ids {
        if !is_importable(id) || module.take(id) != *id {
            let message = format!(
                "--external-module: the task id {id:?} cannot be imported as a Python name"
            );
            return Err(UsageError(message).into());
        }
    }
    Ok(ids)
}

/// A Dag on its way to text.
struct DagText<'a> {
    plan: &'a Plan<'a>,
    dag: &'a DagOutline,
    imported: &'a BTreeSet<&'a str>,
    /// Python function of each task, by task id.
    functions: HashMap<&'a str, String>,
    /// Variable of each task that others refer to, by task id.
    variables: HashMap<&'a str, String>,
}

impl<'a> DagText<'a> {
    fn new(
        plan: &'a Plan<'a>,
        dag: &'a DagOutline,
        module: &Scope,
        imported: &'a BTreeSet<&'a str>,
    ) -> DagText<'a> {
        let mut scope = module.clone();
        let ids = || dag.tasks.iter().map(|task| task.task_id.as_str());
        let functions: HashMap<_, _> = ids()
            .map(|id| {
                (
                    id,
                    if imported.contains(id) {
                        id.to_owned()
                    } else {
                        scope.take(id)
                    },
                )
            })
            .collect();
        let variables = ids()
            .map(|id| (id, scope.take(&format!("{}_task", functions[id]))))
            .collect();
        DagText {
            plan,
            dag,
            imported,
            functions,
            variables,
        }
    }

    fn render(&self, function: &str) -> anyhow::Result<String> {
        let arguments = self
            .dag_arguments()
            .with_context(|| format!("Dag {:?}", self.dag.dag_id))?;
        let mut text = format!(
            "\n\n{}\ndef {function}():\n",
            broken("", "@dag", &arguments)
        );
        for task in self
            .dag
            .tasks
            .iter()
            .filter(|task| !self.imported.contains(task.task_id.as_str()))
        {
            text.push_str(&self.declaration(task));
            text.push('\n');
        }
        for task in &self.dag.tasks {
            text.push_str(&self.call(task));
        }
        for task in &self.dag.tasks {
            text.push_str(&self.edges(task));
        }
        if self.dag.tasks.is_empty() {
            text.push_str("    pass\n");
        }
        text.push_str(&format!("\n\n{function}()\n"));
        Ok(text)
    }

    fn dag_arguments(&self) -> anyhow::Result<Vec<String>> {
        let dag = self.dag;
        let schedule = dag
            .schedule
            .as_deref()
            .map_or_else(|| "None".to_owned(), literal::string);
        let mut arguments = vec![
            format!("dag_id={}", literal::string(&dag.dag_id)),
            format!("schedule={schedule}"),
        ];
        if let Some(date) = &dag.start_date {
            arguments.push(format!("start_date={}", start_date(date)?));
        }
        arguments.push(format!(
            "catchup={}",
            if dag.catchup { "True" } else { "False" }
        ));
        arguments.extend(
            dag.max_active_runs
                .map(|runs| format!("max_active_runs={runs}")),
        );
        if !dag.tags.is_empty() {
            let tags: Vec<_> = dag.tags.iter().map(|tag| literal::string(tag)).collect();
            arguments.push(format!("tags=[{}]", tags.join(", ")));
        }
        arguments.extend(dag.doc_md.as_deref().map(|text| doc_md(text, INDENT)));
        Ok(arguments)
    }

    fn declaration(&self, task: &TaskOutline) -> String {
        let function = &self.functions[task.task_id.as_str()];
        let mut after_mapped = false;
        let parameters: Vec<_> = parameter_names(task)
            .into_iter()
            .zip(&task.args)
            .map(|(name, arg)| {
                after_mapped |= self.is_mapped(arg);
                let default = if after_mapped { " = None" } else { "" };
                format!("{name}: {}{default}", annotation::python(&arg.r#type))
            })
            .collect();
        let signature = format!("{INDENT}def {function}({})", parameters.join(", "));
        let arguments = task_arguments(task, function, self.plan.queue);
        if !task.external {
            return format!(
                "{}\n{signature}: ...\n",
                decorator("@task.stub", &arguments)
            );
        }
        let message = literal::string(&format!("write the task {} here", task.task_id));
        let (kind, signature) = if task.mapped {
            ("mapped task", format!("{INDENT}def {function}(item)"))
        } else {
            ("task", signature)
        };
        format!(
            "{INDENT}# Placeholder: this {kind} is written in Python. Give it its body, or import it with --external-module.\n\
             {}\n{signature}:\n{INDENT}{INDENT}raise NotImplementedError({message})\n",
            decorator("@task", &arguments)
        )
    }

    fn call(&self, task: &'a TaskOutline) -> String {
        let id = task.task_id.as_str();
        let function = &self.functions[id];
        let call = match (task.mapped, self.imported.contains(id)) {
            // What it is expanded over is known there alone.
            (true, true) => format!("{function}()"),
            (true, false) => format!("{function}.expand(item=[])"),
            (false, true) => format!(
                "{function}.override(task_id={})({})",
                literal::string(id),
                self.passed(task)
            ),
            (false, false) => format!("{function}({})", self.passed(task)),
        };
        if self.is_referred_to(task) {
            format!("{INDENT}{} = {call}\n", self.variables[id])
        } else {
            format!("{INDENT}{call}\n")
        }
    }

    /// The arguments of a call. Airflow 3.4 refuses a stub that takes the output of a mapped task: such an argument is left
    /// to its default and the edge is drawn by itself, and those after it are passed by name.
    fn passed(&self, task: &TaskOutline) -> String {
        let mut after_mapped = false;
        let mut arguments = Vec::new();
        for (name, arg) in parameter_names(task).into_iter().zip(&task.args) {
            if self.is_mapped(arg) {
                after_mapped = true;
                continue;
            }
            let value = match &arg.source {
                ArgSource::Literal { value } => literal::json(value),
                ArgSource::Xcom { task_id } => self.variables[task_id.as_str()].clone(),
            };
            arguments.push(if after_mapped {
                format!("{name}={value}")
            } else {
                value
            });
        }
        arguments.join(", ")
    }

    /// Whether the argument is the combined output of a mapped task.
    fn is_mapped(&self, arg: &ArgOutline) -> bool {
        let ArgSource::Xcom { task_id } = &arg.source else {
            return false;
        };
        let upstream = self.dag.tasks.iter().find(|task| task.task_id == *task_id);
        upstream.is_some_and(|task| task.mapped)
    }

    /// Upstream tasks that no argument refers to.
    fn explicit_upstream(&self, task: &'a TaskOutline) -> Vec<&'a str> {
        let is_argument = |id: &str| {
            task.args.iter().any(|arg| {
                !self.is_mapped(arg)
                    && matches!(&arg.source, ArgSource::Xcom { task_id } if task_id == id)
            })
        };
        task.upstream
            .iter()
            .map(String::as_str)
            .filter(|id| !is_argument(id))
            .collect()
    }

    /// Whether another task takes this one's value, or one of the two is an end of an explicit edge.
    fn is_referred_to(&self, task: &'a TaskOutline) -> bool {
        let by_others = self.dag.tasks.iter().any(|other| {
            let as_argument = other
                .args
                .iter()
                .any(|arg| matches!(&arg.source, ArgSource::Xcom { task_id } if *task_id == task.task_id));
            as_argument || self.explicit_upstream(other).contains(&task.task_id.as_str())
        });
        by_others || !self.explicit_upstream(task).is_empty()
    }

    fn edges(&self, task: &'a TaskOutline) -> String {
        let upstream: Vec<_> = self
            .explicit_upstream(task)
            .into_iter()
            .map(|id| self.variables[id].as_str())
            .collect();
        let variable = &self.variables[task.task_id.as_str()];
        match upstream.as_slice() {
            [] => String::new(),
            [one] => format!("{INDENT}{one} >> {variable}\n"),
            several => format!("{INDENT}[{}] >> {variable}\n", several.join(", ")),
        }
    }
}

/// The Python names of a task's parameters.
fn parameter_names(task: &TaskOutline) -> Vec<String> {
    let mut scope = Scope::parameters();
    task.args.iter().map(|arg| scope.take(&arg.name)).collect()
}

fn task_arguments(task: &TaskOutline, function: &str, default_queue: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    if task.task_id != function {
        arguments.push(format!("task_id={}", literal::string(&task.task_id)));
    }
    let queue = task
        .queue
        .as_deref()
        .or((!task.external).then_some(default_queue));
    arguments.extend(queue.map(|queue| format!("queue={}", literal::string(queue))));
    arguments.extend(task.retries.map(|retries| format!("retries={retries}")));
    arguments.extend(
        task.retry_delay
            .map(|delay| format!("retry_delay={}", literal::seconds(delay))),
    );
    arguments.extend(
        task.execution_timeout
            .map(|timeout| format!("execution_timeout={}", literal::seconds(timeout))),
    );
    arguments.extend(
        task.pool
            .as_deref()
            .map(|pool| format!("pool={}", literal::string(pool))),
    );
    arguments.extend(
        task.priority_weight
            .map(|weight| format!("priority_weight={weight}")),
    );
    arguments.extend(
        task.trigger_rule
            .as_deref()
            .map(|rule| format!("trigger_rule={}", literal::string(rule))),
    );
    arguments.extend(
        task.owner
            .as_deref()
            .map(|owner| format!("owner={}", literal::string(owner))),
    );
    arguments.extend(
        task.depends_on_past
            .then(|| "depends_on_past=True".to_owned()),
    );
    arguments.extend(task.doc_md.as_deref().map(|text| doc_md(text, "        ")));
    for (name, assets) in [("inlets", &task.inlets), ("outlets", &task.outlets)] {
        if !assets.is_empty() {
            let assets: Vec<_> = assets.iter().map(asset).collect();
            arguments.push(format!("{name}=[{}]", assets.join(", ")));
        }
    }
    arguments
}

fn asset(asset: &AssetOutline) -> String {
    let text = literal::string;
    match asset {
        AssetOutline::Asset { name, uri } => {
            format!("Asset(name={}, uri={})", text(name), text(uri))
        }
        AssetOutline::NameRef { name } => format!("Asset.ref(name={})", text(name)),
        AssetOutline::UriRef { uri } => format!("Asset.ref(uri={})", text(uri)),
        AssetOutline::Alias { name } => format!("AssetAlias(name={})", text(name)),
    }
}

fn doc_md(text: &str, indent: &str) -> String {
    // Airflow takes a Dag's text that ends in `.md` for the name of a file to read.
    let text = if text.ends_with(".md") {
        format!("{text}\n")
    } else {
        text.to_owned()
    };
    format!("doc_md={}", literal::paragraphs(&text, indent))
}

/// A decorator inside a Dag function.
fn decorator(name: &str, arguments: &[String]) -> String {
    if arguments.is_empty() {
        return format!("{INDENT}{name}");
    }
    let line = format!("{INDENT}{name}({})", arguments.join(", "));
    if line.len() <= WIDTH && !line.contains('\n') {
        line
    } else {
        broken(INDENT, name, arguments)
    }
}

/// A call with one argument per line.
fn broken(indent: &str, callee: &str, arguments: &[String]) -> String {
    let lines: String = arguments
        .iter()
        .map(|argument| format!("{indent}    {argument},\n"))
        .collect();
    format!("{indent}{callee}(\n{lines}{indent})")
}

/// An RFC 3339 date as a `pendulum.datetime` expression in UTC.
fn start_date(text: &str) -> anyhow::Result<String> {
    let date: jiff::Timestamp = text
        .parse()
        .with_context(|| format!("start_date {text:?} is not an RFC 3339 date"))?;
    let date = date.to_zoned(jiff::tz::TimeZone::UTC);
    let micros = date.subsec_nanosecond() / 1000;
    let mut parts: Vec<i32> = vec![
        date.year().into(),
        date.month().into(),
        date.day().into(),
        date.hour().into(),
        date.minute().into(),
        date.second().into(),
        micros,
    ];
    while parts.len() > 3 && parts.last() == Some(&0) {
        parts.pop();
    }
    let parts: Vec<_> = parts.iter().map(i32::to_string).collect();
    Ok(format!(
        "pendulum.datetime({}, tz=\"UTC\")",
        parts.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_dates_are_written_in_utc_and_short() {
        let date = |text| start_date(text).map_err(|error| format!("{error:#}"));
        assert_eq!(
            date("2026-01-01T00:00:00Z").as_deref(),
            Ok("pendulum.datetime(2026, 1, 1, tz=\"UTC\")")
        );
        assert_eq!(
            date("2026-01-01T01:30:00+02:00").as_deref(),
            Ok("pendulum.datetime(2025, 12, 31, 23, 30, tz=\"UTC\")")
        );
        assert_eq!(
            date("2026-01-01T00:00:00.000001Z").as_deref(),
            Ok("pendulum.datetime(2026, 1, 1, 0, 0, 0, 1, tz=\"UTC\")")
        );
        assert!(date("yesterday").is_err_and(|error| error.contains("start_date \"yesterday\"")));
    }
}
