//! An object as it comes, for whoever does not want all of it in memory.

use std::fs::File;
use std::pin::Pin;

use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStoreExt as _};

use crate::Place;
use crate::read::{Digest, ReadError, missing};

/// The chunks of an object.
pub type Chunks = Pin<Box<dyn Stream<Item = Result<bytes::Bytes, ReadError>> + Send>>;

/// An object that is about to be read.
pub enum Incoming {
    /// A file of this machine.
    File {
        /// The file, at its beginning.
        file: File,
        /// How many bytes it has.
        size: u64,
    },
    /// What a server sends. Behind the last chunk comes an error when their length or checksum is not what the store said.
    Chunks(Chunks),
}

impl Place {
    /// Asks for an object, and returns when it begins to come. Other than [`Place::read`] this cannot read again what arrives
    /// damaged: whoever reads it has seen the beginning.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn open_object(&self, path: &Path) -> Result<Incoming, ReadError> {
        let found = self.store.get(path).await.map_err(missing)?;
        let said = found.meta.size;
        let digest = Digest::of(&found.extensions);
        Ok(match found.payload {
            GetResultPayload::File(file, _) => Incoming::File { file, size: said },
            GetResultPayload::Stream(chunks) => {
                Incoming::Chunks(checked(chunks.map_err(missing), said, digest))
            }
        })
    }
}

fn checked(
    chunks: impl Stream<Item = Result<bytes::Bytes, ReadError>> + Send + Unpin + 'static,
    said: u64,
    digest: Digest,
) -> Chunks {
    let unfolded = stream::try_unfold((chunks, digest, 0), move |state| async move {
        let (mut chunks, mut digest, came) = state;
        if let Some(chunk) = chunks.next().await.transpose()? {
            digest.update(&chunk);
            let came = came + chunk.len() as u64;
            return Ok(Some((chunk, (chunks, digest, came))));
        }
        if came != said {
            return Err(ReadError::Length { came, said });
        }
        digest.check().map(|()| None)
    });
    unfolded.boxed()
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { file, size } => {
                let mut shown = f.debug_struct("File");
                shown.field("file", file).field("size", size).finish()
            }
            Self::Chunks(_) => f.write_str("Chunks"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(chunks: &[&'static str], said: u64) -> Result<String, ReadError> {
        let extensions = object_store::Extensions::default();
        let chunks: Vec<_> = chunks.iter().map(|chunk| Ok((*chunk).into())).collect();
        let chunks = checked(stream::iter(chunks), said, Digest::of(&extensions));
        let all = futures_util::FutureExt::now_or_never(chunks.try_collect::<Vec<_>>());
        Ok(String::from_utf8(all.unwrap()?.concat()).unwrap())
    }

    #[test]
    fn fewer_or_more_bytes_than_the_store_said_are_an_error_at_the_end() {
        assert_eq!(told(&["ab", "c"], 3).unwrap(), "abc");
        for said in [2, 4] {
            let error = told(&["ab", "c"], said).unwrap_err();
            assert!(
                matches!(error, ReadError::Length { came: 3, .. }),
                "{error}"
            );
        }
    }
}
