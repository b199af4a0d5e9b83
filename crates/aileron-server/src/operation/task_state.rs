//! The state store of task instances.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Outcome, key_in_path};
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::request::{Model, Payload, Place, Problems, instant, nullable};

pub(super) async fn get(call: &Call, key: &str) -> Outcome {
    check(key)?;
    let value = call.api.task_state(key).await?;
    Ok(Answer::valued(&value))
}

pub(super) async fn set(call: &Call, key: &str) -> Outcome {
    let payload = call.body.payload()?;
    let mut problems = Problems::default();
    key_in_path("key", key, 1, &mut problems);
    let body = put_body(payload, true, &mut problems);
    let (value, expires_at) = problems.finish(body)?;
    call.api.set_task_state(key, value, expires_at).await?;
    Ok(Answer::done())
}

pub(super) async fn delete(call: &Call, key: &str) -> Outcome {
    check(key)?;
    call.api.delete_task_state(key).await?;
    Ok(Answer::done())
}

pub(super) async fn clear(call: &Call) -> Outcome {
    call.api.clear_task_state().await?;
    Ok(Answer::done())
}

fn check(key: &str) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    key_in_path("key", key, 1, &mut problems);
    problems.finish(Some(()))
}

/// A value that is not null, and when it expires.
pub(super) fn put_body(
    payload: Payload,
    expires: bool,
    problems: &mut Problems,
) -> Option<(RawJson, Option<Timestamp>)> {
    let place = Place::part("body");
    let body = match payload {
        Payload::Json(body) | Payload::Other(body) => body,
        Payload::Nothing => return problems.missing(&place, &Value::Null),
    };
    let mut model = Model::of(&body, place, problems)?;
    let value = model.required("value", problems, some_value);
    let expires_at = if expires {
        model.optional("expires_at", problems, nullable(instant))
    } else {
        Some(None)
    };
    model.forbid_others(problems);
    Some((value?, expires_at?.flatten()))
}

fn some_value(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<RawJson> {
    if value.is_null() {
        return problems.add_with(
            "value_error",
            place,
            "Value error, value cannot be null",
            value,
            json!({"error": {}}),
        );
    }
    RawJson::of(value).ok()
}
