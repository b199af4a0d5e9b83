//! The body of a change of state.

use aileron_execution_api::{EnterRunning, StateUpdate, TerminalUpdate};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What the server takes for a change of state.
pub(crate) fn of_update(update: &StateUpdate) -> Result<Value, serde_json::Error> {
    match update {
        StateUpdate::Terminal(update) => Ok(terminal(update)),
        StateUpdate::UpstreamFailed(update) => {
            let mut fields = json!({"state": "upstream_failed", "end_date": update.end_date});
            if let Some(label) = &update.rendered_map_index {
                fields["rendered_map_index"] = json!(label);
            }
            Ok(fields)
        }
        StateUpdate::Success(message) => untagged(message),
        StateUpdate::Retry(message) => untagged(message),
        StateUpdate::Deferred(message) => untagged(message),
        StateUpdate::Rescheduled(message) => untagged(message),
        StateUpdate::AwaitingInput(message) => untagged(message),
    }
}

/// What the server takes for a start.
pub(crate) fn of_start(start: &EnterRunning) -> Value {
    json!({
        "state": "running",
        "hostname": start.hostname,
        "unixname": start.unixname,
        "pid": start.pid,
        "start_date": start.start_date,
    })
}

fn terminal(update: &TerminalUpdate) -> Value {
    let mut fields = Map::from_iter([
        ("state".to_owned(), json!(update.state)),
        ("end_date".to_owned(), json!(update.end_date)),
    ]);
    // Null would delete a label that was stored before.
    if let Some(label) = &update.rendered_map_index {
        fields.insert("rendered_map_index".to_owned(), json!(label));
    }
    // A server before 3.4 refuses what it does not know.
    if let Some(reason) = &update.retry_reason {
        fields.insert("retry_reason".to_owned(), json!(reason));
    }
    Value::Object(fields)
}

/// A message without its `type`, which the server refuses.
fn untagged(message: &impl Serialize) -> Result<Value, serde_json::Error> {
    let mut fields = serde_json::to_value(message)?;
    if let Value::Object(fields) = &mut fields {
        fields.shift_remove("type");
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use aileron_wire::message::{AssetProfile, SucceedTask, TerminalState};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_message_loses_its_type_and_the_profiles_in_it_keep_theirs() {
        let mut message = SucceedTask::new(Timestamp::UNIX_EPOCH);
        message.task_outlets = Some(vec![AssetProfile::new("Asset")]);
        let payload = of_update(&StateUpdate::Success(message)).unwrap();
        assert_eq!(
            payload,
            json!({"state": "success", "end_date": "1970-01-01T00:00:00Z", "task_outlets": [{"type": "Asset"}]})
        );
    }

    #[test]
    fn an_absent_label_is_not_sent_as_null() {
        let update = TerminalUpdate::new(TerminalState::Skipped, Timestamp::UNIX_EPOCH);
        assert_eq!(
            of_update(&StateUpdate::Terminal(update)).unwrap(),
            json!({"state": "skipped", "end_date": "1970-01-01T00:00:00Z"})
        );
    }
}
