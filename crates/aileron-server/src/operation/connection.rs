//! Connections and tests of connections.

use aileron_execution_api::{ConnectionTestResult, ConnectionTests};
use aileron_wire::message::ConnectionResponse;
use serde_json::{Value, json};

use super::Outcome;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::request::{Model, Place, Problems, nullable, one_of, text};

pub(super) async fn get(call: &Call, id: &str) -> Outcome {
    let found = call.api.connection(id).await?;
    Ok(Answer::json(&json!({
        "conn_id": found.conn_id,
        "conn_type": found.conn_type,
        "host": found.host,
        "schema": found.schema,
        "login": found.login,
        "password": found.password,
        "port": found.port,
        "extra": found.extra,
    })))
}

pub(super) async fn start_test(call: &Call) -> Outcome {
    let found = tests(call)?.start(call.token.id).await?;
    Ok(Answer::json(&tested(&found)))
}

pub(super) async fn finish_test(call: &Call) -> Outcome {
    let body = call.body.required()?;
    let mut problems = Problems::default();
    let read = result(&body, &mut problems);
    let result = problems.finish(read)?;
    tests(call)?.finish(call.token.id, result).await?;
    Ok(Answer::done())
}

fn tests(call: &Call) -> Result<&dyn ConnectionTests, Refusal> {
    call.connection_tests
        .as_deref()
        .ok_or_else(|| Refusal::unsupported("Tests of connections are not served here"))
}

/// The order of the keys is another one than that of a connection.
fn tested(connection: &ConnectionResponse) -> Value {
    json!({
        "conn_id": connection.conn_id,
        "conn_type": connection.conn_type,
        "host": connection.host,
        "login": connection.login,
        "password": connection.password,
        "schema": connection.schema,
        "port": connection.port,
        "extra": connection.extra,
    })
}

const STATES: &[&str] = &["pending", "queued", "running", "success", "failed"];
const MAX_MESSAGE: usize = 2000;

fn result(body: &Value, problems: &mut Problems) -> Option<ConnectionTestResult> {
    let mut model = Model::of(body, Place::part("body"), problems)?;
    let succeeded = model.required("state", problems, terminal);
    let message = model.optional("result_message", problems, nullable(short));
    model.forbid_others(problems);
    Some(ConnectionTestResult {
        succeeded: succeeded?,
        message: message?.flatten(),
    })
}

fn terminal(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<bool> {
    match one_of(STATES)(value, place, problems)? {
        "success" => Some(true),
        "failed" => Some(false),
        other => {
            let message = format!(
                "Value error, Workers may only report terminal states (success/failed); got '{other}'"
            );
            problems.add_with("value_error", place, message, value, json!({"error": {}}))
        }
    }
}

fn short(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<String> {
    let text = text(value, place, problems)?;
    if text.chars().count() > MAX_MESSAGE {
        return problems.add_with(
            "string_too_long",
            place,
            "String should have at most 2000 characters",
            value,
            json!({"max_length": MAX_MESSAGE}),
        );
    }
    Some(text)
}
