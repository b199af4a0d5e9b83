//! Where log lines go.

use std::io::{self, Write as _};

/// Takes the lines of one task, in order.
///
/// It is called from a thread that may block, for many lines at once, and never twice at the same time. A closure is a sink
/// that cannot fail:
///
/// ```
/// use std::sync::{Arc, mpsc};
///
/// use aileron_secrets::Masker;
/// use aileron_supervisor::TaskLog;
///
/// let (sender, receiver) = mpsc::channel();
/// let log = TaskLog::new(Arc::new(Masker::default())).with(move |lines: &[u8]| {
///     let _ = sender.send(lines.to_vec());
/// });
/// # drop((log, receiver));
/// ```
pub trait LogSink: Send {
    /// Takes lines: JSON objects as Airflow writes them (`timestamp`, `level`, `event`, `logger`, ...), each with its `\n`.
    ///
    /// # Errors
    ///
    /// What could not be written. The sink is called again with later lines; the problem is told in
    /// [`Finished::log_problems`](crate::Finished::log_problems).
    fn write(&mut self, lines: &[u8]) -> io::Result<()>;

    /// Called once, after the last line.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What this is, for a person: `the log file /logs/attempt=1.log`.
    fn name(&self) -> String {
        "a log sink".to_owned()
    }
}

impl<F: FnMut(&[u8]) + Send> LogSink for F {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        self(lines);
        Ok(())
    }
}

/// The standard output of this process.
#[derive(Debug, Default)]
pub struct StdoutSink {}

impl LogSink for StdoutSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(lines)?;
        stdout.flush()
    }

    fn name(&self) -> String {
        "standard output".to_owned()
    }
}
