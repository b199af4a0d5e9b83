//! What single messages promise: absent and null, unknown keys, secrets, errors, older versions.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use aileron_wire::SchemaVersion::V2026_06_16;
use aileron_wire::frame::{EncodeError, FrameError, request_frame};
use aileron_wire::json;
use aileron_wire::message::*;
use serde_json::{Value, json};

fn read<M: Message + serde::de::DeserializeOwned>(value: Value) -> Result<M, MessageError> {
    M::decode(&json::encode(&value).unwrap())
}

fn written<M: serde::Serialize>(message: &M) -> Value {
    json::decode(&json::encode(message).unwrap()).unwrap()
}

fn connection() -> Value {
    json!({
        "type": "ConnectionResult", "conn_id": "db", "conn_type": "postgres", "host": "h", "schema": null,
        "login": "u", "password": "hunter2", "port": 5432, "extra": "{\"token\": \"hunter3\"}"
    })
}

fn hitl() -> Value {
    json!({
        "type": "HITLDetailRequestResult", "ti_id": "019483c5-4bc2-7ba7-8d8a-5a5ca5a5ca5a",
        "options": ["yes"], "subject": "Go?"
    })
}

#[test]
fn a_key_that_must_be_there_may_be_null_but_not_absent() {
    let read_back: ConnectionResult = read(connection()).unwrap();
    assert_eq!(read_back.schema, None);
    assert_eq!(written(&read_back), connection());

    let mut without = connection();
    without.as_object_mut().unwrap().remove("schema");
    let error = read::<ConnectionResult>(without).unwrap_err().to_string();
    assert!(error.contains("missing field `schema`"), "{error}");
}

#[test]
fn a_typed_value_that_may_be_null_must_be_there_all_the_same() {
    let value = json!({"type": "XComResult", "key": "k", "value": null});
    assert_eq!(read::<XComResult<Option<u8>>>(value).unwrap().value, None);
    assert!(read::<XComResult<Option<u8>>>(json!({"type": "XComResult", "key": "k"})).is_err());
}

#[test]
fn a_null_differs_from_an_absent_key_with_another_default() {
    let absent: HITLDetailRequestResult = read(hitl()).unwrap();
    assert_eq!(absent.multiple, Some(false));
    let mut null = hitl();
    null["multiple"] = Value::Null;
    let null: HITLDetailRequestResult = read(null).unwrap();
    assert_eq!(null.multiple, None);
    assert_eq!(written(&null)["multiple"], Value::Null);
    assert_eq!(written(&absent)["multiple"], json!(false));
}

#[test]
fn an_absent_optional_key_is_not_written() {
    let message = GetXCom::new("k", "d", "r", "t");
    assert_eq!(
        written(&message),
        json!({"type": "GetXCom", "key": "k", "dag_id": "d", "run_id": "r", "task_id": "t"})
    );
}

#[test]
fn unknown_keys_are_ignored() {
    let value = json!({"type": "OKResponse", "ok": true, "later": {"a": [1]}});
    assert_eq!(read::<OKResponse>(value).unwrap(), OKResponse { ok: true });
}

#[test]
fn an_unknown_a_missing_and_another_type_are_told_apart() {
    let body = |value| json::encode(&value).unwrap();
    let unknown = ToTask::decode(&body(json!({"type": "MakeCoffee"}))).unwrap_err();
    assert_eq!(
        unknown,
        MessageError::UnknownType {
            found: "MakeCoffee".into()
        }
    );
    let missing = ToTask::decode(&body(json!({"ok": true}))).unwrap_err();
    assert_eq!(missing, MessageError::Body(FrameError::MissingType));
    let other = OKResponse::decode(&body(json!({"type": "TICount", "count": 1}))).unwrap_err();
    assert_eq!(
        other,
        MessageError::WrongType {
            expected: "OKResponse",
            found: "TICount".into()
        }
    );
    // A message of the other direction is unknown, too.
    assert!(ToTask::decode(&body(json!({"type": "GetVariable", "key": "k"}))).is_err());
}

#[test]
fn an_error_says_where_and_what_came() {
    let MessageError::Mismatch {
        message_type,
        path,
        reason,
        found,
    } = read::<XComResult<Vec<u8>>>(
        json!({"type": "XComResult", "key": "k", "value": [1, 2, "three"]}),
    )
    .unwrap_err()
    else {
        panic!("not a mismatch")
    };
    assert_eq!(
        (message_type, path.as_str(), found.as_str()),
        ("XComResult", "value[2]", r#"the string "three""#)
    );
    assert!(reason.contains("expected u8"), "{reason}");
}

#[test]
fn nothing_shows_a_secret() {
    let connection: ConnectionResult = read(connection()).unwrap();
    let variable = VariableResult {
        key: "k".into(),
        value: Some("hunter2".into()),
    };
    let shown = [
        format!("{connection:?}"),
        format!("{variable:?}"),
        format!("{:?}", ToTask::from(connection.clone())),
        format!("{:?}", MaskSecret::new(json!("hunter2"))),
        format!(
            "{:?}",
            PutVariable {
                key: "k".into(),
                value: Some("hunter2".into()),
                description: None
            }
        ),
    ];
    for text in shown {
        assert!(!text.contains("hunter"), "{text}");
        assert!(text.contains("***"), "{text}");
    }
}

#[test]
fn an_error_about_a_secret_does_not_show_it() {
    let mut numeric = connection();
    numeric["password"] = json!(424_242);
    let error = read::<ConnectionResult>(numeric).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("4242"), "{error}");
    assert!(error.to_string().contains("password"), "{error}");

    let mut without_port = connection();
    without_port.as_object_mut().unwrap().remove("port");
    let error = read::<ConnectionResult>(without_port).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter"), "{error}");

    // A Connection that came along with the first frame.
    let mut inside = connection();
    inside["password"] = json!(424_242);
    let callback = json!({
        "type": "DagFileParseRequest", "file": "f", "bundle_path": "/b", "bundle_name": "b",
        "callback_requests": [{"type": "EmailRequest", "filepath": "f", "bundle_name": "b", "bundle_version": null,
            "ti": {}, "context_from_server": {"connections": [inside]}}]
    });
    let error = read::<DagFileParseRequest>(callback).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("4242"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter"), "{error}");
}

#[test]
fn what_the_supervisor_would_never_answer_is_not_sent() {
    for (value, place) in [
        (vec![1.0, f64::NAN], "value[1]"),
        (vec![f64::INFINITY], "value[0]"),
    ] {
        let error = request_frame(1, &SetXCom::new("k", value, "d", "r", "t"), None).unwrap_err();
        let EncodeError::NotJson {
            message_type,
            problem,
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!((message_type, problem.path.as_str()), ("SetXCom", place));
    }
    let by_id = BTreeMap::from([(7_u32, "seven")]);
    let sent = SetXCom::new("k", by_id, "d", "r", "t").encode().unwrap();
    assert_eq!(
        SetXCom::<Value>::decode(&sent).unwrap().value,
        json!({"7": "seven"})
    );
}

#[test]
fn a_timestamp_in_free_form_json_becomes_text() {
    // {"type": "ErrorResponse", "detail": {"at": <timestamp>}}
    let body = b"\x82\xa4type\xadErrorResponse\xa6detail\x81\xa2at\xd6\xff\x65\x92\x00\x80";
    let error = ErrorResponse::decode(body).unwrap();
    assert_eq!(error.detail.unwrap()["at"], json!("2024-01-01T00:00:00Z"));
    assert_eq!(error.error, ErrorType::GenericError);
}

#[test]
fn a_code_of_a_newer_supervisor_is_kept() {
    let error: ErrorResponse = read(json!({"type": "ErrorResponse", "error": "TOO_HOT"})).unwrap();
    assert_eq!(error.error, ErrorType::Other("TOO_HOT".into()));
}

#[test]
fn a_downgraded_message_has_nothing_that_is_new() {
    let mut request = GetXCom::new("k", "d", "r", "t");
    request.previous_iteration = true;
    let mut message = ToSupervisor::from(request);
    message.downgrade(V2026_06_16).unwrap();
    assert_eq!(message, GetXCom::new("k", "d", "r", "t").into());

    let mut success = SucceedTask::new("2026-01-01T00:00:00Z".parse().unwrap());
    success.loop_decision = Some(LoopDecisionPayload::new(true));
    success.rendered_map_index = Some("uk".into());
    success.downgrade(V2026_06_16);
    assert_eq!(
        (success.loop_decision, success.rendered_map_index.as_deref()),
        (None, Some("uk"))
    );

    let error = ToSupervisor::from(SetExecutionTimeout {
        timeout_seconds: 1.0,
    })
    .downgrade(V2026_06_16)
    .unwrap_err();
    assert_eq!(error.message_type, "SetExecutionTimeout");
}

#[test]
fn arguments_are_read_by_their_kind() {
    let literal = json!({"kind": "literal", "name": "country", "value": "uk"});
    let xcom = json!({"kind": "xcom", "name": "rows", "task_id": "extract"});
    for value in [literal, xcom] {
        let read: TaskArgBinding = json::decode(&json::encode(&value).unwrap()).unwrap();
        assert_eq!(written(&read), value);
    }
    let error = json::decode::<TaskArgBinding>(&json::encode(&json!({"kind": "cookie"})).unwrap())
        .unwrap_err();
    assert!(
        error.to_string().contains("unknown variant `cookie`"),
        "{error}"
    );
}
