//! Writing an object by a thread of its own, while its text is still made.
//!
//! For stores that are a directory. A store behind a network has connections that belong to the runtime of whoever makes the text, and
//! would stand still with it.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use bytes::Bytes;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::upload::{Destination, upload_text};
use super::{Codec, Problem};

/// How many pieces wait to be written.
const AHEAD: usize = 1;

/// An object that a thread writes. Without [`Beside::end`] there is no object.
pub(super) struct Beside {
    pieces: SyncSender<Sent>,
    done: oneshot::Receiver<Result<u64, Problem>>,
}

enum Sent {
    Piece(Bytes),
    End,
}

impl Beside {
    /// Starts the thread.
    pub(super) fn start(to: Destination, codec: Option<Codec>) -> io::Result<Self> {
        let (pieces, receiver) = sync_channel(AHEAD);
        let (done, outcome) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let upload = move || {
            let text = Received {
                pieces: Some(receiver),
            };
            let written = runtime.block_on(upload_text(&to, codec, text, usize::MAX));
            // Nobody may wait for it any more.
            let _ = done.send(written);
        };
        let thread = thread::Builder::new().name("aileron-upload".to_owned());
        thread.spawn(upload)?;
        Ok(Self {
            pieces,
            done: outcome,
        })
    }

    /// Gives it a piece, and waits until there is room for it. `false` when nothing more is taken.
    pub(super) fn give(&self, piece: Bytes) -> bool {
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
        let Self { pieces, done } = self;
        drop(pieces);
        let _ = done.await;
    }
}

/// The pieces as they come.
struct Received {
    pieces: Option<Receiver<Sent>>,
}

impl Iterator for Received {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self.pieces.as_ref()?.recv() {
            Ok(Sent::Piece(piece)) => return Some(Ok(piece)),
            Ok(Sent::End) => {}
            // Whoever made the text has given up, or panicked.
            Err(_) => {
                self.pieces = None;
                return Some(Err(io::Error::other(
                    "the value was not written to its end",
                )));
            }
        }
        self.pieces = None;
        None
    }
}
