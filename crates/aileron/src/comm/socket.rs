//! The channel to a supervisor over TCP.
//!
//! Callers append whole frames to one output queue and try to write at once; what the kernel does not take is written
//! by a background task. So a caller that is dropped half way never leaves half a frame behind, and a reply that
//! nobody waits for any more is put aside without disturbing the others.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use aileron_wire::frame::{self, FrameDecoder, FrameLimit, Response};
use bytes::{Buf, Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::{CallFuture, Channel, CommError, Reply};
use crate::traces;

/// Frames may be as large as the protocol allows: an XCom has no other limit.
const DECODER: FrameDecoder = FrameDecoder::new(FrameLimit::new(frame::MAX_PAYLOAD));

/// A connection to a supervisor. Clones share it.
#[derive(Clone)]
pub(crate) struct SocketChannel {
    shared: Arc<Shared>,
}

struct Shared {
    stream: TcpStream,
    state: Mutex<State>,
    output_waits: Notify,
    closed: CancellationToken,
    carrier: Option<BTreeMap<String, String>>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    waiting: HashMap<u64, oneshot::Sender<Result<Reply, CommError>>>,
    output: VecDeque<Bytes>,
    closed: Option<CommError>,
}

/// The reading half before any request was made: the supervisor speaks first.
pub(crate) struct FirstFrame {
    stream: TcpStream,
    buffer: BytesMut,
}

impl FirstFrame {
    /// Takes a fresh connection.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    /// Waits for the unasked first frame.
    ///
    /// # Errors
    /// [`CommError::Closed`] when the supervisor hangs up first or what it sends is not a frame.
    pub(crate) async fn read(&mut self) -> Result<Response, CommError> {
        loop {
            if let Some(payload) = DECODER.next_frame(&mut self.buffer)? {
                return Ok(Response::decode(payload)?);
            }
            if read_some(&self.stream, &mut self.buffer)
                .await
                .map_err(io_closed)?
                == 0
            {
                DECODER.finish(&self.buffer)?;
                return Err(CommError::closed(
                    "it ended before the supervisor said what to do",
                ));
            }
        }
    }

    /// Starts answering requests. `carrier` is the W3C trace context that goes out with each of them, unless spans are
    /// exported: then it is that of the current span.
    pub(crate) fn into_channel(self, carrier: Option<BTreeMap<String, String>>) -> SocketChannel {
        let shared = Arc::new(Shared {
            stream: self.stream,
            state: Mutex::default(),
            output_waits: Notify::new(),
            closed: CancellationToken::new(),
            carrier,
        });
        tokio::spawn(read_replies(shared.clone(), self.buffer));
        tokio::spawn(write_output(shared.clone()));
        SocketChannel { shared }
    }
}

impl SocketChannel {
    /// Why the connection is gone; `None` while it is there.
    pub(crate) fn close_reason(&self) -> Option<CommError> {
        self.shared.lock().closed.clone()
    }

    /// Completes when the connection is gone, and says why.
    pub(crate) async fn closed(&self) -> CommError {
        self.shared.closed.cancelled().await;
        self.shared.lock().closed_or("the reader stopped")
    }
}

impl Channel for SocketChannel {
    fn call(&self, body: Vec<u8>) -> CallFuture<'_> {
        Box::pin(async move {
            let reply = self.shared.submit(&body)?;
            drop(body);
            match reply.await {
                Ok(outcome) => outcome,
                Err(_) => Err(self.shared.lock().closed_or("the reader stopped")),
            }
        })
    }
}

impl State {
    fn closed_or(&self, reason: &str) -> CommError {
        self.closed
            .clone()
            .unwrap_or_else(|| CommError::closed(reason))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under this lock; a poisoned one still holds consistent state.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Queues one request and returns where its reply will come.
    fn submit(
        &self,
        body: &[u8],
    ) -> Result<oneshot::Receiver<Result<Reply, CommError>>, CommError> {
        let (sender, receiver) = oneshot::channel();
        let current = traces::current();
        let mut state = self.lock();
        if let Some(error) = &state.closed {
            return Err(error.clone());
        }
        // Id 0 is the supervisor's own first frame.
        state.last_id += 1;
        let id = state.last_id;
        let frame = frame::encode_request(id, body, current.as_ref().or(self.carrier.as_ref()))
            .map_err(|error| CommError::Unsendable {
                request: "a request",
                reason: error.to_string(),
            })?;
        state.waiting.insert(id, sender);
        let mut rest = Bytes::from(frame);
        if state.output.is_empty() {
            match self.stream.try_write(&rest) {
                Ok(written) => rest.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    drop(state);
                    let error = io_closed(error);
                    self.close(error.clone());
                    return Err(error);
                }
            }
        }
        if !rest.is_empty() {
            state.output.push_back(rest);
            self.output_waits.notify_one();
        }
        Ok(receiver)
    }

    /// Writes as much of the queue as the kernel takes. True when the queue is empty.
    fn drain(&self) -> io::Result<bool> {
        let mut state = self.lock();
        while let Some(front) = state.output.front_mut() {
            match self.stream.try_write(front) {
                Ok(written) => front.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
            if front.is_empty() {
                state.output.pop_front();
            }
        }
        Ok(true)
    }

    fn deliver(&self, response: Response) {
        let sender = self.lock().waiting.remove(&response.id);
        match sender {
            // The waiter may have been dropped since: then nobody wants the reply, and that is fine.
            Some(sender) => drop(sender.send(Ok(Reply::from(response)))),
            None => {
                tracing::warn!(
                    id = response.id,
                    "the supervisor answered a request that was never made"
                )
            }
        }
    }

    /// Ends the channel: every waiter and every later request gets the same error.
    fn close(&self, error: CommError) {
        let mut state = self.lock();
        let error = state.closed.get_or_insert(error).clone();
        let waiting = std::mem::take(&mut state.waiting);
        state.output.clear();
        drop(state);
        for (_, sender) in waiting {
            drop(sender.send(Err(error.clone())));
        }
        self.closed.cancel();
    }
}

async fn write_output(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.output_waits.notified() => {}
            () = shared.closed.cancelled() => return,
        }
        loop {
            match shared.drain() {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => return shared.close(io_closed(error)),
            }
            tokio::select! {
                ready = shared.stream.writable() => if let Err(error) = ready {
                    return shared.close(io_closed(error));
                },
                () = shared.closed.cancelled() => return,
            }
        }
    }
}

async fn read_replies(shared: Arc<Shared>, mut buffer: BytesMut) {
    let error = loop {
        match deliver_frames(&shared, &mut buffer) {
            Ok(()) => {}
            Err(error) => break error,
        }
        match read_some(&shared.stream, &mut buffer).await {
            Ok(0) => match DECODER.finish(&buffer) {
                Ok(()) => break CommError::closed("the supervisor hung up"),
                Err(error) => break error.into(),
            },
            Ok(_) => {}
            Err(error) => break io_closed(error),
        }
    };
    shared.close(error);
}

fn deliver_frames(shared: &Shared, buffer: &mut BytesMut) -> Result<(), CommError> {
    while let Some(payload) = DECODER.next_frame(buffer)? {
        shared.deliver(Response::decode(payload)?);
    }
    Ok(())
}

/// Reads what there is, at least one byte unless the peer has closed.
async fn read_some(stream: &TcpStream, buffer: &mut BytesMut) -> io::Result<usize> {
    DECODER.reserve(buffer);
    loop {
        match stream.try_read_buf(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.readable().await?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

fn io_closed(error: io::Error) -> CommError {
    CommError::closed(error.to_string())
}
