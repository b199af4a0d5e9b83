//! The arguments of a task: where their values come from, and getting them.
//!
//! Since Airflow 3.4 the Python Dag file decides the arguments of a stub and the supervisor sends them along
//! (`arg_bindings`; `serialization/stub_arg_bindings.py` in 3.4.0b2 makes them). They are the truth then. Without them (3.3,
//! a bundle packed for 3.3, a stub called without arguments, a mapped stub) the edges and literals of the Rust Dag count.

use aileron_wire::json;
use aileron_wire::message::{LiteralArgBinding, TaskArgBinding, XComArgBinding};
use futures_util::future::try_join_all;
use serde_json::Value;

use super::disagreement;
use crate::context::{self, Encoded, RETURN_VALUE};
use crate::dag::{ArgValue, Args, Binding, Dag, Given, Param, TaskNode};
use crate::{Context, Error, Result};

/// Where the value of a parameter comes from.
#[derive(Debug, Clone, PartialEq)]
enum Source {
    /// A value that is known already.
    Literal { origin: &'static str, value: Value },
    /// The return value of a task.
    Task { task_id: String },
    /// The return values of a mapped task, as a list.
    MappedTask { task_id: String },
    /// Nowhere: the Dag does not pass the argument.
    Nowhere { reason: String },
}

/// The task's arguments: upstream values are pulled all at once.
pub(super) async fn arguments(
    context: &Context,
    dag: &Dag,
    node: &TaskNode,
    bindings: Option<&[TaskArgBinding]>,
) -> Result<Args> {
    let sources = match bindings {
        None => node
            .params
            .iter()
            .map(|param| own_source(dag, param))
            .collect(),
        Some(bindings) if node.by_name => by_name(dag, node, bindings)?,
        Some(bindings) => by_position(dag, node, bindings)?,
    };
    let values = node
        .params
        .iter()
        .zip(sources)
        .map(|(param, source)| async move {
            let given = get(context, source)
                .await
                .map_err(|error| error.context(format_args!("argument `{}`", param.name)))?;
            Ok::<_, Error>(ArgValue {
                name: param.name,
                type_name: param.type_name,
                given,
            })
        });
    Ok(Args::new(try_join_all(values).await?))
}

/// What the Rust Dag says.
fn own_source(dag: &Dag, param: &Param) -> Source {
    match &param.binding {
        // A literal that cannot be JSON is an error of the Dag, and a Dag with errors does not run.
        Binding::Literal(value) => Source::Literal {
            origin: "the Dag",
            value: value.clone().unwrap_or(Value::Null),
        },
        Binding::Output { task, .. } => {
            let upstream = &dag.nodes()[*task];
            let task_id = upstream.task_id.clone();
            if upstream.mapped {
                Source::MappedTask { task_id }
            } else {
                Source::Task { task_id }
            }
        }
        Binding::Unset => Source::Nowhere {
            reason: "the Dag does not pass it".to_owned(),
        },
    }
}

/// The first binding is for the first parameter, and so on: Python's names may differ, where a name is taken there for
/// instance.
fn by_position(dag: &Dag, node: &TaskNode, bindings: &[TaskArgBinding]) -> Result<Vec<Source>> {
    let unclaimed = bindings.get(node.params.len()..).unwrap_or_default();
    if !unclaimed.iter().all(is_default) {
        return Err(Error::msg(wrong_count(node, bindings)));
    }
    disagreement::warn_about_order(node, bindings);
    let source = |(index, param)| match bindings.get(index) {
        Some(binding) => source(dag, param, binding),
        None => Source::Nowhere {
            reason: wrong_count(node, bindings),
        },
    };
    Ok(node.params.iter().enumerate().map(source).collect())
}

/// Each binding is for the parameter of its name.
fn by_name(dag: &Dag, node: &TaskNode, bindings: &[TaskArgBinding]) -> Result<Vec<Source>> {
    let mut claimed: Vec<Option<&TaskArgBinding>> = vec![None; node.params.len()];
    for binding in bindings {
        let wanted = folded(name(binding));
        let Some(index) = node.params.iter().position(|p| folded(p.name) == wanted) else {
            if is_default(binding) {
                continue;
            }
            return Err(Error::msg(format_args!(
                "the Dag file passes the argument `{}`, which task `{}` does not have; it has {}",
                name(binding),
                node.task_id,
                names(node)
            )));
        };
        if let Some(earlier) = claimed[index].replace(binding) {
            return Err(Error::msg(format_args!(
                "the Dag file passes both `{}` and `{}` for the argument `{}` of task `{}`",
                name(earlier),
                name(binding),
                node.params[index].name,
                node.task_id
            )));
        }
    }
    let source = |(param, binding): (&Param, Option<&TaskArgBinding>)| match binding {
        Some(binding) => source(dag, param, binding),
        None => Source::Nowhere {
            reason: format!(
                "the Dag file does not pass it; it passes {}",
                context::list(bindings.iter().map(name))
            ),
        },
    };
    Ok(node.params.iter().zip(claimed).map(source).collect())
}

/// What Airflow says about one argument.
fn source(dag: &Dag, param: &Param, binding: &TaskArgBinding) -> Source {
    let own = own_source(dag, param);
    match binding {
        // Airflow refuses a stub that takes the output of a mapped task. A stub leaves such an argument to `None`, and its
        // values come through the Rust Dag's edge.
        TaskArgBinding::Literal(LiteralArgBinding {
            value: Value::Null,
            from_default: true,
            ..
        }) if matches!(own, Source::MappedTask { .. }) => own,
        TaskArgBinding::Literal(literal) => {
            if let (Source::Task { task_id } | Source::MappedTask { task_id }, false) =
                (&own, literal.from_default)
            {
                disagreement::warn_about_edge(param, task_id, "a value");
            }
            Source::Literal {
                origin: if literal.from_default {
                    "its default in the Dag file"
                } else {
                    "the Dag file"
                },
                value: literal.value.clone(),
            }
        }
        TaskArgBinding::XCom(XComArgBinding { task_id, .. }) => match own {
            Source::MappedTask { task_id: mapped } if mapped == *task_id => {
                Source::MappedTask { task_id: mapped }
            }
            own => {
                if let Source::Task { task_id: other } | Source::MappedTask { task_id: other } = own
                    && other != *task_id
                {
                    let came = format!("the output of task `{task_id}`");
                    disagreement::warn_about_edge(param, &other, &came);
                }
                Source::Task {
                    task_id: task_id.clone(),
                }
            }
        },
    }
}

fn wrong_count(node: &TaskNode, bindings: &[TaskArgBinding]) -> String {
    let count = |n: usize| format!("{n} argument{}", if n == 1 { "" } else { "s" });
    format!(
        "the Dag file passes {} ({}), and task `{}` takes {} ({})",
        count(bindings.len()),
        context::list(bindings.iter().map(name)),
        node.task_id,
        count(node.params.len()),
        names(node)
    )
}

fn names(node: &TaskNode) -> String {
    context::list(node.params.iter().map(|param| param.name))
}

pub(super) fn name(binding: &TaskArgBinding) -> &str {
    match binding {
        TaskArgBinding::XCom(binding) => &binding.name,
        TaskArgBinding::Literal(binding) => &binding.name,
    }
}

fn is_default(binding: &TaskArgBinding) -> bool {
    matches!(binding, TaskArgBinding::Literal(literal) if literal.from_default)
}

/// What counts of a name: `maxRows`, `max_rows` and `max_rows_` are one. The derive of `TaskArgs` has the same rule.
pub(super) fn folded(name: &str) -> String {
    let kept = name.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

async fn get(context: &Context, source: Source) -> Result<Given> {
    let value = |origin, encoded| Ok(Given::Value { origin, encoded });
    match source {
        Source::Literal { origin, value: it } => value(
            origin.to_owned(),
            Encoded::MessagePack(json::encode(&it)?.into()),
        ),
        Source::Task { task_id } => match context::pull_encoded(context, &task_id).await? {
            Some(encoded) => value(format!("task `{task_id}`"), encoded),
            // A Python task that returns None and a Rust task that returns `()` push nothing.
            None => Ok(Given::Nothing {
                reason: format!(
                    "task `{task_id}` has not returned a value (its XCom `{RETURN_VALUE}` is missing or null)"
                ),
                use_default: false,
            }),
        },
        Source::MappedTask { task_id } => {
            let encoded = context::pull_each_encoded(context, &task_id).await?;
            value(format!("the mapped task `{task_id}`"), encoded)
        }
        Source::Nowhere { reason } => Ok(Given::Nothing {
            reason,
            use_default: true,
        }),
    }
}

#[cfg(test)]
mod tests;
