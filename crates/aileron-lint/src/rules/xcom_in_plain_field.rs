//! AIL109.

use ruff_python_ast::{Expr, ExprCall};

use crate::checker::{Checker, Finding};
use crate::rule::rule;
use crate::semantic::{ClassId, Model, ScopeId};

rule! {
    /// A template that pulls an XCom, in a field of an operator that is not templated.
    ///
    /// ## Why it breaks
    ///
    /// Airflow renders the fields in an operator's `template_fields`, and no others. Elsewhere the text stays as it is, with its braces.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import DAG
    /// from airflow.providers.standard.operators.bash import BashOperator
    ///
    /// with DAG("load"):
    ///     BashOperator(
    ///         task_id="load",
    ///         bash_command="load.sh",
    ///         pool="{{ ti.xcom_pull(task_ids='choose') }}",
    ///     )
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// from airflow.sdk import DAG
    /// from airflow.providers.standard.operators.bash import BashOperator
    ///
    /// with DAG("load"):
    ///     BashOperator(
    ///         task_id="load",
    ///         bash_command="load.sh {{ ti.xcom_pull(task_ids='choose') }}",
    ///         pool="loads",
    ///     )
    /// ```
    AIL109, "xcom-in-plain-field", Error
}

/// Arguments of every operator that are never templated.
const PLAIN: [&str; 15] = [
    "task_id",
    "owner",
    "pool",
    "pool_slots",
    "queue",
    "priority_weight",
    "weight_rule",
    "trigger_rule",
    "retries",
    "retry_delay",
    "max_retry_delay",
    "execution_timeout",
    "run_as_user",
    "executor",
    "depends_on_past",
];

/// The templated fields of operators of the provider `standard` 1.x.
const KNOWN: [(&str, &[&str]); 7] = [
    (
        "airflow.providers.standard.operators.bash.BashOperator",
        &["bash_command", "env", "cwd"],
    ),
    (
        "airflow.providers.standard.operators.python.PythonOperator",
        &["templates_dict", "op_args", "op_kwargs"],
    ),
    (
        "airflow.providers.standard.operators.python.BranchPythonOperator",
        &["templates_dict", "op_args", "op_kwargs"],
    ),
    (
        "airflow.providers.standard.operators.python.ShortCircuitOperator",
        &["templates_dict", "op_args", "op_kwargs"],
    ),
    (
        "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunOperator",
        &[
            "trigger_dag_id",
            "trigger_run_id",
            "logical_date",
            "conf",
            "wait_for_completion",
            "skip_when_already_exists",
            "execution_date",
        ],
    ),
    (
        "airflow.providers.standard.sensors.bash.BashSensor",
        &["bash_command", "env"],
    ),
    (
        "airflow.providers.standard.sensors.filesystem.FileSensor",
        &["filepath", "fs_conn_id"],
    ),
];

/// Arguments with templates that are not in `template_fields`, and texts for people.
const RENDERED_OTHERWISE: [&str; 9] = [
    "map_index_template",
    "run_name",
    "task_display_name",
    "outlets",
    "doc",
    "doc_md",
    "doc_json",
    "doc_yaml",
    "doc_rst",
];

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for scope in model.scope_ids() {
        for site in &model.scopes[scope.0].calls {
            let Some(operator) = operator(model, scope, site.call) else {
                continue;
            };
            for keyword in &site.call.arguments.keywords {
                let Some(field) = keyword.arg.as_ref().map(|name| name.as_str()) else {
                    continue;
                };
                if !pulls_xcom(&keyword.value) || !operator.is_plain(field) {
                    continue;
                }
                let message = format!(
                    "`{field}` of `{}` is not a templated field: the task gets the text of the template, not the XCom.",
                    operator.name()
                );
                let help = "Pull it in a templated field, or in the task body.";
                checker.report(&RULE, &keyword.value, Finding::new(message, help));
            }
        }
    }
}

/// What is known of an operator that is called.
enum Operator<'a> {
    Imported(String),
    Here { name: &'a str, fields: Vec<&'a str> },
}

impl Operator<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Imported(name) => name.rsplit('.').next().unwrap_or(name),
            Self::Here { name, .. } => name,
        }
    }

    /// Whether a field is surely not templated.
    fn is_plain(&self, field: &str) -> bool {
        if RENDERED_OTHERWISE.contains(&field) {
            return false;
        }
        match self {
            Self::Here { fields, .. } => !fields.contains(&field),
            Self::Imported(name) => match KNOWN.iter().find(|(known, _)| known == name) {
                Some((_, fields)) => !fields.contains(&field),
                None => PLAIN.contains(&field) && field != "queue",
            },
        }
    }
}

fn operator<'a>(model: &Model<'a>, scope: ScopeId, call: &'a ExprCall) -> Option<Operator<'a>> {
    call.arguments.find_keyword("task_id")?;
    if let Some(class) = model.class_of(scope, &call.func) {
        return own_operator(model, class);
    }
    let name = model.qualified(scope, &call.func)?;
    let is_operator =
        name.starts_with("airflow.") && (name.ends_with("Operator") || name.ends_with("Sensor"));
    is_operator.then_some(Operator::Imported(name))
}

/// An operator of this file that is derived from `BaseOperator` alone, with its fields written out.
fn own_operator<'a>(model: &Model<'a>, class: ClassId) -> Option<Operator<'a>> {
    let bases = model.imported_bases(class);
    let is_plain = !bases.is_empty() && bases.iter().all(|base| base == "airflow.sdk.BaseOperator");
    let is_known = model.lineage(class).iter().all(|class| {
        let class = &model.classes[class.0];
        class.def.bases().iter().all(|base| {
            model.class_of(class.scope, base).is_some()
                || model.qualified(class.scope, base).is_some()
        })
    });
    if !is_plain || !is_known {
        return None;
    }
    let scope = model.classes[class.0].scope;
    let fields = match model.class_attribute(class, "template_fields") {
        None => return None,
        Some(Expr::Tuple(tuple)) => &tuple.elts,
        Some(Expr::List(list)) => &list.elts,
        Some(_) => return None,
    };
    let fields: Option<Vec<&str>> = fields
        .iter()
        .map(|field| model.text(scope, field))
        .collect();
    Some(Operator::Here {
        name: model.classes[class.0].def.name.as_str(),
        fields: fields?,
    })
}

fn pulls_xcom(value: &Expr) -> bool {
    value.as_string_literal_expr().is_some_and(|literal| {
        let text = literal.value.to_str();
        text.contains("{{") && text.contains("xcom_pull(")
    })
}
