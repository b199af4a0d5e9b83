//! What a refusal means after an attempt whose answer was lost.

use aileron_execution_api::{ApiError, ErrorKind};
use aileron_wire::message::{
    DagRun, DagRunType, TaskInstanceState, TriggerDagRun, UpdateHITLDetail,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::answer::has_previous_state;

/// Whether the refusal to put the task instance into a state shows that the lost attempt has done it.
///
/// The server itself answers "done" when the task instance is still in that state.
pub(crate) fn state_was_reached(state: TaskInstanceState, refusal: &ApiError) -> bool {
    match state {
        // The row got a new id for its next try.
        TaskInstanceState::UpForRetry => {
            matches!(refusal.kind, ErrorKind::NotFound | ErrorKind::Gone)
        }
        // From these states, and not from `running`, the scheduler goes on.
        TaskInstanceState::Deferred
        | TaskInstanceState::UpForReschedule
        | TaskInstanceState::AwaitingInput => {
            refusal.kind == ErrorKind::Conflict
                && has_previous_state(refusal, &["scheduled", "queued"])
        }
        _ => false,
    }
}

/// Whether a Dag run is the one that was asked for.
pub(crate) fn is_asked_for(run: &DagRun, request: &TriggerDagRun) -> bool {
    let empty = Map::new();
    run.run_type == DagRunType::OperatorTriggered
        && run.conf.as_ref().unwrap_or(&empty) == request.conf.as_ref().unwrap_or(&empty)
        && run.logical_date.map(stored) == request.logical_date.map(stored)
        && run.partition_key == request.partition_key
        && request
            .run_after
            .is_none_or(|after| stored(run.run_after) == stored(after))
}

/// An instant as Airflow stores it: in microseconds.
fn stored(instant: Timestamp) -> i64 {
    instant.as_microsecond()
}

/// Whether an answer is the one that was sent.
pub(crate) fn is_sent_answer(stored: &Map<String, Value>, request: &UpdateHITLDetail) -> bool {
    let chosen = stored.get("chosen_options");
    let input = stored.get("params_input").and_then(Value::as_object);
    let empty = Map::new();
    chosen == Some(&Value::from(request.chosen_options.clone()))
        && input.unwrap_or(&empty) == request.params_input.as_ref().unwrap_or(&empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(kind: ErrorKind, previous_state: &str) -> ApiError {
        let detail = json!({"reason": "invalid_state", "previous_state": previous_state});
        ApiError::new(kind, "update", "no").with_detail(detail)
    }

    #[test]
    fn only_a_refusal_that_the_first_attempt_explains_counts_as_done() {
        use TaskInstanceState as State;
        for (state, kind, previous, done) in [
            (State::UpForRetry, ErrorKind::NotFound, "", true),
            (State::UpForRetry, ErrorKind::Gone, "", true),
            (State::UpForRetry, ErrorKind::Conflict, "failed", false),
            (State::Deferred, ErrorKind::Conflict, "scheduled", true),
            (State::UpForReschedule, ErrorKind::Conflict, "queued", true),
            (State::AwaitingInput, ErrorKind::Conflict, "success", false),
            (State::Deferred, ErrorKind::NotFound, "", false),
            (State::Success, ErrorKind::NotFound, "", false),
            (State::Failed, ErrorKind::Conflict, "scheduled", false),
        ] {
            assert_eq!(
                state_was_reached(state, &refusal(kind, previous)),
                done,
                "{state} {kind:?} {previous}"
            );
        }
    }

    #[test]
    fn an_answer_of_somebody_else_is_not_taken_for_ours() {
        let request = UpdateHITLDetail::new(uuid::Uuid::nil(), vec!["Yes".to_owned()]);
        let stored = |chosen: Value| json!({"chosen_options": chosen, "params_input": {}});
        for (chosen, same) in [
            (json!(["Yes"]), true),
            (json!(["No"]), false),
            (json!(null), false),
        ] {
            let stored = stored(chosen);
            assert_eq!(is_sent_answer(stored.as_object().unwrap(), &request), same);
        }
    }
}
