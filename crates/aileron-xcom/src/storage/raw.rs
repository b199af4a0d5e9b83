//! Bytes that tasks pass by reference. They lie beside the XComs, and an XCom says where.

use std::io;

use aileron_object_storage::ReadError;
use aileron_object_storage::object_store::{
    self, GetResult, GetResultPayload, ObjectStoreExt as _,
};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::objects::failed;
use super::parts::PIECE;
use super::upload::upload_pieces;
use super::{Coordinate, ObjectStorage, Problem, Reference, SettingsError, StorageError};

/// What bytes are known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// How many there are.
    pub size: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl Fingerprint {
    /// That of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::new(bytes.len() as u64, Sha256::new_with_prefix(bytes))
    }

    fn new(size: u64, sha256: Sha256) -> Self {
        Self {
            size,
            sha256: hex::encode(sha256.finalize()),
        }
    }
}

/// Counts what goes through, and digests it on another thread meanwhile.
struct Tally {
    size: u64,
    pieces: mpsc::Sender<Bytes>,
    digest: JoinHandle<Sha256>,
}

impl Tally {
    fn start() -> Self {
        let (pieces, mut coming) = mpsc::channel::<Bytes>(2);
        let digest = spawn_blocking(move || {
            let mut sha256 = Sha256::new();
            while let Some(piece) = coming.blocking_recv() {
                sha256.update(&piece);
            }
            sha256
        });
        Self {
            size: 0,
            pieces,
            digest,
        }
    }

    async fn take(&mut self, piece: Bytes) {
        self.size += piece.len() as u64;
        // Whether the thread has ended shows at the end.
        let _ = self.pieces.send(piece).await;
    }

    async fn fingerprint(self) -> io::Result<Fingerprint> {
        drop(self.pieces);
        let sha256 = self.digest.await.map_err(io::Error::other)?;
        Ok(Fingerprint::new(self.size, sha256))
    }
}

impl ObjectStorage {
    /// A new object for bytes of a task instance: `<dag_id>/<run_id>/<task_id>/objects/<map_index>/<uuid>` with this suffix.
    ///
    /// # Errors
    /// [`SettingsError::Name`] when no object can be named for these ids.
    pub fn raw(
        &self,
        coordinate: &Coordinate<'_>,
        map_index: i64,
        suffix: &str,
    ) -> Result<Reference, SettingsError> {
        let directory = directory(coordinate, map_index);
        self.object(&format!("{directory}/{}{suffix}", Uuid::new_v4()))
    }

    /// Writes everything that there is to read into an object. Memory holds a few parts of 5 MiB.
    ///
    /// # Errors
    /// [`StorageError`], which names the object. Nothing of it is visible then.
    pub async fn write_raw<R: AsyncRead + Unpin>(
        &self,
        object: &Reference,
        source: R,
    ) -> Result<Fingerprint, StorageError> {
        let of_file = |error| failed("write", object, Problem::Io(error));
        let mut source = Pieces {
            source,
            tally: Tally::start(),
        };
        let pieces = stream::try_unfold(&mut source, |source| async move {
            let piece = source.next().await.map_err(Problem::Io)?;
            Ok((!piece.is_empty()).then_some((piece, source)))
        });
        let written = upload_pieces(&self.destination(object), pieces).await;
        written.map_err(|problem| failed("write", object, problem))?;
        source.tally.fingerprint().await.map_err(of_file)
    }

    /// Reads an object into a writer. Memory holds a few chunks.
    ///
    /// # Errors
    /// [`StorageError`], which names the object. Some of it may have been written by then.
    pub async fn read_raw<W: AsyncWrite + Unpin>(
        &self,
        object: &Reference,
        mut target: W,
    ) -> Result<Fingerprint, StorageError> {
        let problem = |problem| failed("read", object, problem);
        let of_file = |error| problem(Problem::Io(error));
        let found = self.place().store.get(object.path()).await;
        let mut pieces = pieces(found.map_err(of_store).map_err(problem)?);
        let mut tally = Tally::start();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(problem)?;
            tally.take(piece.clone()).await;
            target.write_all(&piece).await.map_err(of_file)?;
        }
        target.flush().await.map_err(of_file)?;
        tally.fingerprint().await.map_err(of_file)
    }

    /// Reads the bytes of an object. What arrives damaged is read again, three times in all.
    ///
    /// # Errors
    /// [`StorageError`], which names the object.
    pub async fn read_raw_bytes(&self, object: &Reference) -> Result<Vec<u8>, StorageError> {
        let bytes = self.place().read(object.path()).await;
        bytes.map_err(|error| failed("read", object, error.into()))
    }

    /// Deletes all bytes that a task instance has passed by reference.
    ///
    /// # Errors
    /// [`StorageError`], which names the first object that could not be deleted.
    pub async fn clear_raw(
        &self,
        coordinate: &Coordinate<'_>,
        map_index: i64,
    ) -> Result<(), StorageError> {
        match self.object(&directory(coordinate, map_index)) {
            Ok(directory) => self.clear_directory(&directory).await,
            // Where no object can be, there is none.
            Err(_) => Ok(()),
        }
    }
}

fn directory(coordinate: &Coordinate<'_>, map_index: i64) -> String {
    let Coordinate {
        dag_id,
        run_id,
        task_id,
        ..
    } = coordinate;
    format!("{dag_id}/{run_id}/{task_id}/objects/{map_index}")
}

/// Reads in pieces.
struct Pieces<R> {
    source: R,
    tally: Tally,
}

impl<R: AsyncRead + Unpin> Pieces<R> {
    /// The next piece; an empty one at the end.
    async fn next(&mut self) -> io::Result<Bytes> {
        let mut piece = Vec::with_capacity(PIECE);
        let mut source = (&mut self.source).take(PIECE as u64);
        source.read_to_end(&mut piece).await?;
        let piece = Bytes::from(piece);
        self.tally.take(piece.clone()).await;
        Ok(piece)
    }
}

/// The bytes of an object. Those of a file come in larger pieces than its store makes.
fn pieces(found: GetResult) -> BoxStream<'static, Result<Bytes, Problem>> {
    let size = usize::try_from(found.meta.size).unwrap_or(PIECE);
    let room = size.clamp(1, PIECE);
    match found.payload {
        GetResultPayload::Stream(chunks) => chunks.map_err(of_store).boxed(),
        GetResultPayload::File(file, _) => {
            let mut file = File::from_std(file);
            file.set_max_buf_size(PIECE);
            ReaderStream::with_capacity(file, room)
                .map_err(|error| Problem::Read(ReadError::File(error)))
                .boxed()
        }
    }
}

fn of_store(error: object_store::Error) -> Problem {
    match error {
        object_store::Error::NotFound { .. } => Problem::Missing,
        error => Problem::Store(error),
    }
}

#[cfg(test)]
mod tests {
    use aileron_config::Config;
    use proptest::prelude::*;

    use super::*;
    use crate::storage::Settings;
    use crate::storage::parts::PART;

    const TASK: Coordinate<'_> = Coordinate {
        dag_id: "d",
        run_id: "manual__2026-01-01T00:00:00+00:00",
        task_id: "t",
        ti_id: None,
    };

    fn storage() -> (tempfile::TempDir, ObjectStorage) {
        let directory = tempfile::tempdir().unwrap();
        let base = format!("file://{}", directory.path().display());
        let settings = Settings::of_xcoms(&Config::with_environment([(
            "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH",
            base.as_str(),
        )]));
        let storage = ObjectStorage::open(&settings.unwrap(), None).unwrap();
        (directory, storage)
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn bytes_of_any_length_come_back(parts in 0..4_usize, more in 0..3_usize, byte: u8) {
            let (_directory, storage) = storage();
            let bytes = vec![byte; parts * PART + more];
            let object = storage.raw(&TASK, -1, ".bin").unwrap();
            block_on(async {
                let written = storage.write_raw(&object, &bytes[..]).await.unwrap();
                assert_eq!(written, Fingerprint::of(&bytes));
                let mut read = Vec::new();
                let came = storage.read_raw(&object, &mut read).await.unwrap();
                assert!(came == written && read == bytes);
                assert!(storage.read_raw_bytes(&object).await.unwrap() == bytes);
            });
        }
    }

    /// Gives some bytes, and then an error.
    struct Breaks(usize);

    impl AsyncRead for Breaks {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buffer: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            if self.0 == 0 {
                return std::task::Poll::Ready(Err(io::Error::other("the source broke")));
            }
            let count = self.0.min(buffer.remaining());
            buffer.put_slice(&vec![7; count]);
            self.0 -= count;
            std::task::Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_source_that_breaks_leaves_no_object() {
        let (_directory, storage) = storage();
        for before in [0, PART / 2, 3 * PART] {
            let object = storage.raw(&TASK, -1, "").unwrap();
            let error = block_on(storage.write_raw(&object, Breaks(before))).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("the source broke") && text.contains(object.as_str()),
                "{text}"
            );
            let found = block_on(storage.read_raw_bytes(&object)).unwrap_err();
            assert!(matches!(found.problem, Problem::Missing), "{found}");
        }
    }

    #[test]
    fn only_the_bytes_of_one_task_instance_are_cleared() {
        let (_directory, storage) = storage();
        let [ours, other] = [1, 10].map(|index| storage.raw(&TASK, index, "").unwrap());
        block_on(async {
            for object in [&ours, &other] {
                storage.write_raw(object, &b"x"[..]).await.unwrap();
            }
            storage.clear_raw(&TASK, 1).await.unwrap();
            storage.clear_raw(&TASK, 1).await.unwrap();
            assert!(storage.read_raw_bytes(&ours).await.is_err());
            assert_eq!(storage.read_raw_bytes(&other).await.unwrap(), b"x");
        });
    }
}
