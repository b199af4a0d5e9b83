//! What comes, one after the other.

use tokio::sync::mpsc;

use super::{DagRun, XCom};
use crate::Failure;

/// How many rows wait for who reads them.
const WAITING: usize = 64;

/// XComs, one after the other; few are in memory at a time. Dropping them ends the asking.
pub type XComs = Stream<XCom>;

/// Dag runs, one after the other.
pub type DagRuns = Stream<DagRun>;

/// What somebody else fetches.
#[derive(Debug)]
pub struct Stream<T>(mpsc::Receiver<Result<T, Failure>>);

/// Where it comes in.
#[derive(Debug)]
pub(crate) struct Sender<T>(mpsc::Sender<Result<T, Failure>>);

/// Nobody listens any more.
#[derive(Debug)]
pub(crate) struct NobodyListens;

impl<T: Send + 'static> Stream<T> {
    /// A stream of what a task sends. A failure that the task ends with is the last that comes.
    pub(crate) fn of<F>(task: impl FnOnce(Sender<T>) -> F) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(WAITING);
        let last = sender.clone();
        let task = task(Sender(sender));
        tokio::spawn(async move {
            if let Err(failure) = task.await {
                let _ = last.send(Err(failure)).await;
            }
        });
        Self(receiver)
    }

    /// The next one; `None` when that were all.
    ///
    /// # Errors
    /// Each [`Failure`] of the way. What came before is good, and it is not all.
    pub async fn next(&mut self) -> Result<Option<T>, Failure> {
        self.0.recv().await.transpose()
    }
}

impl<T> Sender<T> {
    pub(crate) async fn send(&self, item: T) -> Result<(), NobodyListens> {
        self.0.send(Ok(item)).await.map_err(|_| NobodyListens)
    }
}
