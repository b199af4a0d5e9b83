//! The one place that hands lines to the sinks.

use std::io;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::LogSink;

/// So many batches are handed over at once.
const AT_ONCE: usize = 16;

/// What it takes lines from: those of the task, and those of the supervisor. The first end before the second.
pub(super) struct Inputs {
    pub(super) task: mpsc::Receiver<Bytes>,
    pub(super) supervisor: mpsc::UnboundedReceiver<Bytes>,
}

impl Inputs {
    /// What is there, at least one batch; nothing when both inputs are closed.
    async fn next(&mut self) -> Vec<Bytes> {
        let first = tokio::select! {
            biased;
            Some(lines) = self.task.recv() => lines,
            Some(lines) = self.supervisor.recv() => lines,
            else => return Vec::new(),
        };
        let mut batches = vec![first];
        while batches.len() < AT_ONCE {
            match self.task.try_recv() {
                Ok(lines) => batches.push(lines),
                Err(_) => break,
            }
        }
        batches
    }
}

/// Hands lines to the sinks until both inputs are closed, and returns what went wrong.
///
/// Sinks may block, so they are called on a thread for that.
pub(super) async fn run(mut inputs: Inputs, sinks: Vec<Box<dyn LogSink>>) -> Vec<String> {
    let mut sinks: Vec<Watched> = sinks.into_iter().map(Watched::new).collect();
    loop {
        let batches = inputs.next().await;
        if batches.is_empty() {
            break;
        }
        sinks = blocking(sinks, move |sink| {
            for lines in &batches {
                sink.write(lines);
            }
        })
        .await;
    }
    sinks = blocking(sinks, Watched::finish).await;
    sinks.into_iter().filter_map(|sink| sink.problem).collect()
}

async fn blocking(
    mut sinks: Vec<Watched>,
    mut call: impl FnMut(&mut Watched) + Send + 'static,
) -> Vec<Watched> {
    let called = tokio::task::spawn_blocking(move || {
        sinks.iter_mut().for_each(&mut call);
        sinks
    });
    match called.await {
        Ok(sinks) => sinks,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// A sink, and what went wrong with it first.
struct Watched {
    sink: Box<dyn LogSink>,
    problem: Option<String>,
}

impl Watched {
    fn new(sink: Box<dyn LogSink>) -> Self {
        Self {
            sink,
            problem: None,
        }
    }

    fn write(&mut self, lines: &[u8]) {
        let written = self.sink.write(lines);
        self.note(written);
    }

    fn finish(&mut self) {
        let finished = self.sink.finish();
        self.note(finished);
    }

    /// The first problem is told at once, loudly; the task goes on.
    fn note(&mut self, result: io::Result<()>) {
        let (Err(error), None) = (result, &self.problem) else {
            return;
        };
        let problem = format!("{} cannot be written: {error}", self.sink.name());
        tracing::error!("the log of a task is incomplete: {problem}");
        self.problem = Some(problem);
    }
}
