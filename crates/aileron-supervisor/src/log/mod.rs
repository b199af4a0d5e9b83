//! The log of a task.

mod sink;

use std::fmt;
use std::sync::Arc;

use aileron_secrets::Masker;

pub use sink::{FileSink, LogSink, StdoutSink};

/// Where the log of a task goes: every sink gets every line.
///
/// All lines go through one masker. The secrets that the task registers, and those among what it is given (passwords of
/// connections, sensitive variables), are masked before a line reaches a sink.
pub struct TaskLog {
    pub(crate) masker: Arc<Masker>,
    pub(crate) sinks: Vec<Box<dyn LogSink>>,
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
}

impl fmt::Debug for TaskLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLog")
            .field("sinks", &self.sinks.len())
            .finish_non_exhaustive()
    }
}
