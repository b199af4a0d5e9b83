//! Writing a Rust value into an object, as it is serialized.

use std::io;

use bytes::Bytes;
use serde::Serialize;

use super::beside::Beside;
use super::parts::PIECE;
use super::upload::{Destination, upload_text};
use super::{Codec, Problem};
use crate::json::{Growing, NotWritten, write_value};

/// From this length on a text is written by a thread while the rest of it is made. Below, starting one takes longer than it saves.
const LONG: u64 = if cfg!(test) { 16 << 10 } else { 2 << 20 };

/// Where a text goes.
pub(super) struct Target {
    pub(super) to: Destination,
    pub(super) codec: Option<Codec>,
    /// A shorter text goes nowhere.
    pub(super) threshold: u64,
}

/// What became of a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is an object of so many bytes.
    Written(u64),
    /// Its text is shorter than the threshold.
    Short,
    /// It has to be encoded first ([`NotWritten::Unusual`]).
    Unusual,
}

/// Writes a value.
pub(super) async fn write<T: Serialize + ?Sized>(
    value: &T,
    target: Target,
) -> Result<Outcome, Problem> {
    let mut outgoing = Outgoing {
        target,
        text: Vec::new(),
        pieces: Vec::new(),
        length: 0,
        beside: None,
        alone: false,
    };
    match write_value(value, &mut outgoing) {
        Ok(()) => outgoing.end().await,
        Err(NotWritten::Stopped) => match outgoing.beside {
            Some(beside) => beside.end().await.map(Outcome::Written),
            None => Err(Problem::Io(io::Error::other("nobody takes the text"))),
        },
        Err(NotWritten::Unusual) => {
            if let Some(beside) = outgoing.beside {
                beside.abandon().await;
            }
            Ok(Outcome::Unusual)
        }
    }
}

/// A text on its way: kept as long as it may be too short, and for a store behind a network until it is whole.
struct Outgoing {
    target: Target,
    /// The piece that grows.
    text: Vec<u8>,
    /// Pieces that are kept.
    pieces: Vec<Bytes>,
    /// The bytes of all pieces so far.
    length: u64,
    beside: Option<Beside>,
    /// Whether no thread is to be started any more.
    alone: bool,
}

impl Growing for Outgoing {
    fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    fn grown(&mut self) -> Result<(), NotWritten> {
        if self.text.len() < PIECE {
            return Ok(());
        }
        let room = Vec::with_capacity(PIECE + PIECE / 16);
        self.cut(room)
    }
}

impl Outgoing {
    /// Takes the piece, and leaves room for the next.
    fn cut(&mut self, room: Vec<u8>) -> Result<(), NotWritten> {
        let piece = Bytes::from(std::mem::replace(&mut self.text, room));
        self.length += piece.len() as u64;
        if let Some(beside) = &mut self.beside {
            return if beside.give(piece) {
                Ok(())
            } else {
                Err(NotWritten::Stopped)
            };
        }
        self.pieces.push(piece);
        if self.target.to.is_local && !self.alone && self.length >= self.target.threshold.max(LONG)
        {
            self.start()?;
        }
        Ok(())
    }

    /// Starts the thread, with what is there. Without a thread all is kept until the text is whole.
    fn start(&mut self) -> Result<(), NotWritten> {
        match Beside::start(self.target.to.clone(), self.target.codec) {
            Ok(mut beside) => {
                let taken = self.pieces.drain(..).all(|piece| beside.give(piece));
                self.beside = Some(beside);
                if taken {
                    Ok(())
                } else {
                    Err(NotWritten::Stopped)
                }
            }
            Err(_) => {
                self.alone = true;
                Ok(())
            }
        }
    }

    async fn end(mut self) -> Result<Outcome, Problem> {
        self.alone = true;
        // If it is not taken, the end tells why.
        let _ = self.cut(Vec::new());
        if let Some(beside) = self.beside {
            return beside.end().await.map(Outcome::Written);
        }
        if self.length < self.target.threshold {
            return Ok(Outcome::Short);
        }
        let Target { to, codec, .. } = &self.target;
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        let text = self.pieces.into_iter().map(Ok);
        let written = upload_text(to, *codec, text, length).await;
        written.map(Outcome::Written)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use aileron_object_storage::object_store::ObjectStore;
    use aileron_object_storage::object_store::path::Path;
    use serde::ser::SerializeSeq as _;
    use serde_json::Value;

    use super::*;

    /// A store in a directory, and all that is in it.
    struct Stored {
        directory: tempfile::TempDir,
        store: Arc<dyn ObjectStore>,
    }

    impl Stored {
        fn new() -> Self {
            use aileron_object_storage::object_store::local::LocalFileSystem;
            let directory = tempfile::tempdir().unwrap();
            let store = LocalFileSystem::new_with_prefix(directory.path()).unwrap();
            Self {
                directory,
                store: Arc::new(store),
            }
        }

        fn target(&self, is_local: bool, threshold: u64) -> Target {
            Target {
                to: Destination {
                    store: Arc::clone(&self.store),
                    path: Path::from("value"),
                    is_local,
                },
                codec: None,
                threshold,
            }
        }

        fn text(&self) -> Value {
            serde_json::from_slice(&std::fs::read(self.directory.path().join("value")).unwrap())
                .unwrap()
        }

        fn is_empty(&self) -> bool {
            std::fs::read_dir(self.directory.path()).unwrap().count() == 0
        }
    }

    fn rows(count: usize) -> Vec<Value> {
        (0..count)
            .map(|id| serde_json::json!({"id": id, "name": "ü".repeat(id % 50)}))
            .collect()
    }

    /// A list that does something behind its rows.
    struct Then<F>(Vec<Value>, F);

    impl<F: Fn()> Serialize for Then<F> {
        fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            let mut list = s.serialize_seq(None)?;
            for row in &self.0 {
                list.serialize_element(row)?;
            }
            (self.1)();
            list.serialize_element(&f64::NAN)?;
            list.end()
        }
    }

    #[tokio::test]
    async fn a_value_is_written_from_the_threshold_on() {
        for (count, is_local) in [(1, true), (3, false), (3_000, true), (3_000, false)] {
            let rows = rows(count);
            let length = serde_json::to_string(&rows).unwrap();
            // Python's text has a space behind each separator, and no letter with a dot.
            let length = length.replace(",\"", ", \"").replace("},", "}, ");
            let length = length.replace(':', ": ").replace('ü', "\\u00fc").len() as u64;
            let stored = Stored::new();
            let short = write(&rows, stored.target(is_local, length + 1)).await;
            assert_eq!(short.unwrap(), Outcome::Short);
            assert!(stored.is_empty());
            for threshold in [0, length] {
                let written = write(&rows, stored.target(is_local, threshold)).await;
                assert_eq!(written.unwrap(), Outcome::Written(length));
                assert_eq!(stored.text(), Value::from(rows.clone()));
            }
        }
    }

    #[tokio::test]
    async fn of_a_value_that_ends_unusually_nothing_is_left() {
        for is_local in [true, false] {
            let stored = Stored::new();
            let value = Then(rows(3_000), || {});
            let written = write(&value, stored.target(is_local, 0)).await;
            assert_eq!(written.unwrap(), Outcome::Unusual);
            assert!(stored.is_empty());
        }
    }

    #[test]
    fn of_a_value_whose_serialization_panics_nothing_is_left() {
        let stored = Stored::new();
        let target = stored.target(true, 0);
        let panicked = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let value = Then(rows(3_000), || panic!("in the middle"));
            runtime.unwrap().block_on(write(&value, target))
        });
        assert!(panicked.join().is_err());
        // The thread that writes learns of it by itself. It has the store until it ends.
        let start = std::time::Instant::now();
        while Arc::strong_count(&stored.store) > 1 && start.elapsed().as_secs() < 10 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(Arc::strong_count(&stored.store), 1);
        assert!(stored.is_empty());
    }

    #[tokio::test]
    async fn a_store_that_takes_nothing_says_why() {
        let stored = Stored::new();
        let file = stored.directory.path().join("file");
        std::fs::write(file, "").unwrap();
        let mut target = stored.target(true, 0);
        target.to.path = Path::from("file/value");
        let error = write(&rows(3_000), target).await.unwrap_err();
        assert!(matches!(error, Problem::Store(_)), "{error}");
    }

    #[tokio::test]
    async fn one_long_text_is_one_value() {
        let stored = Stored::new();
        let value = BTreeMap::from([("text", "é".repeat(200_000))]);
        let written = write(&value, stored.target(true, 0)).await;
        assert_eq!(written.unwrap(), Outcome::Written(1_200_000 + 12));
        assert_eq!(stored.text()["text"], value["text"].as_str());
    }
}
