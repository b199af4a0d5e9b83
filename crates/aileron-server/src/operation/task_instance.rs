//! What a task instance says about itself.

use aileron_execution_api::{EnterRunning, Heartbeat};
use aileron_wire::message::{AssetProfile, SkippedTask};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Outcome;
use crate::answer::{Answer, moment_or_null, run_context};
use crate::call::Call;
use crate::refusal::Refusal;
use crate::request::{
    Model, Payload, Place, Problems, instant, integer, list, literal, map, nullable, text,
};

pub(super) async fn run(call: &Call) -> Outcome {
    let body = call.body.required()?;
    let mut problems = Problems::default();
    let read = enter_running(&body, &mut problems);
    let start = problems.finish(read)?;
    let context = call.api.start(start).await?;
    Ok(Answer::json(&run_context(&context, call.version)?))
}

fn enter_running(body: &Value, problems: &mut Problems) -> Option<EnterRunning> {
    let mut model = Model::of(body, Place::part("body"), problems)?;
    let state = literal("running", "<TaskInstanceState.RUNNING: 'running'>");
    let state = model.required("state", problems, state);
    let hostname = model.required("hostname", problems, text);
    let unixname = model.required("unixname", problems, text);
    let pid = model.required("pid", problems, process);
    let start_date = model.required("start_date", problems, instant);
    model.forbid_others(problems);
    state?;
    Some(EnterRunning {
        hostname: hostname?,
        unixname: unixname?,
        pid: pid?,
        start_date: start_date?,
    })
}

/// A process id. Airflow takes any number and fails in the database.
fn process(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<u32> {
    let number = integer(value, place, problems)?;
    match u32::try_from(number) {
        Ok(pid) => Some(pid),
        Err(_) => problems.add(
            "int_parsing_size",
            place,
            "Input should be the id of a process",
            value,
        ),
    }
}

pub(super) async fn heartbeat(call: &Call) -> Outcome {
    let body = call.body.required()?;
    let mut problems = Problems::default();
    let read = alive(&body, &mut problems);
    let heartbeat = problems.finish(read)?;
    call.api.heartbeat(heartbeat).await?;
    Ok(Answer::done())
}

fn alive(body: &Value, problems: &mut Problems) -> Option<Heartbeat> {
    let mut model = Model::of(body, Place::part("body"), problems)?;
    let hostname = model.required("hostname", problems, text);
    let pid = model.required("pid", problems, process);
    model.forbid_others(problems);
    Some(Heartbeat {
        hostname: hostname?,
        pid: pid?,
    })
}

pub(super) async fn skip_downstream(call: &Call) -> Outcome {
    let body = call.body.required()?;
    let mut problems = Problems::default();
    let read = (|| {
        let mut model = Model::of(&body, Place::part("body"), &mut problems)?;
        let tasks = model.required("tasks", &mut problems, list(skipped));
        model.forbid_others(&mut problems);
        tasks
    })();
    let tasks = problems.finish(read)?;
    call.api.skip_downstream(tasks).await?;
    Ok(Answer::done())
}

/// A task, or a task and a map index.
fn skipped(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<SkippedTask> {
    if let Value::String(task) = value {
        return Some(SkippedTask::Task(task.clone()));
    }
    let mut found = Problems::default();
    let _: Option<String> = text(value, &place.key("str"), &mut found);
    let pair = place.key("tuple[str, int]");
    let read = task_and_index(value, &pair, &mut found);
    if read.is_none() {
        problems.append(found);
    }
    read
}

fn task_and_index(
    value: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<SkippedTask> {
    let Value::Array(items) = value else {
        return problems.add("tuple_type", place, "Input should be a valid tuple", value);
    };
    if items.len() > 2 {
        return problems.add_with(
            "too_long",
            place,
            format!(
                "Tuple should have at most 2 items after validation, not {}",
                items.len()
            ),
            value,
            json!({"field_type": "Tuple", "max_length": 2, "actual_length": items.len()}),
        );
    }
    let task = match items.first() {
        Some(task) => text(task, &place.index(0), problems),
        None => problems.missing(&place.index(0), value),
    };
    let index = match items.get(1) {
        Some(index) => integer(index, &place.index(1), problems),
        None => problems.missing(&place.index(1), value),
    };
    Some(SkippedTask::Mapped(task?, index?))
}

pub(super) async fn set_rendered_fields(call: &Call) -> Outcome {
    let body = call.body.required()?;
    let mut problems = Problems::default();
    let read = map(&body, &Place::part("body"), &mut problems);
    let fields = problems.finish(read)?;
    call.api.set_rendered_fields(fields).await?;
    Ok(Answer::created(
        "Rendered task instance fields successfully set",
    ))
}

pub(super) async fn set_rendered_map_index(call: &Call) -> Outcome {
    let body = call.body.required()?;
    let mut problems = Problems::default();
    let read = text(&body, &Place::part("body"), &mut problems);
    let label = problems.finish(read)?;
    if label.is_empty() {
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "rendered_map_index cannot be empty",
        ));
    }
    call.api.set_rendered_map_index(label).await?;
    Ok(Answer::done())
}

pub(super) async fn previous_successful(call: &Call) -> Outcome {
    let found = call.api.previous_successful_dag_run().await?;
    Ok(Answer::json(&json!({
        "data_interval_start": moment_or_null(found.data_interval_start),
        "data_interval_end": moment_or_null(found.data_interval_end),
        "start_date": moment_or_null(found.start_date),
        "end_date": moment_or_null(found.end_date),
    })))
}

pub(super) async fn inactive_assets(call: &Call) -> Outcome {
    let assets = call.api.inactive_assets().await?;
    let shape =
        |asset: &AssetProfile| json!({"name": asset.name, "uri": asset.uri, "type": asset.kind});
    let assets: Vec<_> = assets.iter().map(shape).collect();
    Ok(Answer::json(&json!({"inactive_assets": assets})))
}

/// Airflow's limit of a note from a task.
const MAX_NOTE: usize = 1000;

pub(super) async fn set_dag_run_note(call: &Call) -> Outcome {
    let payload = call.body.payload()?;
    let mut problems = Problems::default();
    let place = Place::part("body");
    let read = match payload {
        Payload::Json(body) | Payload::Other(body) => (|| {
            let mut model = Model::of(&body, place, &mut problems)?;
            let note = model.optional("note", &mut problems, nullable(note));
            model.forbid_others(&mut problems);
            note
        })(),
        Payload::Nothing => problems.missing(&place, &Value::Null),
    };
    let note = problems.finish(read)?;
    call.api.set_dag_run_note(note.flatten()).await?;
    Ok(Answer::done())
}

fn note(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<String> {
    let text = text(value, place, problems)?;
    if text.chars().count() > MAX_NOTE {
        return problems.add_with(
            "string_too_long",
            place,
            format!("String should have at most {MAX_NOTE} characters"),
            value,
            json!({"max_length": MAX_NOTE}),
        );
    }
    Some(text)
}
