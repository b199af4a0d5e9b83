//! Writing an object by a thread of its own, while its text is still made.
//!
//! For stores that are a directory. A store behind a network has connections that belong to the runtime of whoever makes the text, and
//! would stand still with it.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::upload::{Destination, upload_text};
use super::{Codec, Problem};

/// How many pieces wait to be written.
const AHEAD: usize = 1;
/// How long it may take until the next of them is taken. After that none is waited for any more, and memory holds what comes: whoever
/// makes the text may have signals to answer.
const STALLED: Duration = if cfg!(test) {
    Duration::from_millis(50)
} else {
    Duration::from_secs(1)
};

/// An object that a thread writes. Without [`Beside::end`] there is no object.
pub(super) struct Beside {
    pieces: Sender<Sent>,
    queue: Arc<Queue>,
    /// Whether the store has not kept up.
    stalled: bool,
    done: oneshot::Receiver<Result<u64, Problem>>,
}

enum Sent {
    Piece(Bytes),
    End,
}

/// How many pieces wait.
#[derive(Default)]
struct Queue {
    waiting: Mutex<usize>,
    taken: Condvar,
}

impl Beside {
    /// Starts the thread.
    pub(super) fn start(to: Destination, codec: Option<Codec>) -> io::Result<Self> {
        let (pieces, receiver) = channel();
        let queue = Arc::new(Queue::default());
        let text = Received {
            pieces: Some(receiver),
            queue: Arc::clone(&queue),
        };
        let (done, outcome) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let upload = move || {
            let written = runtime.block_on(upload_text(&to, codec, text, usize::MAX));
            // Nobody may wait for it any more.
            let _ = done.send(written);
        };
        let thread = thread::Builder::new().name("aileron-upload".to_owned());
        thread.spawn(upload)?;
        Ok(Self {
            pieces,
            queue,
            stalled: false,
            done: outcome,
        })
    }

    /// Gives it a piece, and waits until there is room for it. `false` when nothing more is taken.
    pub(super) fn give(&mut self, piece: Bytes) -> bool {
        if !self.stalled {
            self.stalled = !self.queue.wait();
        }
        self.queue.add();
        self.pieces.send(Sent::Piece(piece)).is_ok()
    }

    /// Ends the text, and waits for the object.
    pub(super) async fn end(self) -> Result<u64, Problem> {
        // If it takes nothing more, it knows why.
        let _ = self.pieces.send(Sent::End);
        let Self { done, .. } = self;
        done.await.unwrap_or_else(|_| {
            let ended = io::Error::other("the thread that writes it has ended");
            Err(Problem::Io(ended))
        })
    }

    /// Takes the text back, and waits until nothing of it is left.
    pub(super) async fn abandon(self) {
        let Self { pieces, done, .. } = self;
        drop(pieces);
        let _ = done.await;
    }
}

impl Queue {
    /// Waits for room; `false` if none comes.
    fn wait(&self) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while *waiting > AHEAD {
            let before = *waiting;
            let woken = self.taken.wait_timeout(waiting, STALLED);
            let (now, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() && *now >= before {
                return false;
            }
            waiting = now;
        }
        true
    }

    fn add(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn take(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = waiting.saturating_sub(1);
        self.taken.notify_one();
    }
}

/// The pieces as they come.
struct Received {
    pieces: Option<Receiver<Sent>>,
    queue: Arc<Queue>,
}

impl Iterator for Received {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self.pieces.as_ref()?.recv() {
            Ok(Sent::Piece(piece)) => {
                self.queue.take();
                return Some(Ok(piece));
            }
            Ok(Sent::End) => {}
            // Whoever made the text has given up, or panicked.
            Err(_) => {
                self.pieces = None;
                let broken = "the value was not written to its end";
                return Some(Err(io::Error::other(broken)));
            }
        }
        self.pieces = None;
        None
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        // Whoever waits for room learns that nothing more is taken.
        self.pieces = None;
        *self
            .queue
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = 0;
        self.queue.taken.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn nobody_waits_for_long_for_a_store_that_stands_still() {
        let queue = Queue::default();
        assert!(queue.wait());
        for _ in 0..=AHEAD {
            queue.add();
        }
        let start = Instant::now();
        assert!(!queue.wait());
        assert!(start.elapsed() >= STALLED);
        queue.take();
        assert!(queue.wait());
    }

    #[test]
    fn whoever_waits_goes_on_when_a_piece_is_taken() {
        let queue = Arc::new(Queue::default());
        for _ in 0..=AHEAD {
            queue.add();
        }
        let taker = Arc::clone(&queue);
        let taking = thread::spawn(move || taker.take());
        assert!(queue.wait());
        taking.join().unwrap();
    }

    #[test]
    fn nothing_is_waited_for_when_nothing_more_is_taken() {
        let (_pieces, receiver) = channel();
        let queue = Arc::new(Queue::default());
        for _ in 0..=AHEAD {
            queue.add();
        }
        drop(Received {
            pieces: Some(receiver),
            queue: Arc::clone(&queue),
        });
        assert!(queue.wait());
    }
}
