//! Variables.

use aileron_wire::message::{GetVariableKeys, PutVariable};
use serde_json::{Value, json};

use super::{Outcome, key_in_path};
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::request::{Model, Payload, Place, Problems, integer, nullable, text};

/// The most keys of one page.
const MAX_LIMIT: i64 = 10_000;

pub(super) async fn keys(call: &Call) -> Outcome {
    let query = &call.query;
    let mut problems = Problems::default();
    let prefix = query.optional("prefix", &mut problems, text);
    let limit = query.optional("limit", &mut problems, page);
    let offset = query.optional("offset", &mut problems, |value, place, problems| {
        at_least(0, value, place, problems)
    });
    let read = (|| {
        Some(GetVariableKeys {
            prefix: prefix?,
            limit: limit?.unwrap_or(1000),
            offset: offset?.unwrap_or(0),
        })
    })();
    let request = problems.finish(read)?;
    let page = call.api.variable_keys(request).await?;
    Ok(Answer::json(
        &json!({"keys": page.keys, "total_entries": page.total_entries}),
    ))
}

fn page(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<i64> {
    let number = at_least(1, value, place, problems)?;
    if number > MAX_LIMIT {
        return problems.add_with(
            "less_than_equal",
            place,
            format!("Input should be less than or equal to {MAX_LIMIT}"),
            value,
            json!({"le": MAX_LIMIT}),
        );
    }
    Some(number)
}

fn at_least(least: i64, value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<i64> {
    let number = integer(value, place, problems)?;
    if number < least {
        return problems.add_with(
            "greater_than_equal",
            place,
            format!("Input should be greater than or equal to {least}"),
            value,
            json!({"ge": least}),
        );
    }
    Some(number)
}

pub(super) async fn get(call: &Call, key: &str) -> Outcome {
    check(key)?;
    let found = call.api.variable(key).await?;
    Ok(Answer::json(
        &json!({"key": found.key, "value": found.value}),
    ))
}

pub(super) async fn put(call: &Call, key: &str) -> Outcome {
    let payload = call.body.payload()?;
    let mut problems = Problems::default();
    key_in_path("variable_key", key, 2, &mut problems);
    let body = body(payload, &mut problems);
    let (value, description) = problems.finish(body)?;
    let request = PutVariable {
        key: key.to_owned(),
        value,
        description,
    };
    call.api.put_variable(request).await?;
    Ok(Answer::created("Variable successfully set"))
}

type ValueAndDescription = (Option<String>, Option<String>);

fn body(payload: Payload, problems: &mut Problems) -> Option<ValueAndDescription> {
    let place = Place::part("body");
    let body = match payload {
        Payload::Json(body) | Payload::Other(body) => body,
        Payload::Nothing => return problems.missing(&place, &Value::Null),
    };
    let mut model = Model::of(&body, place, problems)?;
    // Both names are taken; problems name the first.
    let key = match body.get("val") {
        None if body.get("value").is_some() => "value",
        _ => "val",
    };
    let value = model.required(key, problems, nullable(text));
    let description = model.optional("description", problems, nullable(text));
    model.forbid_others(problems);
    Some((value?, description?.flatten()))
}

pub(super) async fn delete(call: &Call, key: &str) -> Outcome {
    check(key)?;
    call.api.delete_variable(key).await?;
    Ok(Answer::done())
}

fn check(key: &str) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    key_in_path("variable_key", key, 2, &mut problems);
    problems.finish(Some(()))
}
