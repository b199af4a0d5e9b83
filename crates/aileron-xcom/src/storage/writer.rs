//! Writing an object whose text comes piece by piece.

use std::io;

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::objects::{codec, failed};
use super::parts::PIECE;
use super::upload::{Destination, compressed, upload_pieces, upload_text};
use super::{Codec, ObjectStorage, Problem, Reference, StorageError};

/// How many pieces wait to be sent.
const AHEAD: usize = 1;

/// A value that is written while its text is made by someone else. Without [`ObjectWriter::end`] there is no object.
///
/// Memory holds the text while it may be too short for an object, and some pieces of it from then on: in a directory about 2 MB, else
/// four parts of 5 MiB.
#[derive(Debug)]
#[must_use = "there is no object before `.end().await`"]
pub struct ObjectWriter {
    object: Reference,
    to: Destination,
    codec: Option<Codec>,
    threshold: u64,
    /// What is kept as long as it may be too short.
    pieces: Vec<Bytes>,
    /// The bytes of all pieces so far.
    length: u64,
    sending: Option<Sending>,
}

/// What became of a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// There is an object of so many bytes.
    Object {
        /// What the database is to hold.
        reference: Reference,
        /// How many bytes the object has.
        size: u64,
    },
    /// It is shorter than the threshold, and nothing was written: here it is.
    Short(Vec<Bytes>),
}

#[derive(Debug)]
struct Sending {
    pieces: Sender<Sent>,
    written: JoinHandle<Result<u64, Problem>>,
}

#[derive(Debug)]
enum Sent {
    Piece(Bytes),
    End,
}

impl ObjectStorage {
    /// Begins an object for a text of at least so many bytes.
    ///
    /// # Errors
    /// [`StorageError`], which names the object.
    ///
    /// ```
    /// # use aileron_xcom::storage::*;
    /// # async fn write(storage: &ObjectStorage, object: &Reference) -> Result<Ended, StorageError> {
    /// let mut writer = storage.writer(object, 1_000)?;
    /// writer.write("[1, 2".into()).await?;
    /// writer.write(", 3]".into()).await?;
    /// writer.end().await
    /// # }
    /// ```
    pub fn writer(&self, object: &Reference, threshold: u64) -> Result<ObjectWriter, StorageError> {
        Ok(ObjectWriter {
            codec: codec(object).map_err(|problem| failed("write", object, problem))?,
            to: self.destination(object),
            object: object.clone(),
            threshold,
            pieces: Vec::new(),
            length: 0,
            sending: None,
        })
    }
}

impl ObjectWriter {
    /// Takes the next piece of the text, and waits until there is room for it.
    ///
    /// # Errors
    /// [`StorageError`], which names the object. Nothing of it is visible then, and nothing more can be written.
    ///
    /// # Panics
    /// Outside of a runtime of tokio.
    pub async fn write(&mut self, piece: Bytes) -> Result<(), StorageError> {
        self.length += piece.len() as u64;
        self.pieces.push(piece);
        if self.sending.is_none() && self.length < self.threshold.max(PIECE as u64) {
            return Ok(());
        }
        let sending = self.sending.take();
        let sending = sending.unwrap_or_else(|| Sending::start(self.to.clone(), self.codec));
        for piece in self.pieces.drain(..) {
            if sending.pieces.send(Sent::Piece(piece)).await.is_err() {
                // It knows why it takes nothing more.
                let ended = || Problem::Io(io::Error::other("the upload has ended"));
                let problem = sending.outcome().await.err().unwrap_or_else(ended);
                return Err(failed("write", &self.object, problem));
            }
        }
        self.sending = Some(sending);
        Ok(())
    }

    /// Ends the text, and waits for the object.
    ///
    /// # Errors
    /// [`StorageError`], which names the object. Nothing of it is visible then.
    pub async fn end(mut self) -> Result<Ended, StorageError> {
        let written = if let Some(sending) = self.sending.take() {
            // If it takes nothing more, it knows why.
            let _ = sending.pieces.send(Sent::End).await;
            sending.outcome().await
        } else if self.length < self.threshold {
            return Ok(Ended::Short(self.pieces));
        } else {
            let length = usize::try_from(self.length).unwrap_or(usize::MAX);
            let text = std::mem::take(&mut self.pieces).into_iter().map(Ok);
            upload_text(&self.to, self.codec, text, length).await
        };
        match written {
            Ok(size) => Ok(Ended::Object {
                reference: self.object,
                size,
            }),
            Err(problem) => Err(failed("write", &self.object, problem)),
        }
    }
}

impl Sending {
    fn start(to: Destination, codec: Option<Codec>) -> Self {
        let (pieces, receiver) = channel(AHEAD);
        let written = tokio::spawn(async move {
            match codec {
                None => {
                    let pieces = stream::unfold(Some(receiver), async |receiver| {
                        let mut receiver = receiver?;
                        let piece = taken(receiver.recv().await)?;
                        let more = piece.is_ok().then_some(receiver);
                        Some((piece.map_err(Problem::Io), more))
                    });
                    upload_pieces(&to, pieces).await
                }
                Some(codec) => {
                    let pieces = compressed(codec, Blocking(Some(receiver)));
                    upload_pieces(&to, pieces).await
                }
            }
        });
        Self { pieces, written }
    }

    async fn outcome(self) -> Result<u64, Problem> {
        let Self { pieces, written } = self;
        // Without the end it is taken back.
        drop(pieces);
        let joined = written.await;
        joined.unwrap_or_else(|error| Err(Problem::Io(io::Error::other(error))))
    }
}

/// What came: a piece, the end, or nothing more from someone who has given up.
fn taken(sent: Option<Sent>) -> Option<io::Result<Bytes>> {
    match sent {
        Some(Sent::Piece(piece)) => Some(Ok(piece)),
        Some(Sent::End) => None,
        None => Some(Err(io::Error::other(
            "the value was not written to its end",
        ))),
    }
}

/// The pieces for a thread that compresses them.
struct Blocking(Option<Receiver<Sent>>);

impl Iterator for Blocking {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        let piece = taken(self.0.as_mut()?.blocking_recv());
        if !matches!(piece, Some(Ok(_))) {
            self.0 = None;
        }
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::testing::Stored;

    #[tokio::test]
    async fn a_text_is_an_object_from_the_threshold_on() {
        for codec in ["", "gzip", "zip"] {
            for count in [1, 3, 10_000] {
                let stored = Stored::new(codec);
                let object = stored.object();
                let text = "[0.25, 17]  ".repeat(count);
                for (threshold, is_object) in
                    [(0, true), (text.len(), true), (text.len() + 1, false)]
                {
                    let mut writer = stored.storage.writer(&object, threshold as u64).unwrap();
                    for piece in text.as_bytes().chunks(700) {
                        writer.write(piece.to_vec().into()).await.unwrap();
                    }
                    match writer.end().await.unwrap() {
                        Ended::Object { reference, size } => {
                            assert!(is_object && size > 0);
                            let read = stored.storage.read(&reference).await.unwrap();
                            assert!(read == text.as_bytes());
                            stored.storage.delete(&reference).await.unwrap();
                        }
                        Ended::Short(pieces) => {
                            assert!(!is_object);
                            assert!(pieces.concat() == text.as_bytes());
                        }
                    }
                    assert_eq!(stored.files(), 0);
                }
            }
        }
    }

    #[tokio::test]
    async fn of_a_text_that_is_not_ended_nothing_is_left() {
        for codec in ["", "gzip"] {
            let stored = Stored::new(codec);
            let object = stored.object();
            let mut writer = stored.storage.writer(&object, 0).unwrap();
            for _ in 0..50 {
                let piece = vec![b' '; PIECE];
                writer.write(piece.into()).await.unwrap();
            }
            let written = writer.sending.take().unwrap().outcome();
            drop(writer);
            let error = written.await.unwrap_err();
            assert!(
                error.to_string().contains("not written to its end"),
                "{error}"
            );
            assert_eq!(stored.files(), 0);
        }
    }

    #[tokio::test]
    async fn a_store_that_takes_nothing_says_why() {
        let stored = Stored::new("");
        std::fs::write(stored.directory.path().join("d"), "").unwrap();
        let object = stored.object();
        let mut writer = stored.storage.writer(&object, 0).unwrap();
        let error = loop {
            if let Err(error) = writer.write(vec![b' '; PIECE].into()).await {
                break error;
            }
        };
        assert!(error.to_string().contains(object.as_str()), "{error}");
        assert!(matches!(error.problem, Problem::Store(_)), "{error}");
    }
}
