//! The way of finished lines out of the process.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::level::Level;
use super::line::Line;
use super::writer::Writer;
use crate::secrets::Masker;

/// How much may wait to be written, in bytes of memory (64 MiB).
pub const QUEUE_LIMIT: usize = 64 << 20;

/// How much is written at a time, in bytes of memory.
const BATCH: usize = 256 << 10;

/// A pipe could not be given its destination.
#[derive(Debug, thiserror::Error)]
pub enum PipeError {
    /// The pipe already writes to a socket or to standard error.
    #[error("the log pipe already has a destination")]
    AlreadyAttached,
    /// The operating system refused to set up the socket.
    #[error("cannot set up the logs socket")]
    Socket(#[source] io::Error),
    /// The operating system refused to start the thread that writes.
    #[error("cannot start the thread that writes log lines")]
    Thread(#[source] io::Error),
}

/// A queue of log lines and the thread that empties it.
///
/// - Without a destination, lines wait in memory, in order. [`connect`](Self::connect) or [`to_stderr`](Self::to_stderr) gives
///   one, once; what waited is written first.
/// - Logging appends to the queue under a short lock. It never waits for the network, and a task that keeps its thread busy
///   still gets its lines out: a thread of the pipe's own masks, encodes and writes them.
/// - At most [`QUEUE_LIMIT`] bytes wait. Lines beyond that are dropped; once half of the queue is written, one warning line
///   in their place tells how many. Errors may take an eighth more, so that a flood does not hide why a task failed. A single
///   larger line passes while nothing else waits.
/// - When the socket is lost, one notice, the lines it has not taken and all later ones go to standard error as text.
///
/// The process has one pipe, behind the functions of [`crate::logs`]. Others serve tests.
pub struct LogPipe {
    shared: Arc<Shared>,
}

struct Shared {
    limit: usize,
    state: Mutex<State>,
    /// Told when a line is there for the idle thread, or the pipe is dropped.
    work: Condvar,
    /// Told when a batch is written.
    written: Condvar,
    /// Held during a write, which can take as long as the reader pleases.
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Line>,
    /// Of the lines in the queue and of those being written.
    bytes: usize,
    accepted: u64,
    finished: u64,
    dropped: u64,
    full: bool,
    attached: bool,
    idle: bool,
    closing: bool,
}

impl fmt::Debug for LogPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        f.debug_struct("LogPipe")
            .field("attached", &state.attached)
            .field("waiting", &state.queue.len())
            .field("dropped", &state.dropped)
            .finish_non_exhaustive()
    }
}

impl LogPipe {
    /// A pipe that masks with `masker` and falls back to standard error. Levels are coloured there if it is a terminal and
    /// `NO_COLOR` is not set.
    pub fn new(masker: Arc<Masker>) -> Self {
        let stderr = io::stderr();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colours = stderr.is_terminal() && !plain;
        Self::build(masker, Box::new(stderr), colours, QUEUE_LIMIT)
    }

    /// A pipe with another writer in the place of standard error and a queue of at most `limit` bytes.
    pub fn with_fallback(
        masker: Arc<Masker>,
        fallback: impl Write + Send + 'static,
        limit: usize,
    ) -> Self {
        Self::build(masker, Box::new(fallback), false, limit)
    }

    fn build(
        masker: Arc<Masker>,
        fallback: Box<dyn Write + Send>,
        colours: bool,
        limit: usize,
    ) -> Self {
        let writer = Writer {
            masker,
            socket: None,
            fallback,
            colours,
        };
        Self {
            shared: Arc::new(Shared {
                limit,
                state: Mutex::default(),
                work: Condvar::new(),
                written: Condvar::new(),
                writer: Mutex::new(writer),
            }),
        }
    }

    /// Sends what waits, and every later line, to `socket`: the connection to the address that `--logs` names.
    ///
    /// # Errors
    /// The pipe already has a destination, or the socket or the thread could not be set up. No line is lost by an error.
    pub fn connect(&self, socket: TcpStream) -> Result<(), PipeError> {
        // It may come from an async runtime, which leaves it non-blocking.
        socket
            .set_nonblocking(false)
            .and_then(|()| socket.set_nodelay(true))
            .map_err(PipeError::Socket)?;
        self.attach(Some(socket))
    }

    /// Writes what waits, and every later line, to standard error as text: for a process that no supervisor listens to.
    ///
    /// # Errors
    /// The pipe already has a destination, or its thread could not be started. No line is lost by an error.
    pub fn to_stderr(&self) -> Result<(), PipeError> {
        self.attach(None)
    }

    fn attach(&self, socket: Option<TcpStream>) -> Result<(), PipeError> {
        // The writer is locked only once it is ours: a thread that is stuck in a write holds it, and a flush passes here.
        if std::mem::replace(&mut self.shared.state().attached, true) {
            return Err(PipeError::AlreadyAttached);
        }
        self.shared.writer().socket = socket;
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new().name("aileron-logs".to_owned());
        if let Err(error) = thread.spawn(move || shared.serve()) {
            self.shared.writer().socket = None;
            self.shared.state().attached = false;
            return Err(PipeError::Thread(error));
        }
        Ok(())
    }

    /// Waits until every line accepted so far is handed to the kernel, for at most `deadline`; whether it was in time.
    ///
    /// Called before the process exits. A pipe that was given no destination writes to standard error from here on, so that
    /// nothing stays behind.
    pub fn flush(&self, deadline: Duration) -> bool {
        if let Err(PipeError::Thread(_)) = self.to_stderr() {
            self.shared.drain();
        }
        let start = Instant::now();
        let mut state = self.shared.state();
        // A notice about dropped lines that is still due counts as accepted.
        let target = state.accepted + u64::from(state.full);
        while state.finished < target {
            let left = deadline.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.written.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Adds a line made by hand: what [`emit`](super::emit) does, without asking whether the level is shown.
    pub fn emit(
        &self,
        level: Level,
        logger: &str,
        event: impl Into<String>,
        fields: Map<String, Value>,
    ) {
        self.push(Line::new(
            level,
            super::levels::dotted(logger),
            event.into(),
            fields,
        ));
    }

    pub(super) fn push(&self, line: Line) {
        self.shared.push(line);
    }
}

/// The thread writes what is left and ends.
impl Drop for LogPipe {
    fn drop(&mut self) {
        self.shared.state().closing = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    /// A thread that panicked while it held a lock leaves a queue that is still whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: Line) {
        let size = line.size();
        let wake = {
            let mut state = self.state();
            if !state.has_room(line.level, size, self.limit) {
                state.full = true;
                state.dropped += 1;
                return;
            }
            state.accept(line, size);
            std::mem::take(&mut state.idle)
        };
        if wake {
            self.work.notify_one();
        }
    }

    /// The life of the thread.
    fn serve(&self) {
        loop {
            let mut state = self.state();
            while state.queue.is_empty() {
                if state.closing {
                    return;
                }
                state.idle = true;
                state = self
                    .work
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            state.idle = false;
            drop(state);
            self.drain();
        }
    }

    /// Writes until nothing waits. The state is free while a batch is written, so nobody who logs waits for it.
    fn drain(&self) {
        let mut writer = self.writer();
        loop {
            let (batch, bytes) = self.state().take_batch();
            if batch.is_empty() {
                return;
            }
            let count = batch.len() as u64;
            writer.write(batch);
            self.state().finish(count, bytes, self.limit);
            self.written.notify_all();
        }
    }
}

impl State {
    /// What went wrong is worth most when a flood of lines is in front of it: an eighth more is kept for errors.
    fn has_room(&self, level: Level, size: usize, limit: usize) -> bool {
        let is_error = level >= Level::Error;
        let limit = if is_error { limit + limit / 8 } else { limit };
        let fits = self.bytes == 0 || self.bytes.saturating_add(size) <= limit;
        fits && (is_error || !self.full)
    }

    fn accept(&mut self, line: Line, size: usize) {
        self.bytes += size;
        self.accepted += 1;
        self.queue.push_back(line);
    }

    fn take_batch(&mut self) -> (Vec<Line>, usize) {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while bytes < BATCH {
            let Some(line) = self.queue.pop_front() else {
                break;
            };
            bytes += line.size();
            batch.push(line);
        }
        (batch, bytes)
    }

    /// Lines are accepted again only when half of the queue is free: one notice for a flood, not one for every other line.
    fn finish(&mut self, count: u64, bytes: usize, limit: usize) {
        self.finished += count;
        self.bytes -= bytes;
        if self.full && self.bytes <= limit / 2 {
            let dropped = std::mem::take(&mut self.dropped);
            self.full = false;
            let notice = Line::new(
                Level::Warning,
                super::OWN_LOGGER.into(),
                format!(
                    "Log lines were dropped, because they came faster than they could be written: {dropped}"
                ),
                Map::from_iter([("dropped".to_owned(), Value::from(dropped))]),
            );
            let size = notice.size();
            self.accept(notice, size);
        }
    }
}
