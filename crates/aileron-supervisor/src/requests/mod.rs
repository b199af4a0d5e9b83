//! The conversation with a task: its requests in, the answers out.

mod ask;
mod handler;
mod lanes;
mod replies;

use std::collections::VecDeque;
use std::sync::Arc;

use aileron_wire::SchemaVersion;
use aileron_wire::frame::{FrameDecoder, FrameError, Request};
use aileron_wire::message::{ErrorType, ToSupervisor};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use ask::Ask;
pub(crate) use handler::Handler;
use lanes::{Access, Lanes, Scope};
pub(crate) use replies::{Frame, Replies};

/// So many requests are taken in before the first answers are out.
const AT_ONCE: usize = 64;

/// A frame that cannot be read. Nothing behind it can be read either.
#[derive(Debug, thiserror::Error)]
#[error("what the task sent to its supervisor cannot be read: {0}")]
pub(crate) struct Unreadable(#[from] FrameError);

/// The conversation with one task.
pub(crate) struct Conversation {
    pub(crate) handler: Arc<Handler>,
    pub(crate) version: SchemaVersion,
    /// Sent first.
    pub(crate) greeting: Frame,
}

impl Conversation {
    /// Answers until the task has closed the connection, and everything it asked for is done.
    pub(crate) async fn run(self, stream: TcpStream) -> Result<(), Unreadable> {
        // Answers are small, and each is waited for.
        let _ = stream.set_nodelay(true);
        let (mut reader, mut writer) = stream.into_split();
        let decoder = FrameDecoder::default();
        let mut buffer = BytesMut::new();
        let mut answers = VecDeque::from([Bytes::from(self.greeting)]);
        let mut lanes = Lanes::new();
        let mut running = FuturesUnordered::new();
        let (mut hears, mut speaks) = (true, true);
        loop {
            while let Some((ticket, (replies, ask))) = lanes.start() {
                let handler = Arc::clone(&self.handler);
                running.push(async move { (ticket, handler.answer(replies, ask).await) });
            }
            if !speaks {
                answers.clear();
            }
            if !hears && running.is_empty() && answers.is_empty() {
                return Ok(());
            }
            tokio::select! {
                Some((ticket, frame)) = running.next(), if !running.is_empty() => {
                    lanes.done(ticket);
                    answers.push_back(frame.into());
                }
                written = async {
                    // `write_buf` takes from the front what it has written.
                    writer.write_buf(answers.front_mut().expect("an answer waits")).await
                }, if !answers.is_empty() => {
                    speaks = written.is_ok();
                    if answers.front().is_some_and(Bytes::is_empty) {
                        answers.pop_front();
                    }
                }
                read = async {
                    decoder.reserve(&mut buffer);
                    reader.read_buf(&mut buffer).await
                }, if hears && lanes.len() + answers.len() < AT_ONCE => {
                    // A task that was killed leaves a reset connection, and may leave half a frame.
                    hears = read.is_ok_and(|count| count > 0);
                    while let Some(payload) = decoder.next_frame(&mut buffer)? {
                        let request = Request::decode(payload)?;
                        match self.handler.take_in(request, self.version) {
                            Ok((access, asked)) => lanes.push(access, asked),
                            Err(frame) => answers.push_back(frame.into()),
                        }
                    }
                }
            }
        }
    }
}

impl Handler {
    /// Reads a request; an answer when it cannot be carried out.
    fn take_in(
        &self,
        request: Request,
        version: SchemaVersion,
    ) -> Result<(Access, (Replies, Ask)), Frame> {
        let replies = Replies {
            id: request.id,
            version,
        };
        let ask = match Ask::decode(&request.body) {
            Ok(ask) => ask,
            Err(error) => {
                let text = format!("a request cannot be read: {error}");
                self.journal.say(crate::log::Level::Error, &text);
                return Err(replies.wrong(&text));
            }
        };
        for ti_id in [request.ti_id, ask.ti_id()].into_iter().flatten() {
            if ti_id != self.ti_id {
                let text = format!(
                    "a task may ask for itself ({}), not for {ti_id}",
                    self.ti_id
                );
                self.journal.say(crate::log::Level::Error, &text);
                let detail = json!({"status_code": 403, "message": text});
                return Err(replies.refused(ErrorType::PermissionDenied, detail));
            }
        }
        // At once, so that no line that comes later shows it.
        if let Ask::Other(other) = &ask
            && let ToSupervisor::MaskSecret(secret) = other.as_ref()
        {
            self.masker
                .register_named(&secret.value, secret.name.as_deref());
            return Ok((Access::read(Scope::Nothing), (replies, ask)));
        }
        Ok((ask.access(), (replies, ask)))
    }
}
