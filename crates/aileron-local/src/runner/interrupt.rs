//! Ending a run from outside.

use aileron_supervisor::Stop;
use tokio_util::sync::CancellationToken;

/// Ends a run. Clones end the same one.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    stop: Stop,
    asked: CancellationToken,
}

impl Interrupt {
    /// Nothing is ended yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts nothing more, and sends SIGTERM to what runs. Called again, it sends SIGKILL.
    pub fn press(&self) {
        if self.asked.is_cancelled() {
            self.stop.kill();
        } else {
            self.asked.cancel();
            self.stop.terminate();
        }
    }

    pub(super) async fn asked(&self) {
        self.asked.cancelled().await;
    }

    pub(super) fn stop(&self) -> Stop {
        self.stop.child()
    }
}
