//! What a task instance is told when it starts.

use aileron_wire::message::{Kwargs, TIRunContext};
use serde_json::{Map, Value};

use super::dag_run::dag_run;
use super::legacy_kwargs::legacy_kwargs;
use super::time::moment_or_null;
use super::value_of;
use crate::refusal::Refusal;
use crate::version::ApiVersion;

/// What a task instance is told when it starts.
///
/// Fails when an older client would need arguments that only Python can rewrite.
pub(crate) fn run_context(context: &TIRunContext, version: ApiVersion) -> Result<Value, Refusal> {
    let mut shape = Map::new();
    let mut put = |key: &str, value: Value| shape.insert(key.to_owned(), value);
    put("dag_run", dag_run(&context.dag_run, version));
    // What Airflow did not set is left out.
    if let (Some(_), true) = (&context.loop_context, version >= ApiVersion::V2026_10_30) {
        put("loop", value_of(&context.loop_context));
    }
    put(
        "task_reschedule_count",
        context.task_reschedule_count.into(),
    );
    if let (Some(first), true) = (
        context.first_task_reschedule_start_date,
        version >= ApiVersion::V2026_10_30,
    ) {
        put(
            "first_task_reschedule_start_date",
            moment_or_null(Some(first)),
        );
    }
    put("max_tries", context.max_tries.into());
    if version < ApiVersion::V2026_04_06 {
        put("upstream_map_indexes", Value::Null);
    }
    put("variables", value_of(&context.variables));
    put("connections", value_of(&context.connections));
    if let Some(method) = &context.next_method {
        put("next_method", method.clone().into());
        put(
            "next_kwargs",
            next_kwargs(context.next_kwargs.as_ref(), version)?,
        );
    }
    put("xcom_keys_to_clear", value_of(&context.xcom_keys_to_clear));
    put("should_retry", context.should_retry.into());
    if context.next_method.is_some() && version >= ApiVersion::V2026_04_06 {
        put("start_date", moment_or_null(context.start_date));
    }
    if version >= ApiVersion::V2026_10_30 {
        if let Some(bindings) = &context.arg_bindings {
            put("arg_bindings", value_of(bindings));
        }
        put("multi_team", context.multi_team.into());
    }
    Ok(Value::Object(shape))
}

fn next_kwargs(kwargs: Option<&Kwargs>, version: ApiVersion) -> Result<Value, Refusal> {
    match kwargs {
        Some(Kwargs::Map(map)) if version < ApiVersion::V2026_04_06 => legacy_kwargs(map)
            .ok_or_else(|| {
                Refusal::unsupported(
                    "The arguments of a resumed task hold Python objects, \
                     which cannot be rewritten here for a client older than 2026-04-06",
                )
            }),
        kwargs => Ok(value_of(&kwargs)),
    }
}
