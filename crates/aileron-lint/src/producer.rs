//! Who pushes XComs, and whether XCom can carry them: what `aileron xcom audit` shows.

use std::ops::Range;

use ruff_python_ast::Expr;
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;

use crate::semantic::{Model, ScopeId, Task, TaskKind};
use crate::value::Value;

/// One place in a file that pushes an XCom: a `return` of a task, or an `xcom_push`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Producer {
    /// The Dag, where the file says which.
    pub dag_id: Option<String>,
    /// The task id, where the file says which; otherwise the name of the function or class.
    pub task: String,
    /// `return_value`, or the key that is pushed; nothing if the key is computed.
    pub key: Option<String>,
    /// Bytes of the value's expression.
    pub range: Range<usize>,
    /// What the value is, as far as the file says: `int`, `list[int]`, `numpy.ndarray`, `unknown`.
    pub value: String,
    /// Whether XCom can carry it.
    pub transport: Transport,
    /// Why, and for what cannot be carried, the way out.
    pub reason: String,
}

/// Whether XCom can carry a value: with the serializers of Airflow 3.3, without a custom XCom backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// JSON as it is, or with one of Airflow's serializers.
    Yes,
    /// No: pushing it fails.
    No,
    /// The file does not say what it is.
    Unknown,
}

impl Transport {
    /// `yes`, `no` or `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Every XCom producer of a file, in the order of the text.
///
/// # Errors
///
/// What the parser says, if the source is no Python.
pub fn xcom_producers(source: &str) -> Result<Vec<Producer>, String> {
    let parsed = parse_module(source).map_err(|error| error.error.to_string())?;
    let model = Model::new(source, parsed.syntax());
    let mut producers: Vec<Producer> = pushes(&model)
        .into_iter()
        .map(|push| push.producer(&model))
        .collect();
    producers.sort_by_key(|producer| producer.range.start);
    Ok(producers)
}

/// A value that a task pushes.
pub(crate) struct Push<'m, 'a> {
    pub(crate) task: &'m Task<'a>,
    pub(crate) key: Option<String>,
    pub(crate) expr: &'a Expr,
    pub(crate) value: Value,
}

/// Every value that the tasks of a file push.
pub(crate) fn pushes<'m, 'a>(model: &'m Model<'a>) -> Vec<Push<'m, 'a>> {
    let mut found: Vec<Push<'m, 'a>> = Vec::new();
    for task in &model.tasks {
        let push = |scope: ScopeId, key: Option<String>, expr: &'a Expr| Push {
            task,
            key,
            expr,
            value: model.value(scope, expr),
        };
        if returns_are_pushed(model, task) {
            let returns = &model.scopes[task.scope.0].returns;
            found.extend(
                returns
                    .iter()
                    .map(|value| push(task.scope, Some("return_value".to_owned()), value)),
            );
        }
        for scope in model.reach(task.scope) {
            for used in model.xcom_uses(scope) {
                if let (Some(value), Some(key)) = (used.pushed, used.key) {
                    found.push(push(
                        scope,
                        model.text(scope, key).map(str::to_owned),
                        value,
                    ));
                }
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|push| seen.insert(push.expr.range()));
    found
}

fn returns_are_pushed(model: &Model<'_>, task: &Task<'_>) -> bool {
    let is_off = model
        .option(task, "do_xcom_push")
        .is_some_and(|(_, value)| {
            value
                .as_boolean_literal_expr()
                .is_some_and(|literal| !literal.value)
        });
    // What these return is a command, or an answer, and not the XCom.
    let is_other = |name: &str| matches!(name, "airflow.sdk.task.bash" | "airflow.sdk.task.sensor");
    !is_off && task.kind != TaskKind::Asset && model.decorated(task.scope, is_other).is_none()
}

impl Push<'_, '_> {
    fn producer(self, model: &Model<'_>) -> Producer {
        let range = self.expr.range();
        let reason = match self.value.xcom {
            Transport::Yes if self.value.store == Transport::Yes => "JSON as it is".to_owned(),
            Transport::Yes if self.value.name == "None" => "nothing is pushed for None".to_owned(),
            Transport::Yes => "Airflow has a serializer for it".to_owned(),
            Transport::No => format!("Airflow has no serializer for it. {}", self.value.way_out),
            Transport::Unknown => "the file does not say what it is".to_owned(),
        };
        Producer {
            dag_id: model.dag_id(self.task),
            task: self.task.id.unwrap_or(self.task.name).to_owned(),
            key: self.key,
            range: range.start().to_usize()..range.end().to_usize(),
            value: self.value.name,
            transport: self.value.xcom,
            reason,
        }
    }
}
