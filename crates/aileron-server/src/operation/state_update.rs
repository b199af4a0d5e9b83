//! How a process of a task instance ended.
//!
//! A body may be one of seven shapes. Airflow tries all of them and, when none fits, says of each
//! what is wrong. Before 3.4 it takes the newest shapes from every client, however old its version.

use aileron_execution_api::{ServerTerminated, StateUpdate, TerminalUpdate, UpstreamFailed};
use aileron_wire::json::JsonMap;
use aileron_wire::message::{
    AssetProfile, AwaitInputTask, DeferTask, Kwargs, RescheduleTask, RetryTask, SucceedTask,
    TerminalState,
};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::Outcome;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::request::{
    Model, Place, Problems, boolean, duration, float, instant, integer, list, literal, map,
    nullable, one_of, text,
};
use crate::version::ApiVersion;

pub(super) async fn update(call: &Call) -> Outcome {
    let body = call.body.required()?;
    let (done, answer) = match read(&body, Shape::of(call))? {
        Read::Update(update) => (call.api.update_state(*update).await, Answer::done()),
        Read::ServerTerminated(ended) => {
            let answer = Answer::done().without_type();
            (call.api.server_terminated(ended).await, answer)
        }
    };
    done.map_err(|error| Refusal::of_try(error, call.version))?;
    Ok(answer)
}

/// What a body says.
enum Read {
    Update(Box<StateUpdate>),
    ServerTerminated(ServerTerminated),
}

/// What the shapes of a client have. Before Airflow 3.4 every client is read as the newest one.
#[derive(Debug, Clone, Copy)]
struct Shape {
    version: ApiVersion,
}

impl Shape {
    fn of(call: &Call) -> Self {
        let version = match call.newest < ApiVersion::V2026_10_30 {
            true => call.newest,
            false => call.version,
        };
        Self { version }
    }

    /// Whether they have what a version added.
    fn has(self, since: ApiVersion) -> bool {
        self.version >= since
    }
}

type Reader = fn(&mut Model<'_, '_>, Shape, &mut Problems) -> Option<Read>;

/// The shapes in the order in which their problems are told, with the names that they have there.
const SHAPES: &[(&str, Reader)] = &[
    ("_terminal_", terminal),
    ("success", success),
    ("_other_", other),
    ("deferred", deferred),
    ("up_for_reschedule", rescheduled),
    ("awaiting_input", awaiting_input),
    ("up_for_retry", retry),
];

fn read(body: &Value, shape: Shape) -> Result<Read, Refusal> {
    let place = Place::part("body");
    let mut all = Problems::default();
    for (name, reader) in SHAPES {
        let mut problems = Problems::default();
        let read = Model::of(body, place.key(name), &mut problems).and_then(|mut model| {
            let read = reader(&mut model, shape, &mut problems);
            model.forbid_others(&mut problems);
            read
        });
        match read {
            Some(read) if problems.is_empty() => return checked(read),
            _ => all.append(problems),
        }
    }
    all.finish(None)
}

/// The longest key of a partition, in characters.
const MAX_PARTITION_KEY: usize = 250;

/// Refuses outlet events whose partition has no key that can be stored.
fn checked(read: Read) -> Result<Read, Refusal> {
    let Read::Update(update) = &read else {
        return Ok(read);
    };
    let StateUpdate::Success(success) = update.as_ref() else {
        return Ok(read);
    };
    let events = success.outlet_events.iter().flatten();
    let keys = events.filter_map(|event| event.get("partition_key")?.as_str());
    for key in keys {
        let problem = if key.trim().is_empty() {
            "it is empty".to_owned()
        } else if key.chars().count() > MAX_PARTITION_KEY {
            format!("it has more than {MAX_PARTITION_KEY} characters")
        } else {
            continue;
        };
        return Err(Refusal::because(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_partition_key",
            format!("The partition key {key:?} of an outlet event cannot be stored: {problem}"),
        ));
    }
    Ok(read)
}

fn update_with(update: StateUpdate) -> Read {
    Read::Update(Box::new(update))
}

/// The label of an instance of a mapped task.
fn label(
    model: &mut Model<'_, '_>,
    shape: Shape,
    problems: &mut Problems,
) -> Option<Option<String>> {
    if !shape.has(ApiVersion::V2025_04_28) {
        return Some(None);
    }
    let read = model.optional("rendered_map_index", problems, nullable(text))?;
    Some(read.flatten())
}

fn terminal(model: &mut Model<'_, '_>, shape: Shape, problems: &mut Problems) -> Option<Read> {
    const STATES: &[&str] = &["failed", "skipped", "removed", "upstream_failed"];
    const NEWER: &[&str] = &[
        "failed",
        "skipped",
        "removed",
        "upstream_failed",
        "server_terminated",
    ];
    let is_new = shape.has(ApiVersion::V2026_10_30);
    let states = if is_new { NEWER } else { STATES };
    let state = model.required("state", problems, one_of(states));
    let end_date = model.required("end_date", problems, instant);
    let rendered_map_index = label(model, shape, problems);
    let newer = if is_new {
        newer_terminal(model, problems)
    } else {
        Some(Newer::default())
    };
    let (end_date, rendered_map_index, newer) = (end_date?, rendered_map_index?, newer?);
    let terminal = |state| {
        update_with(StateUpdate::Terminal(TerminalUpdate {
            state,
            end_date,
            rendered_map_index: rendered_map_index.clone(),
            retry_reason: newer.retry_reason.clone(),
        }))
    };
    Some(match state? {
        "failed" => terminal(TerminalState::Failed),
        "skipped" => terminal(TerminalState::Skipped),
        "removed" => terminal(TerminalState::Removed),
        "upstream_failed" => update_with(StateUpdate::UpstreamFailed(UpstreamFailed {
            end_date,
            rendered_map_index,
        })),
        _ => Read::ServerTerminated(ServerTerminated {
            end_date,
            hostname: newer.hostname,
            pid: newer.pid,
        }),
    })
}

/// What a terminal state may say since Airflow 3.4.
#[derive(Default)]
struct Newer {
    retry_reason: Option<String>,
    hostname: Option<String>,
    pid: Option<i64>,
}

fn newer_terminal(model: &mut Model<'_, '_>, problems: &mut Problems) -> Option<Newer> {
    let retry_reason = model.optional("retry_reason", problems, nullable(text));
    let hostname = model.optional("hostname", problems, nullable(text));
    let pid = model.optional("pid", problems, nullable(integer));
    let decision = model.optional("loop_decision", problems, nullable(loop_decision));
    decision?;
    Some(Newer {
        retry_reason: retry_reason?.flatten(),
        hostname: hostname?.flatten(),
        pid: pid?.flatten(),
    })
}

/// What the gate of a loop decided. Only Airflow's own server ends a gate.
fn loop_decision(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<()> {
    let mut model = Model::of(value, *place, problems)?;
    let stop = model.required("stop", problems, boolean);
    let reason = model.optional("reason", problems, nullable(text));
    model.forbid_others(problems);
    stop.zip(reason).map(|_| ())
}

fn success(model: &mut Model<'_, '_>, shape: Shape, problems: &mut Problems) -> Option<Read> {
    let only = literal("success", "<TerminalTIState.SUCCESS: 'success'>");
    let state = model.required("state", problems, only);
    let end_date = model.required("end_date", problems, instant);
    let outlets = model.optional("task_outlets", problems, list(outlet));
    let events = model.optional("outlet_events", problems, list(map));
    let rendered_map_index = label(model, shape, problems);
    if shape.has(ApiVersion::V2026_10_30) {
        model.optional("loop_decision", problems, nullable(loop_decision))?;
    }
    state?;
    let mut update = SucceedTask::new(end_date?);
    update.task_outlets = outlets?;
    update.outlet_events = events?;
    update.rendered_map_index = rendered_map_index?;
    Some(update_with(StateUpdate::Success(update)))
}

fn outlet(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<AssetProfile> {
    let mut model = Model::of(value, *place, problems)?;
    let name = model.optional("name", problems, nullable(text));
    let uri = model.optional("uri", problems, nullable(text));
    let kind = model.required("type", problems, text);
    model.forbid_others(problems);
    let mut profile = AssetProfile::new(kind?);
    profile.name = name?.flatten();
    profile.uri = uri?.flatten();
    Some(profile)
}

/// A state without what belongs to it. Airflow takes it, cannot do it, and fails the task.
fn other(model: &mut Model<'_, '_>, _: Shape, problems: &mut Problems) -> Option<Read> {
    const STATES: &[&str] = &[
        "scheduled",
        "queued",
        "restarting",
        "up_for_retry",
        "up_for_reschedule",
        "deferred",
        "awaiting_input",
    ];
    model.required("state", problems, one_of(STATES))?;
    Some(update_with(StateUpdate::Terminal(TerminalUpdate::new(
        TerminalState::Failed,
        Timestamp::now(),
    ))))
}

fn deferred(model: &mut Model<'_, '_>, shape: Shape, problems: &mut Problems) -> Option<Read> {
    let only = literal("deferred", "<IntermediateTIState.DEFERRED: 'deferred'>");
    let state = model.required("state", problems, only);
    let classpath = model.required("classpath", problems, text);
    let trigger_kwargs = model.optional("trigger_kwargs", problems, kwargs);
    let timeout = model.optional("trigger_timeout", problems, nullable(duration));
    let queue = model.optional("queue", problems, nullable(text));
    let next_method = model.required("next_method", problems, text);
    let next_kwargs = model.optional("next_kwargs", problems, map);
    let rendered_map_index = label(model, shape, problems);
    state?;
    let mut update = DeferTask::new(classpath?, next_method?);
    update.trigger_kwargs = trigger_kwargs?;
    update.trigger_timeout = timeout?.flatten();
    update.queue = queue?.flatten();
    update.next_kwargs = next_kwargs?;
    update.rendered_map_index = rendered_map_index?;
    Some(update_with(StateUpdate::Deferred(update)))
}

/// How pydantic calls a map with JSON in it.
const ANY_MAP: &str = "dict[str,json-or-python[json=any,python=tagged-union[list[...],\
    dict[str,...],str,bool,int,float,none]]]";

/// Arguments of a trigger, plain or encrypted.
fn kwargs(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<Kwargs> {
    match value {
        Value::Object(map) => Some(Kwargs::Map(map.clone())),
        Value::String(text) => Some(Kwargs::Encrypted(text.clone())),
        _ => {
            let _: Option<JsonMap> = map(value, &place.key(ANY_MAP), problems);
            text(value, &place.key("str"), problems).map(Kwargs::Encrypted)
        }
    }
}

fn rescheduled(model: &mut Model<'_, '_>, _: Shape, problems: &mut Problems) -> Option<Read> {
    let only = literal(
        "up_for_reschedule",
        "<IntermediateTIState.UP_FOR_RESCHEDULE: 'up_for_reschedule'>",
    );
    let state = model.required("state", problems, only);
    let reschedule_date = model.required("reschedule_date", problems, instant);
    let end_date = model.required("end_date", problems, instant);
    state?;
    let update = RescheduleTask::new(reschedule_date?, end_date?);
    Some(update_with(StateUpdate::Rescheduled(update)))
}

fn awaiting_input(
    model: &mut Model<'_, '_>,
    shape: Shape,
    problems: &mut Problems,
) -> Option<Read> {
    if !shape.has(ApiVersion::V2026_06_30) {
        return None;
    }
    let only = literal(
        "awaiting_input",
        "<IntermediateTIState.AWAITING_INPUT: 'awaiting_input'>",
    );
    let state = model.required("state", problems, only);
    let timeout = model.optional("timeout", problems, nullable(duration));
    let next_method = model.required("next_method", problems, text);
    let next_kwargs = model.optional("next_kwargs", problems, map);
    let rendered_map_index = label(model, shape, problems);
    state?;
    let mut update = AwaitInputTask::new(next_method?);
    update.timeout = timeout?.flatten();
    update.next_kwargs = next_kwargs?;
    update.rendered_map_index = rendered_map_index?;
    Some(update_with(StateUpdate::AwaitingInput(update)))
}

fn retry(model: &mut Model<'_, '_>, shape: Shape, problems: &mut Problems) -> Option<Read> {
    let only = literal(
        "up_for_retry",
        "<IntermediateTIState.UP_FOR_RETRY: 'up_for_retry'>",
    );
    let state = model.required("state", problems, only);
    let end_date = model.required("end_date", problems, instant);
    let rendered_map_index = label(model, shape, problems);
    let (delay, reason) = if shape.has(ApiVersion::V2026_06_30) {
        let delay = model.optional("retry_delay_seconds", problems, nullable(float));
        (
            delay,
            model.optional("retry_reason", problems, nullable(text)),
        )
    } else {
        (Some(None), Some(None))
    };
    state?;
    let mut update = RetryTask::new(end_date?);
    update.rendered_map_index = rendered_map_index?;
    update.retry_delay_seconds = delay?.flatten();
    update.retry_reason = reason?.flatten();
    Some(update_with(StateUpdate::Retry(update)))
}

#[cfg(test)]
mod tests {
    use aileron_wire::message::TaskInstanceState;
    use serde_json::json;

    use super::*;

    const NEWEST: Shape = Shape {
        version: ApiVersion::AIRFLOW_3_3,
    };
    const END: &str = "2026-01-01T00:00:00Z";

    fn state(body: Value) -> Option<TaskInstanceState> {
        match read(&body, NEWEST).ok()? {
            Read::Update(update) => Some(update.state()),
            Read::ServerTerminated(_) => None,
        }
    }

    #[test]
    fn each_shape_is_told_from_the_others() {
        for (body, expected) in [
            (
                json!({"state": "failed", "end_date": END}),
                TaskInstanceState::Failed,
            ),
            (
                json!({"state": "success", "end_date": END}),
                TaskInstanceState::Success,
            ),
            (
                json!({"state": "up_for_retry", "end_date": END}),
                TaskInstanceState::UpForRetry,
            ),
            (
                json!({"state": "deferred", "classpath": "a.B", "next_method": "m"}),
                TaskInstanceState::Deferred,
            ),
            (
                json!({"state": "up_for_reschedule", "reschedule_date": END, "end_date": END}),
                TaskInstanceState::UpForReschedule,
            ),
            (
                json!({"state": "awaiting_input", "next_method": "m"}),
                TaskInstanceState::AwaitingInput,
            ),
            (json!({"state": "scheduled"}), TaskInstanceState::Failed),
            (
                json!({"state": "upstream_failed", "end_date": END}),
                TaskInstanceState::UpstreamFailed,
            ),
        ] {
            assert_eq!(state(body.clone()), Some(expected), "{body}");
        }
        assert_eq!(state(json!({"state": "running"})), None);
        assert_eq!(
            state(json!({"state": "failed", "end_date": END, "x": 1})),
            None
        );
    }

    #[test]
    fn the_key_of_a_partition_has_a_length() {
        let keyed = |key: &str| {
            let body = json!({"state": "success", "end_date": END, "outlet_events": [{"partition_key": key}]});
            read(&body, NEWEST).is_ok()
        };
        assert!(keyed("2026-01-01"));
        assert!(keyed(&"é".repeat(250)));
        assert!(!keyed(" "));
        assert!(!keyed(&"é".repeat(251)));
    }
}
