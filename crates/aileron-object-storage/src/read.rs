//! Reading a whole object, and knowing that it is whole.

use std::fs::File;
use std::io::{self, Read as _};
use std::time::Duration;

use futures_util::StreamExt as _;
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStoreExt as _};

use crate::Place;

/// How often an object is read that arrives damaged.
const READS: u32 = 3;
/// How long to wait before it is read again; twice as long each time.
const PAUSE: Duration = Duration::from_millis(200);

/// About how large a piece of an object is.
const PIECE: usize = 512 << 10;

/// Why an object was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no such object.
    #[error("there is no such object")]
    Missing,
    /// Fewer or more bytes came than the store said, each time.
    #[error("{came} bytes came, and the store said {said}")]
    Length {
        /// How many came.
        came: u64,
        /// How many were to come.
        said: u64,
    },
    /// What came has another checksum than the store said, each time.
    #[error(
        "what came has another checksum than the store says: it was damaged on the way, or in the store"
    )]
    Checksum,
    /// The store did not give it.
    #[error(transparent)]
    Store(#[from] object_store::Error),
    /// The file could not be read.
    #[error(transparent)]
    File(std::io::Error),
}

impl Place {
    /// Reads a whole object. Its length and, where the store tells it, its MD5 are compared; what arrived damaged is read again, three
    /// times in all.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        self.read_into(path).await
    }

    /// Reads a whole object as [`Place::read`] does, in pieces of about 512 KiB.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read_pieces(&self, path: &Path) -> Result<Vec<Vec<u8>>, ReadError> {
        let read: Pieces = self.read_into(path).await?;
        Ok(read.pieces)
    }

    async fn read_into<B: Buffer>(&self, path: &Path) -> Result<B, ReadError> {
        let mut pause = PAUSE;
        for _ in 1..READS {
            match self.read_once(path).await {
                Err(ReadError::Length { .. } | ReadError::Checksum) => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
        self.read_once(path).await
    }

    async fn read_once<B: Buffer>(&self, path: &Path) -> Result<B, ReadError> {
        let found = self.store.get(path).await.map_err(missing)?;
        let said = found.meta.size;
        let mut bytes = B::for_size(said);
        let mut came = 0;
        let mut digest = Digest::of(&found.extensions);
        match found.payload {
            GetResultPayload::File(mut file, _) => {
                came = bytes.read(&mut file).map_err(ReadError::File)?;
            }
            GetResultPayload::Stream(mut stream) => {
                while let Some(chunk) = stream.next().await {
                    let chunk = chunk.map_err(missing)?;
                    came += chunk.len() as u64;
                    digest.update(&chunk);
                    bytes.push(&chunk);
                }
            }
        }
        if came != said {
            return Err(ReadError::Length { came, said });
        }
        digest.check()?;
        Ok(bytes)
    }
}

/// Where the bytes of an object are collected.
trait Buffer {
    fn for_size(size: u64) -> Self;

    fn push(&mut self, chunk: &[u8]);

    /// Reads a file to its end, and tells how many bytes that were.
    fn read(&mut self, file: &mut File) -> io::Result<u64>;
}

impl Buffer for Vec<u8> {
    fn for_size(size: u64) -> Self {
        Self::with_capacity(usize::try_from(size).unwrap_or_default())
    }

    fn push(&mut self, chunk: &[u8]) {
        self.extend_from_slice(chunk);
    }

    fn read(&mut self, file: &mut File) -> io::Result<u64> {
        Ok(file.read_to_end(self)? as u64)
    }
}

/// Bytes in pieces of [`PIECE`] or a little more.
struct Pieces {
    pieces: Vec<Vec<u8>>,
    /// How many bytes are to come: a small object takes no room for a whole piece.
    left: usize,
}

impl Pieces {
    fn begin(&mut self, least: usize) -> Vec<u8> {
        let piece = Vec::with_capacity(PIECE.min(self.left).max(least));
        self.left = self.left.saturating_sub(PIECE);
        piece
    }
}

impl Buffer for Pieces {
    fn for_size(size: u64) -> Self {
        Self {
            pieces: Vec::new(),
            left: usize::try_from(size).unwrap_or(usize::MAX),
        }
    }

    fn push(&mut self, chunk: &[u8]) {
        match self.pieces.last_mut() {
            Some(last) if last.len() + chunk.len() <= PIECE => last.extend_from_slice(chunk),
            _ => {
                let mut piece = self.begin(chunk.len());
                piece.extend_from_slice(chunk);
                self.pieces.push(piece);
            }
        }
    }

    fn read(&mut self, file: &mut File) -> io::Result<u64> {
        let mut read = 0;
        loop {
            let mut piece = self.begin(0);
            let count = file.take(PIECE as u64).read_to_end(&mut piece)?;
            if count == 0 {
                return Ok(read);
            }
            read += count as u64;
            self.pieces.push(piece);
        }
    }
}

pub(crate) fn missing(error: object_store::Error) -> ReadError {
    match error {
        object_store::Error::NotFound { .. } => ReadError::Missing,
        error => ReadError::Store(error),
    }
}

#[cfg(any(feature = "aws", feature = "azure", feature = "gcp", feature = "http"))]
mod digest {
    use md5::{Digest as _, Md5};
    use object_store::Extensions;

    use super::ReadError;
    use crate::digest::ContentMd5;

    /// The digest of what comes, if the store said one.
    pub(crate) struct Digest(Option<(Md5, ContentMd5)>);

    impl Digest {
        pub(crate) fn of(extensions: &Extensions) -> Self {
            let said = extensions.get::<ContentMd5>().copied();
            Self(said.map(|said| (Md5::new(), said)))
        }

        pub(crate) fn update(&mut self, chunk: &[u8]) {
            if let Some((md5, _)) = &mut self.0 {
                md5.update(chunk);
            }
        }

        pub(crate) fn check(self) -> Result<(), ReadError> {
            let Some((md5, said)) = self.0 else {
                return Ok(());
            };
            if md5.finalize()[..] == said.0 {
                Ok(())
            } else {
                Err(ReadError::Checksum)
            }
        }
    }
}

#[cfg(not(any(feature = "aws", feature = "azure", feature = "gcp", feature = "http")))]
mod digest {
    use object_store::Extensions;

    use super::ReadError;

    /// A file system says no digest.
    pub(crate) struct Digest;

    impl Digest {
        pub(crate) fn of(_extensions: &Extensions) -> Self {
            Self
        }

        pub(crate) fn update(&mut self, _chunk: &[u8]) {}

        pub(crate) fn check(self) -> Result<(), ReadError> {
            Ok(())
        }
    }
}

pub(crate) use digest::Digest;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Location;

    #[tokio::test]
    async fn a_file_is_read_whole_and_a_missing_one_is_said() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a"), b"abc").unwrap();
        let url = format!("file://{}", directory.path().display());
        let place = Location::parse(&url).unwrap().open(None).unwrap();
        let read = async |name| place.read(&place.below(name).unwrap()).await;
        assert_eq!(read("a").await.unwrap(), b"abc");
        assert!(matches!(read("b").await, Err(ReadError::Missing)));
    }

    #[tokio::test]
    async fn pieces_are_the_whole_object() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("file://{}", directory.path().display());
        let place = Location::parse(&url).unwrap().open(None).unwrap();
        for size in [0, 1, PIECE, 2 * PIECE + 7] {
            let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
            std::fs::write(directory.path().join("a"), &bytes).unwrap();
            let pieces = place.read_pieces(&place.below("a").unwrap()).await.unwrap();
            assert!(pieces.concat() == bytes, "{size}");
            assert_eq!(pieces.len(), size.div_ceil(PIECE));
        }
    }

    #[test]
    fn small_chunks_share_a_piece() {
        let mut pieces = Pieces::for_size(3 * PIECE as u64 + 1);
        for chunk in [&[1; 10][..], &[2; PIECE - 10], &[3], &[4; 2 * PIECE]] {
            pieces.push(chunk);
        }
        let lengths: Vec<usize> = pieces.pieces.iter().map(Vec::len).collect();
        assert_eq!(lengths, [PIECE, 1, 2 * PIECE]);
        let mut small = Pieces::for_size(1_000);
        small.push(&[1; 1_000]);
        assert!(small.pieces[0].capacity() < 2_000);
    }
}
