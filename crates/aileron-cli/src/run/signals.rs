//! Ctrl-C and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use aileron_local::Interrupt;
use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

/// Remembers which signal came first.
pub(super) struct Signals {
    first: Arc<AtomicU8>,
}

/// Hands every signal on to the run: the first one ends it in order, the second at once.
pub(super) fn listen(interrupt: Interrupt) -> anyhow::Result<Signals> {
    let mut interrupts = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminations = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let first = Arc::new(AtomicU8::new(0));
    let seen = Arc::clone(&first);
    tokio::spawn(async move {
        loop {
            let number = tokio::select! {
                _ = interrupts.recv() => 2,
                _ = terminations.recv() => 15,
            };
            let _ = seen.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
            interrupt.press();
        }
    });
    Ok(Signals { first })
}

impl Signals {
    /// The number of the first signal.
    pub(super) fn first(&self) -> Option<u8> {
        Some(self.first.load(Ordering::Relaxed)).filter(|number| *number > 0)
    }
}
