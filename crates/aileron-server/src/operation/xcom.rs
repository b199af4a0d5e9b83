//! XComs.

use aileron_wire::message::{
    DeleteXCom, GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice, SetXCom,
};
use axum::http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{Outcome, key_in_path};
use crate::answer::Answer;
use crate::call::Call;
use crate::endpoint::XCom;
use crate::refusal::Refusal;
use crate::request::{Place, Problems, boolean, integer};
use crate::version::ApiVersion;

pub(super) async fn item(call: &Call, at: &XCom, offset: &str) -> Outcome {
    let mut problems = checked(at, 2);
    let part = Place::part("path");
    let offset = integer(
        &Value::String(offset.to_owned()),
        &part.key("offset"),
        &mut problems,
    );
    let previous = previous_iteration(call, &mut problems);
    let (offset, previous) = problems.finish(offset.zip(previous))?;
    let value = find_item(call, at, offset, previous).await?;
    Ok(Answer::text(StatusCode::OK, value.into_text()))
}

async fn find_item(
    call: &Call,
    at: &XCom,
    offset: i64,
    previous_iteration: bool,
) -> Result<aileron_wire::json::RawJson, Refusal> {
    let mut query = GetXComSequenceItem::new(&at.key, &at.dag_id, &at.run_id, &at.task_id, offset);
    query.previous_iteration = previous_iteration;
    Ok(call.api.xcom_item(query).await?)
}

pub(super) async fn slice(call: &Call, at: &XCom) -> Outcome {
    let mut problems = checked(at, 2);
    let mut number = |key| call.query.optional(key, &mut problems, integer);
    let (start, stop, step) = (number("start"), number("stop"), number("step"));
    let prior = prior_dates(call, &mut problems);
    let previous = previous_iteration(call, &mut problems);
    let read = (|| {
        let mut query = GetXComSequenceSlice::new(
            &at.key,
            &at.dag_id,
            &at.run_id,
            &at.task_id,
            start?,
            stop?,
            step?,
        );
        query.include_prior_dates = prior?;
        query.previous_iteration = previous?;
        Some(query)
    })();
    let query = problems.finish(read)?;
    let values = call.api.xcom_slice(query).await?;
    Ok(Answer::list(&values))
}

fn prior_dates(call: &Call, problems: &mut Problems) -> Option<bool> {
    let read = call
        .query
        .optional("include_prior_dates", problems, boolean)?;
    Some(read.unwrap_or(false))
}

/// Of the pass of a loop before this one. Since Airflow 3.4.
fn previous_iteration(call: &Call, problems: &mut Problems) -> Option<bool> {
    if call.newest < ApiVersion::V2026_10_30 {
        return Some(false);
    }
    let read = call
        .query
        .optional("previous_iteration", problems, boolean)?;
    Some(read.unwrap_or(false))
}

pub(super) async fn count(call: &Call, at: &XCom) -> Outcome {
    let mut problems = checked(at, 1);
    let map_index = call.query.optional("map_index", &mut problems, integer);
    let previous = previous_iteration(call, &mut problems);
    let (map_index, previous) = problems.finish(map_index.zip(previous))?;
    if map_index.is_some() {
        return Err(Refusal::because(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Cannot specify map_index in a HEAD request",
        ));
    }
    let mut query = GetXComCount::new(&at.key, &at.dag_id, &at.run_id, &at.task_id);
    query.previous_iteration = previous;
    let count = call.api.xcom_count(query).await?;
    let range =
        HeaderValue::try_from(format!("map_indexes {count}")).map_err(|_| Refusal::not_found())?;
    Ok(Answer::json(&Value::Null).with_header(header::CONTENT_RANGE, range))
}

pub(super) async fn get(call: &Call, at: &XCom) -> Outcome {
    let mut problems = checked(at, 2);
    let map_index = call.query.optional("map_index", &mut problems, integer);
    let prior = prior_dates(call, &mut problems);
    let offset = call.query.optional("offset", &mut problems, integer);
    let previous = previous_iteration(call, &mut problems);
    let read = (|| Some((map_index?, prior?, offset?, previous?)))();
    let (map_index, prior, offset, previous) = problems.finish(read)?;
    let value = match offset {
        Some(offset) if prior => {
            return Err(Refusal::unsupported(format!(
                "XCom {:?} by offset {offset} over prior dates is not served here",
                at.key
            )));
        }
        Some(offset) => find_item(call, at, offset, previous).await?,
        None => {
            let mut query = GetXCom::new(&at.key, &at.dag_id, &at.run_id, &at.task_id);
            query.map_index = Some(map_index.unwrap_or(-1));
            query.include_prior_dates = prior;
            query.previous_iteration = previous;
            let found = call.api.xcom(query).await;
            found.map_err(|error| Refusal::of_try(error, call.version))?
        }
    };
    Ok(Answer::keyed(&at.key, &value))
}

pub(super) async fn set(call: &Call, at: &XCom) -> Outcome {
    let value = call.body.raw()?;
    let query = &call.query;
    let mut problems = checked(at, 2);
    let map_index = query.optional("map_index", &mut problems, integer);
    let dag_result = query.optional("dag_result", &mut problems, boolean);
    let mapped_length = match call.newest < ApiVersion::V2026_10_30 {
        true => query.optional("mapped_length", &mut problems, integer),
        false => query.optional("mapped_length", &mut problems, length),
    };
    let read = (|| {
        let mut request = SetXCom::new(&at.key, value, &at.dag_id, &at.run_id, &at.task_id);
        request.map_index = Some(map_index?.unwrap_or(-1));
        request.dag_result = dag_result?.unwrap_or(false);
        request.mapped_length = mapped_length?;
        Some(request)
    })();
    let request = problems.finish(read)?;
    call.api.set_xcom(request).await?;
    Ok(Answer::created("XCom successfully set"))
}

pub(super) async fn delete(call: &Call, at: &XCom) -> Outcome {
    let mut problems = checked(at, 2);
    let map_index = call.query.optional("map_index", &mut problems, integer);
    let map_index = problems.finish(map_index)?;
    let mut request = DeleteXCom::new(&at.key, &at.dag_id, &at.run_id, &at.task_id);
    request.map_index = Some(map_index.unwrap_or(-1));
    call.api.delete_xcom(request).await?;
    let message = format!("XCom with key: {} successfully deleted.", at.key);
    Ok(Answer::json(&json!({"message": message})))
}

/// How many there are of something.
fn length(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<i64> {
    match integer(value, place, problems)? {
        number if number < 0 => problems.add_with(
            "greater_than_equal",
            place,
            "Input should be greater than or equal to 0",
            value,
            json!({"ge": 0}),
        ),
        number => Some(number),
    }
}

fn checked(at: &XCom, looks: usize) -> Problems {
    let mut problems = Problems::default();
    key_in_path("key", &at.key, looks, &mut problems);
    problems
}
