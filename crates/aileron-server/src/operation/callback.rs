//! Callbacks of deadlines.

use super::Outcome;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;

/// A callback is started. The answer carries the token that it goes on with.
pub(super) async fn run(call: &Call) -> Outcome {
    let Some(callbacks) = call.callbacks.as_deref() else {
        return Err(Refusal::unsupported("Callbacks are not served here"));
    };
    callbacks.start(call.token.id).await?;
    Ok(Answer::done())
}
