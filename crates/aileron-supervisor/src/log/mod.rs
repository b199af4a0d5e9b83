//! The log of a task.
//!
//! Three streams come from the task: its log socket, standard output and standard error. Each is read by a pump of its own,
//! which cuts it into lines, masks them, and puts them into the form of Airflow's log files. One writer hands the lines of all
//! to the sinks. Within a stream the order is kept and nothing is lost. When the sinks are slow, the pumps stop to read, and
//! the task has to wait.

mod cutter;
mod file;
mod journal;
mod json_line;
mod level;
mod pump;
mod sink;
mod tail;
mod text_line;
mod token;
mod writer;

use std::fmt;
use std::sync::Arc;

use aileron_secrets::Masker;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

pub use file::{FileModes, FileSink};
pub(crate) use journal::Journal;
pub(crate) use level::Level;
pub(crate) use pump::Stream;
pub use sink::{LogSink, StdoutSink};
pub(crate) use tail::Tail;

/// So many batches wait for the sinks before the task has to wait.
const WAITING: usize = 4;

/// Where the log of a task goes: every sink gets every line.
///
/// All lines go through one masker. The secrets that the task registers, and those among what it is given (passwords of
/// connections, sensitive variables), are masked before a line reaches a sink.
pub struct TaskLog {
    masker: Arc<Masker>,
    sinks: Vec<Box<dyn LogSink>>,
}

impl TaskLog {
    /// A log that goes nowhere yet.
    #[must_use]
    pub fn new(masker: Arc<Masker>) -> Self {
        Self {
            masker,
            sinks: Vec::new(),
        }
    }

    /// What masks the lines.
    #[must_use]
    pub fn masker(&self) -> &Arc<Masker> {
        &self.masker
    }

    /// Adds a sink.
    #[must_use]
    pub fn with(mut self, sink: impl LogSink + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Starts to write.
    pub(crate) fn open(self) -> OpenLog {
        let (lines, task) = mpsc::channel(WAITING);
        let (own, supervisor) = mpsc::unbounded_channel();
        let inputs = writer::Inputs { task, supervisor };
        OpenLog {
            journal: Journal::new(own, Arc::clone(&self.masker)),
            writer: tokio::spawn(writer::run(inputs, self.sinks)),
            masker: self.masker,
            lines,
            pumps: JoinSet::new(),
            close: CancellationToken::new(),
            tail: Arc::default(),
        }
    }
}

impl fmt::Debug for TaskLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLog")
            .field("sinks", &self.sinks.len())
            .finish_non_exhaustive()
    }
}

/// A log that is being written.
pub(crate) struct OpenLog {
    masker: Arc<Masker>,
    journal: Journal,
    lines: mpsc::Sender<bytes::Bytes>,
    pumps: JoinSet<()>,
    close: CancellationToken,
    tail: Arc<Tail>,
    writer: JoinHandle<Vec<String>>,
}

impl OpenLog {
    pub(crate) fn masker(&self) -> &Arc<Masker> {
        &self.masker
    }

    /// Takes the supervisor's own lines.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Reads a stream from now on.
    pub(crate) fn read(&mut self, stream: Stream, reader: impl AsyncRead + Unpin + Send + 'static) {
        let pump = pump::Pump {
            stream,
            masker: Arc::clone(&self.masker),
            lines: self.lines.clone(),
            tail: (stream != Stream::Log).then(|| Arc::clone(&self.tail)),
            close: self.close.clone(),
        };
        self.pumps.spawn(pump.run(reader));
    }

    /// What the task printed last.
    pub(crate) fn printed(&self) -> String {
        self.tail.text(&self.masker)
    }

    /// Waits until all streams have ended.
    pub(crate) async fn ended(&mut self) {
        while self.pumps.join_next().await.is_some() {}
    }

    /// Reads nothing more but what is there already.
    pub(crate) fn close(&self) {
        self.close.cancel();
    }

    /// Waits until everything is written; returns what could not be.
    pub(crate) async fn finish(mut self) -> Vec<String> {
        self.ended().await;
        drop((self.lines, self.journal));
        match self.writer.await {
            Ok(problems) => problems,
            Err(error) => vec![format!("the log was not written to its end: {error}")],
        }
    }
}
