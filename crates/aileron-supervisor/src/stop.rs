//! Ending a task from outside.

use tokio_util::sync::CancellationToken;

/// Ends a task that is being supervised. Clones end the same task; a [`child`](Self::child) is ended with its parent.
///
/// A process that has to end itself, because of Ctrl-C or a SIGTERM, calls this and then waits for
/// [`supervise`](crate::supervise), so that how the task ended is still told.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    terminate: CancellationToken,
    kill: CancellationToken,
}

impl Stop {
    /// Nothing is ended yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Is ended with `self`, and can be ended alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            terminate: self.terminate.child_token(),
            kill: self.kill.child_token(),
        }
    }

    /// Sends SIGTERM to the task, and SIGKILL when it is still there after the grace period.
    pub fn terminate(&self) {
        self.terminate.cancel();
    }

    /// Sends SIGKILL to the task at once.
    pub fn kill(&self) {
        self.terminate.cancel();
        self.kill.cancel();
    }

    /// Waits until the task is told to end.
    pub(crate) async fn terminated(&self) {
        self.terminate.cancelled().await;
    }

    /// Waits until the task is told to end at once.
    pub(crate) async fn killed(&self) {
        self.kill.cancelled().await;
    }

    /// Whether the task was told to end.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.terminate.is_cancelled()
    }
}
