//! The Dags of a manifest as a tree.

use std::fmt::{self, Write};

use aileron_bundle::manifest::{
    ArgOutline, ArgSource, AssetOutline, DagOutline, Manifest, TaskOutline,
};

use crate::style::{self, paint};

/// Writes every Dag: with tasks, arguments and edges where the manifest outlines them, with task ids otherwise.
pub(super) fn write(text: &mut String, manifest: &Manifest) -> fmt::Result {
    for (dag_id, entry) in &manifest.dags {
        let outlines = manifest.aileron.iter().flat_map(|outline| &outline.dags);
        match outlines.into_iter().find(|dag| dag.dag_id == *dag_id) {
            Some(dag) => write_dag(text, dag)?,
            None => {
                write_heading(text, dag_id, &[])?;
                let lines = entry
                    .tasks
                    .iter()
                    .map(|task_id| vec![task_id.clone()])
                    .collect();
                write_branches(text, lines)?;
            }
        }
    }
    Ok(())
}

fn write_dag(text: &mut String, dag: &DagOutline) -> fmt::Result {
    let mut facts = vec![match &dag.schedule {
        Some(schedule) => format!("schedule {schedule}"),
        None => "no schedule".to_owned(),
    }];
    facts.extend(dag.start_date.iter().map(|date| format!("from {date}")));
    facts.extend(dag.catchup.then(|| "catchup".to_owned()));
    facts.extend(
        dag.max_active_runs
            .map(|runs| format!("at most {runs} runs at once")),
    );
    if !dag.tags.is_empty() {
        facts.push(format!("tags {}", dag.tags.join(", ")));
    }
    if !dag.params.is_empty() {
        let params: Vec<_> = dag.params.keys().map(String::as_str).collect();
        facts.push(format!("params {}", params.join(", ")));
    }
    write_heading(text, &dag.dag_id, &facts)?;
    write_branches(text, dag.tasks.iter().map(task_lines).collect())
}

fn write_heading(text: &mut String, dag_id: &str, facts: &[String]) -> fmt::Result {
    writeln!(
        text,
        "\nDag {}  {}",
        paint(style::NAME, dag_id),
        paint(style::DIM, facts.join("; "))
    )
}

/// The first line of each branch hangs on the trunk, its other lines are indented below.
fn write_branches(text: &mut String, branches: Vec<Vec<String>>) -> fmt::Result {
    let last = branches.len().saturating_sub(1);
    for (at, lines) in branches.iter().enumerate() {
        let (hook, trunk) = if at == last {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        for (row, line) in lines.iter().enumerate() {
            writeln!(text, "{}{line}", if row == 0 { hook } else { trunk })?;
        }
    }
    Ok(())
}

fn task_lines(task: &TaskOutline) -> Vec<String> {
    let arguments: Vec<_> = task.args.iter().map(argument).collect();
    let returns = task
        .returns
        .iter()
        .map(|returns| format!(" -> {returns}"))
        .collect::<String>();
    let task_id = paint(style::NAME, &task.task_id);
    let mut lines = vec![format!("{task_id}({}){returns}", arguments.join(", "))];
    let facts = facts(task);
    if !facts.is_empty() {
        lines.push(paint(style::DIM, format!("  {}", facts.join("; "))));
    }
    lines
}

fn argument(arg: &ArgOutline) -> String {
    let ArgOutline {
        name,
        r#type,
        source,
    } = arg;
    match source {
        ArgSource::Literal { value } => format!("{name}: {type} = {value}"),
        ArgSource::Xcom { task_id } => format!("{name}: {type} <- {task_id}"),
    }
}

fn facts(task: &TaskOutline) -> Vec<String> {
    let mut facts = Vec::new();
    let from_arguments = |task_id: &&String| {
        task.args
            .iter()
            .any(|arg| matches!(&arg.source, ArgSource::Xcom { task_id: from } if from == *task_id))
    };
    let after: Vec<_> = task
        .upstream
        .iter()
        .filter(|task_id| !from_arguments(task_id))
        .cloned()
        .collect();
    if !after.is_empty() {
        facts.push(format!("after {}", after.join(", ")));
    }
    facts.extend(task.external.then(|| "written elsewhere".to_owned()));
    facts.extend(
        task.trigger_rule
            .iter()
            .map(|rule| format!("trigger rule {rule}")),
    );
    facts.extend(task.retries.map(|retries| format!("retries {retries}")));
    facts.extend(
        task.retry_delay
            .map(|seconds| format!("retry delay {seconds} s")),
    );
    facts.extend(
        task.execution_timeout
            .map(|seconds| format!("timeout {seconds} s")),
    );
    facts.extend(task.queue.iter().map(|queue| format!("queue {queue}")));
    facts.extend(task.pool.iter().map(|pool| format!("pool {pool}")));
    facts.extend(
        task.priority_weight
            .map(|weight| format!("priority weight {weight}")),
    );
    facts.extend(task.owner.iter().map(|owner| format!("owner {owner}")));
    facts.extend(task.depends_on_past.then(|| "depends on past".to_owned()));
    for (side, assets) in [("reads", &task.inlets), ("writes", &task.outlets)] {
        if !assets.is_empty() {
            let names: Vec<_> = assets.iter().map(asset).collect();
            facts.push(format!("{side} {}", names.join(", ")));
        }
    }
    facts
}

fn asset(asset: &AssetOutline) -> String {
    match asset {
        AssetOutline::Asset { name, .. } | AssetOutline::NameRef { name } => name.clone(),
        AssetOutline::UriRef { uri } => uri.clone(),
        AssetOutline::Alias { name } => format!("alias {name}"),
    }
}
