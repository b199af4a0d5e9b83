//! Frames made by Rust, read by Airflow's own classes.
//!
//! Every message, once with each of its fields and once with only the required ones, must be
//! accepted by the decoders that the real peers use, and mean the same there.

mod wire_schema;

use aileron_wire::SchemaVersion;
use aileron_wire::frame::{request_frame, response_frame};
use aileron_wire::json;
use aileron_wire::message::{ToSupervisor, ToTask};
use anyhow::{Context, Result};
use serde_json::Value;

use wire_schema::{Schema, python_332, python_340, run};

/// Reads frames until its input ends and prints what each means to Airflow, one JSON per line.
const READ_FRAMES: &str = r#"
import json, sys
import msgspec
from pydantic import TypeAdapter
from airflow.dag_processing import processor
from airflow.sdk.execution_time import comms
from airflow.sdk.execution_time.supervisor import ActivitySubprocess

requests = msgspec.msgpack.Decoder(comms._RequestFrame)
responses = comms.CommsDecoder(socket=None)
to_dag_processor = TypeAdapter(processor.ToDagProcessor)

def read_request(payload):
    frame = requests.decode(payload)
    is_parsing = frame.body["type"] == "DagFileParsingResult"
    decoder = processor.DagFileProcessorProcess.decoder if is_parsing else ActivitySubprocess.decoder
    return frame, decoder.validate_python(frame.body)

def read_response(payload):
    frame = responses.resp_decoder.decode(payload)
    if frame.body["type"] == "DagFileParseRequest":
        return frame, to_dag_processor.validate_python(frame.body)
    return frame, responses._from_frame(frame)

read = {"to_supervisor": read_request, "to_task": read_response}
while head := sys.stdin.buffer.read(5):
    direction = "to_supervisor" if head[0] == 0 else "to_task"
    payload = sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
    try:
        frame, message = read[direction](payload)
        # The model as the peer sees it, without the defaults that were not sent.
        dumped = message.model_dump(mode="json", by_alias=True, exclude_unset=True)
        answer = {"id": frame.id, "message": dumped}
        if direction == "to_supervisor":
            answer["context_carrier"] = frame.context_carrier
    except Exception as error:
        answer = {"refused": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))
"#;

/// A frame that was sent, and the body that Airflow must find in it.
struct Sent {
    direction: u8,
    frame: Vec<u8>,
    body: Value,
}

fn messages(schema: &Schema) -> Result<Vec<Sent>> {
    let carrier = [("traceparent".to_owned(), "00-1-2-01".to_owned())].into();
    let version: SchemaVersion = schema.version.parse()?;
    let mut sent = Vec::new();
    for name in &schema.to_supervisor {
        for body in [schema.full(name), schema.minimal(name)] {
            let mut message = ToSupervisor::decode(&json::encode(&body)?)?;
            message.downgrade(version)?;
            let encoded = message.encode()?;
            let carrier = sent.len().is_multiple_of(2).then_some(&carrier);
            let frame = aileron_wire::frame::encode_request(sent.len() as u64, &encoded, carrier)?;
            sent.push(Sent {
                direction: 0,
                frame,
                body: json::decode(&encoded)?,
            });
        }
    }
    for name in &schema.to_task {
        for body in [schema.full(name), schema.minimal(name)] {
            let mut message = ToTask::decode(&json::encode(&body)?)?;
            message.downgrade(version)?;
            let body: Value = json::decode(&message.encode()?)?;
            let frame = response_frame(sent.len() as u64, &body)?;
            sent.push(Sent {
                direction: 1,
                frame,
                body,
            });
        }
    }
    Ok(sent)
}

fn airflow_reads_what_rust_writes(python: &str) -> Result<()> {
    let schema = Schema::read(python)?;
    let sent = messages(&schema)?;
    let stream: Vec<u8> = sent
        .iter()
        .flat_map(|sent| [&[sent.direction], &sent.frame[..]].concat())
        .collect();
    let answers = String::from_utf8(run(python, READ_FRAMES, &stream)?)?;
    let answers: Vec<Value> = answers
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    assert_eq!(answers.len(), sent.len());
    let mut wrong = Vec::new();
    for (position, (sent, answer)) in sent.iter().zip(&answers).enumerate() {
        if let Some(error) = answer.get("refused") {
            wrong.push(format!("{} was refused: {error}", sent.body));
            continue;
        }
        assert_eq!(answer["id"], position);
        if sent.direction == 0 {
            assert_eq!(
                answer["context_carrier"].is_object(),
                position.is_multiple_of(2)
            );
        }
        if !wire_schema::equal(&answer["message"], &sent.body) {
            wrong.push(format!("{} was read as {}", sent.body, answer["message"]));
        }
    }
    assert!(
        wrong.is_empty(),
        "Airflow {}:\n  {}",
        schema.airflow,
        wrong.join("\n  ")
    );
    Ok(())
}

#[test]
fn airflow_3_3_reads_every_message() -> Result<()> {
    airflow_reads_what_rust_writes(&python_332()?)
}

#[test]
fn airflow_3_4_reads_every_message() -> Result<()> {
    airflow_reads_what_rust_writes(&python_340()?)
}

/// Typed values take another way than the messages above: straight into the frame.
#[test]
fn airflow_reads_typed_values() -> Result<()> {
    use aileron_wire::message::SetXCom;
    use std::collections::BTreeMap;

    #[derive(serde::Serialize)]
    struct Row<'a> {
        country: &'a str,
        total: f64,
        by_hour: BTreeMap<u8, u64>,
        note: Option<()>,
    }

    let rows = [Row {
        country: "Österreich",
        total: 1.5,
        by_hour: BTreeMap::from([(7, u64::MAX >> 1)]),
        note: None,
    }];
    let frame = request_frame(9, &SetXCom::new("rows", &rows, "d", "r", "t"), None)?;
    let answer = run(&python_332()?, READ_FRAMES, &[&[0], &frame[..]].concat())?;
    let answer: Value = serde_json::from_slice(&answer).context("one line is expected")?;
    let expected = serde_json::json!([
        {"country": "Österreich", "total": 1.5, "by_hour": {"7": u64::MAX >> 1}, "note": null}
    ]);
    assert_eq!(answer["message"]["value"], expected, "{answer}");
    Ok(())
}
