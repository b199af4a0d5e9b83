//! Frames of a real supervisor, recorded with `record_frames.py`.
//!
//! Three recordings: Airflow 3.3.2, Airflow 3.4.0b2, and Airflow 3.4.0b2 with a task that speaks
//! the older schema version.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use aileron_wire::frame::{FrameDecoder, Request, Response};
use aileron_wire::json;
use aileron_wire::message::{Message, StartupDetails, ToSupervisor, ToTask};
use bytes::{Bytes, BytesMut};
use serde_json::Value;

const RECORDINGS: [&str; 3] = ["2026-06-16", "2026-10-30", "2026-10-30-to-2026-06-16"];

fn directory(recording: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(recording)
}

/// The payloads of a stream, each with what the index says of it.
fn frames(recording: &str, direction: &str) -> Vec<(Value, Bytes)> {
    let directory = directory(recording);
    let index: Value =
        serde_json::from_slice(&std::fs::read(directory.join("index.json")).unwrap()).unwrap();
    let entries = index[direction].as_array().unwrap();
    let mut stream =
        BytesMut::from(&std::fs::read(directory.join(format!("{direction}.bin"))).unwrap()[..]);
    let decoder = FrameDecoder::default();
    let frames: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry.clone(),
                decoder.next_frame(&mut stream).unwrap().unwrap(),
            )
        })
        .collect();
    decoder.finish(&stream).unwrap();
    frames
}

/// Checks that everything on the wire came through, field by field.
fn same(wire: &Value, read: &Value, at: &str) {
    match (wire, read) {
        (Value::Object(wire), Value::Object(read)) => {
            for (key, read) in read {
                // The wire leaves defaults out.
                if let Some(wire) = wire.get(wire_key(wire, key)) {
                    same(wire, read, &format!("{at}.{key}"));
                }
            }
            for (key, value) in wire {
                let kept =
                    read.contains_key(key) || key == "schema_" && read.contains_key("schema");
                assert!(
                    kept || may_be_dropped(key, value),
                    "{at}.{key} = {value} was lost"
                );
            }
        }
        (Value::Array(wire), Value::Array(read)) => {
            assert_eq!(wire.len(), read.len(), "{at}");
            for (position, (wire, read)) in wire.iter().zip(read).enumerate() {
                same(wire, read, &format!("{at}[{position}]"));
            }
        }
        (Value::String(wire), Value::String(read)) if wire != read => {
            let instant = |text: &str| text.parse::<jiff::Timestamp>().ok();
            let duration = |text: &str| aileron_wire::time::parse_duration(text).ok();
            let equal = instant(wire).is_some() && instant(wire) == instant(read)
                || duration(wire).is_some() && duration(wire) == duration(read);
            assert!(equal, "{at}: {wire} became {read}");
        }
        (wire, read) => assert_eq!(wire, read, "{at}"),
    }
}

/// `StartupDetails` carries Connections with the Python name of a field.
fn wire_key<'a>(wire: &serde_json::Map<String, Value>, key: &'a str) -> &'a str {
    if key == "schema" && wire.contains_key("schema_") {
        "schema_"
    } else {
        key
    }
}

fn may_be_dropped(key: &str, value: &Value) -> bool {
    // What executors tell supervisors, and no schema mentions.
    const EXECUTOR_FIELDS: [&str; 5] = [
        "pool_slots",
        "priority_weight",
        "parent_context_carrier",
        "external_executor_id",
        "executor_config",
    ];
    let is_default = match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(_) => false,
    };
    is_default || EXECUTOR_FIELDS.contains(&key)
}

fn tree(body: &[u8]) -> Value {
    json::decode(body).unwrap()
}

#[test]
fn everything_that_a_supervisor_sends_is_understood() {
    for recording in RECORDINGS {
        for (entry, payload) in frames(recording, "to_task") {
            let at = format!("{recording} {}", entry["note"]);
            let response = Response::decode(payload).unwrap();
            assert_eq!(entry["id"], response.id, "{at}");
            for (key, part) in [("body", &response.body), ("error", &response.error)] {
                let expected = entry.get(key).unwrap_or(&Value::Null);
                assert_eq!(expected.is_null(), part.is_none(), "{at} {key}");
                let Some(part) = part else { continue };
                let message = ToTask::decode(part).unwrap_or_else(|error| panic!("{at}: {error}"));
                assert_eq!(expected["type"], message.message_type(), "{at}");
                same(expected, &tree(&message.encode().unwrap()), &at);
            }
        }
    }
}

#[test]
fn everything_that_a_python_task_sends_is_understood() {
    for recording in RECORDINGS {
        for (entry, payload) in frames(recording, "to_supervisor") {
            let at = format!("{recording} {}", entry["note"]);
            let request = Request::decode(payload).unwrap();
            assert_eq!(entry["id"], request.id, "{at}");
            let carrier = serde_json::to_value(&request.context_carrier).unwrap();
            assert_eq!(
                entry.get("context_carrier").unwrap_or(&Value::Null),
                &carrier,
                "{at}"
            );
            let message =
                ToSupervisor::decode(&request.body).unwrap_or_else(|error| panic!("{at}: {error}"));
            same(&entry["body"], &tree(&message.encode().unwrap()), &at);
        }
    }
}

#[test]
fn the_recordings_hold_nearly_every_message() {
    let notes = |direction| -> Vec<String> {
        let frames = RECORDINGS
            .iter()
            .flat_map(|recording| frames(recording, direction));
        frames
            .filter_map(|(entry, _)| Some(entry.get("body")?["type"].as_str()?.to_owned()))
            .collect()
    };
    let missing = |known: &[&'static str], seen: Vec<String>| -> Vec<&'static str> {
        known
            .iter()
            .copied()
            .filter(|name| !seen.iter().any(|seen| seen == name))
            .collect()
    };
    // These two go with a file descriptor, and the third is an answer in Airflow's unions only.
    assert_eq!(
        missing(ToSupervisor::TYPES, notes("to_supervisor")),
        ["ResendLoggingFD"]
    );
    assert_eq!(
        missing(ToTask::TYPES, notes("to_task")),
        ["CreateHITLDetailPayload", "SentFDs"]
    );
}

#[test]
fn a_first_frame_holds_what_airflow_was_given() {
    let startup = |recording: &str, position: usize| {
        let (_, payload) = frames(recording, "to_task").swap_remove(position);
        StartupDetails::decode(&Response::decode(payload).unwrap().body.unwrap()).unwrap()
    };
    for recording in RECORDINGS {
        let poor = startup(recording, 0);
        assert_eq!(
            (poor.ti.map_index, poor.ti.queue.as_str()),
            (-1, "default"),
            "{recording}"
        );
        assert_eq!(
            (
                poor.ti_context.connections.len(),
                poor.ti_context.should_retry
            ),
            (0, false)
        );
        let run = &poor.ti_context.dag_run;
        assert_eq!(
            run.data_interval_start.unwrap().to_string(),
            "1969-07-20T20:17:40Z"
        );
        assert_eq!(run.run_after.to_string(), "2026-11-20T06:30:01.250001Z");

        let rich = startup(recording, 1);
        assert_eq!(
            (rich.ti.map_index, rich.ti_context.xcom_keys_to_clear.len()),
            (3, 2),
            "{recording}"
        );
        assert!(rich.ti_context.should_retry);
        if recording != "2026-10-30-to-2026-06-16" {
            assert_eq!(
                rich.ti_context.connections[0].schema.as_deref(),
                Some("orders")
            );
        }
        let later = recording == "2026-10-30";
        assert_eq!(
            rich.ti_context
                .arg_bindings
                .map_or(0, |bindings| bindings.len()),
            if later { 3 } else { 0 }
        );
        assert_eq!(rich.ti_context.loop_context.is_some(), later, "{recording}");

        let without_dates = startup(recording, 3);
        assert_eq!(
            without_dates.ti_context.dag_run.logical_date, None,
            "{recording}"
        );
    }
}
