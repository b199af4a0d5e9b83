//! What a client still sends of a request that has its answer already.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt as _;

/// How much is taken and dropped, as a multiple of the longest body.
///
/// A body that is somewhat too long should still end with the answer that says so.
const TIMES_THE_LIMIT: u64 = 4;

/// Takes what is left of a body from the connection and drops it, so that the answer arrives and the connection serves the
/// next request.
///
/// A request that is refused by its head has a body all the same, and clients such as Python's send it apart. A connection
/// that is closed before the body has arrived takes the answer with it when nobody has read that yet, and fails the client's
/// next request otherwise.
pub(crate) struct Discard {
    /// How much is taken at most, in bytes.
    most: u64,
    /// Whether the client sends its body only when it is asked to. It is not.
    waits: bool,
}

impl Discard {
    /// What is to be done after a request with this head, where a body has at most so many bytes.
    pub(crate) fn after(head: &HeaderMap, body_limit: usize) -> Self {
        Self {
            most: (body_limit as u64).saturating_mul(TIMES_THE_LIMIT),
            waits: head.contains_key(header::EXPECT),
        }
    }

    /// Does it. An answer says that the connection closes when the body has not ended after this time.
    pub(crate) async fn rest_of(self, body: &mut Body, patience: Duration, answer: &mut HeaderMap) {
        let ended = !self.waits
            && tokio::time::timeout(patience, ends(body, self.most))
                .await
                .unwrap_or(false);
        if !ended {
            answer.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Whether a body ends well within so many bytes.
async fn ends(body: &mut Body, most: u64) -> bool {
    // A length that is given is too much at once.
    if body.size_hint().lower() > most {
        return false;
    }
    let mut taken: u64 = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        taken += frame.data_ref().map_or(0, |data| data.len() as u64);
        if taken > most {
            return false;
        }
    }
    true
}
