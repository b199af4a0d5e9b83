//! AIL201.

use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use crate::checker::{Checker, Finding};
use crate::files::{Command, Direction, Place, Storage, Transfer, commands, transfers};
use crate::rule::rule;
use crate::semantic::{Model, ScopeId, Task, sub_expressions};

rule! {
    /// A value that goes from one task to another through a file that both know the path of.
    ///
    /// ## Why it breaks
    ///
    /// `/tmp` belongs to one machine or one pod. The next task may run on another, and finds nothing; or it finds what another run
    /// left there, and takes that. A bucket path that two tasks format each for itself works until one of the two is changed.
    ///
    /// ## Example
    ///
    /// ```python
    /// import numpy as np
    ///
    /// from airflow.sdk import DAG, task
    ///
    /// with DAG("predict"):
    ///
    ///     @task
    ///     def predict():
    ///         np.savez("/tmp/predictions.npz", scores=score())
    ///
    ///     @task
    ///     def publish():
    ///         send(np.load("/tmp/predictions.npz"))
    ///
    ///     predict() >> publish()
    /// ```
    ///
    /// ## Use instead
    ///
    /// Return the value: an XCom backend on object storage carries large ones. Or write it to object storage once, and return its
    /// path: the next task takes the reference, and formats nothing.
    ///
    /// ```python
    /// import numpy as np
    ///
    /// from airflow.sdk import DAG, ObjectStoragePath, task
    ///
    /// BASE = ObjectStoragePath("s3://predictions/")
    ///
    /// with DAG("predict"):
    ///
    ///     @task
    ///     def predict(run_id=None):
    ///         path = BASE / f"{run_id}.npz"
    ///         with path.open("wb") as file:
    ///             np.savez(file, scores=score())
    ///         return str(path)
    ///
    ///     @task
    ///     def publish(path):
    ///         with ObjectStoragePath(path).open("rb") as file:
    ///             send(np.load(file))
    ///
    ///     publish(predict())
    /// ```
    AIL201, "hand-rolled-transport", Warning
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    let reads = all_reads(model);
    let mut seen = Vec::new();
    for task in &model.tasks {
        for (write, place) in placed(model, task, Direction::Write) {
            if seen.contains(&write.path.range()) {
                continue;
            }
            let reader = reads
                .iter()
                .find(|(reader, _, read)| reader.scope != task.scope && *read == place);
            let finding = match (place.storage, reader) {
                (Storage::Temporary, Some((reader, read, _))) => {
                    read_elsewhere(model, task, &place, reader, read)
                }
                (Storage::Temporary, None)
                    if is_returned(model, task, &place) && is_consumed(model, task) =>
                {
                    path_returned(task, &place)
                }
                (Storage::Bucket, Some((reader, read, _))) if place.is_formatted => {
                    formatted_twice(model, task, reader, read)
                }
                _ => continue,
            };
            seen.push(write.path.range());
            checker.report(&RULE, write.path, finding);
        }
    }
    check_commands(checker, &mut seen);
}

/// A temporary file that a task body shares with the command of an operator.
fn check_commands(checker: &mut Checker<'_>, seen: &mut Vec<TextRange>) {
    let model = checker.model;
    let commands = commands(model);
    if commands.is_empty() {
        return;
    }
    for task in &model.tasks {
        for direction in [Direction::Write, Direction::Read] {
            for (transfer, place) in placed(model, task, direction) {
                let is_fixed = place.storage == Storage::Temporary && !place.is_formatted;
                if !is_fixed || seen.contains(&transfer.path.range()) {
                    continue;
                }
                let path = place.text.trim_matches(['"', '\'']);
                let Some(command) = commands.iter().find(|command| command.uses(path)) else {
                    continue;
                };
                seen.push(transfer.path.range());
                checker.report(
                    &RULE,
                    transfer.path,
                    shared_with_command(model, task, direction, &place, command),
                );
            }
        }
    }
}

fn shared_with_command(
    model: &Model<'_>,
    task: &Task<'_>,
    direction: Direction,
    place: &Place,
    command: &Command<'_>,
) -> Finding {
    let action = if direction == Direction::Write {
        "writes"
    } else {
        "reads"
    };
    Finding::new(
        format!(
            "The task `{}` {action} {}, which the command of `{}` on line {} uses too. It is a directory of one machine or pod: the \
             two tasks may run on different ones.",
            task.name,
            place.text,
            command.task_id,
            model.line(command.call),
        ),
        "Do both in one task; or keep the file in object storage, and pass its path.",
    )
}

fn read_elsewhere(
    model: &Model<'_>,
    task: &Task<'_>,
    place: &Place,
    reader: &Task<'_>,
    read: &Transfer<'_>,
) -> Finding {
    Finding::new(
        format!(
            "The task `{}` writes {}, and the task `{}` reads it on line {}. It is a directory of one machine or pod: the second \
             task may run on another, or find what another run left.",
            task.name,
            place.text,
            reader.name,
            model.line(read.path),
        ),
        "Return the value; or write it to object storage, and return its path.",
    )
}

fn path_returned(task: &Task<'_>, place: &Place) -> Finding {
    Finding::new(
        format!(
            "The task `{}` writes {}, and returns the path to another task. It is a directory of one machine or pod: the other task \
             may run on another.",
            task.name, place.text,
        ),
        "Return the value; or write it to object storage, and return that path.",
    )
}

fn formatted_twice(
    model: &Model<'_>,
    task: &Task<'_>,
    reader: &Task<'_>,
    read: &Transfer<'_>,
) -> Finding {
    Finding::new(
        format!(
            "The tasks `{}` and `{}` (line {}) each format the path of the object that goes from one to the other: they part when \
             one is changed.",
            task.name,
            reader.name,
            model.line(read.path),
        ),
        "Format it once, return it, and let the other task take it as an argument.",
    )
}

/// What a task writes or reads in temporary directories and buckets.
fn placed<'a>(
    model: &Model<'a>,
    task: &Task<'a>,
    direction: Direction,
) -> Vec<(Transfer<'a>, Place)> {
    model
        .reach(task.scope)
        .into_iter()
        .flat_map(|scope| transfers(model, scope))
        .filter(|transfer| transfer.direction == direction)
        .filter_map(|transfer| Some((transfer, transfer.place(model)?)))
        .collect()
}

fn all_reads<'m, 'a>(model: &'m Model<'a>) -> Vec<(&'m Task<'a>, Transfer<'a>, Place)> {
    let of_task = |task: &'m Task<'a>| {
        placed(model, task, Direction::Read)
            .into_iter()
            .map(move |(read, place)| (task, read, place))
    };
    model.tasks.iter().flat_map(of_task).collect()
}

/// Whether the path is in what the task returns.
fn is_returned(model: &Model<'_>, task: &Task<'_>, place: &Place) -> bool {
    model.scopes[task.scope.0].returns.iter().any(|value| {
        sub_expressions(value)
            .into_iter()
            .any(|part| model.place(task.scope, part).as_ref() == Some(place))
    })
}

/// Whether another task of the file takes what this one returns.
fn is_consumed(model: &Model<'_>, task: &Task<'_>) -> bool {
    let is_task = |scope: ScopeId| {
        model
            .tasks
            .iter()
            .any(|other| other.scope == scope && scope != task.scope)
    };
    model.scope_ids().any(|scope| {
        model.scopes[scope.0].calls.iter().any(|site| {
            let func = match site.call.func.as_ref() {
                Expr::Attribute(attribute) if attribute.attr.as_str() == "expand" => {
                    attribute.value.as_ref()
                }
                func => func,
            };
            let arguments = site.call.arguments.args.iter();
            let keywords = site
                .call
                .arguments
                .keywords
                .iter()
                .map(|keyword| &keyword.value);
            model.function_of(scope, func).is_some_and(is_task)
                && arguments.chain(keywords).any(|argument| {
                    let (scope, argument) = model.trace(scope, argument);
                    let argument = match argument {
                        Expr::Subscript(subscript) => model.trace(scope, &subscript.value).1,
                        argument => argument,
                    };
                    argument.as_call_expr().is_some_and(|call| {
                        model.function_of(scope, &call.func) == Some(task.scope)
                    })
                })
        })
    })
}
