//! The bytes of an object for a thread that reads them.

use std::fs::File;
use std::io::{self, Read};

use aileron_object_storage::{Incoming, ReadError};
use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::task::AbortOnDropHandle;

/// How many chunks wait for the thread.
const AHEAD: usize = 16;

/// The bytes of an object. A [`ReadError`] is inside of the error that comes instead of them.
pub(super) enum Source {
    File {
        file: File,
        size: u64,
        came: u64,
    },
    Chunks {
        chunk: Bytes,
        chunks: Receiver<Result<Bytes, ReadError>>,
        /// Whether the last chunk has come. Without it whoever fetches was stopped.
        ended: bool,
    },
}

impl Source {
    /// What a server sends is fetched by a task of the runtime, which ends with the handle.
    pub(super) fn new(incoming: Incoming) -> (Self, Option<AbortOnDropHandle<()>>) {
        match incoming {
            Incoming::File { file, size } => (
                Self::File {
                    file,
                    size,
                    came: 0,
                },
                None,
            ),
            Incoming::Chunks(mut from) => {
                let (sender, chunks) = channel(AHEAD);
                let fetching = tokio::spawn(async move {
                    while let Some(chunk) = from.next().await {
                        let is_empty = chunk.as_ref().is_ok_and(Bytes::is_empty);
                        if !is_empty && sender.send(chunk).await.is_err() {
                            return;
                        }
                    }
                    // An empty chunk is the end, here and nowhere before.
                    let _ = sender.send(Ok(Bytes::new())).await;
                });
                let source = Self::Chunks {
                    chunk: Bytes::new(),
                    chunks,
                    ended: false,
                };
                (source, Some(AbortOnDropHandle::new(fetching)))
            }
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File { file, size, came } => {
                let count = match file.read(buffer) {
                    Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                        return Err(io::Error::other(ReadError::File(error)));
                    }
                    read => read?,
                };
                *came += count as u64;
                if count == 0 && !buffer.is_empty() && came != size {
                    let (came, said) = (*came, *size);
                    return Err(io::Error::other(ReadError::Length { came, said }));
                }
                Ok(count)
            }
            Self::Chunks {
                chunk,
                chunks,
                ended,
            } => {
                while chunk.is_empty() && !*ended {
                    *chunk = match chunks.blocking_recv() {
                        Some(chunk) => chunk.map_err(io::Error::other)?,
                        None => return Err(io::Error::other("nobody fetches it any more")),
                    };
                    *ended = chunk.is_empty();
                }
                let count = chunk.len().min(buffer.len());
                chunk.copy_to_slice(&mut buffer[..count]);
                Ok(count)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    /// What a thread reads of these chunks.
    async fn read(chunks: Vec<Result<&'static str, ReadError>>) -> io::Result<String> {
        let chunks = chunks.into_iter().map(|chunk| chunk.map(Bytes::from));
        let incoming = Incoming::Chunks(stream::iter(chunks.collect::<Vec<_>>()).boxed());
        let (mut source, _fetching) = Source::new(incoming);
        let thread = tokio::task::spawn_blocking(move || io::read_to_string(&mut source));
        thread.await.unwrap()
    }

    #[tokio::test]
    async fn chunks_are_read_to_the_end_and_an_empty_one_is_not_it() {
        assert_eq!(read(vec![]).await.unwrap(), "");
        let chunks = vec![Ok("ab"), Ok(""), Ok("c")];
        assert_eq!(read(chunks).await.unwrap(), "abc");
    }

    #[tokio::test]
    async fn an_error_comes_in_the_place_of_its_chunk() {
        let error = read(vec![Ok("ab"), Err(ReadError::Checksum)]).await;
        let error = error.unwrap_err().downcast::<ReadError>();
        assert!(matches!(error, Ok(ReadError::Checksum)), "{error:?}");
    }

    #[test]
    fn chunks_that_nobody_fetches_any_more_are_an_error() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap();
        let chunks = stream::pending::<Result<Bytes, ReadError>>().boxed();
        let (mut source, fetching) =
            runtime.block_on(async { Source::new(Incoming::Chunks(chunks)) });
        drop((fetching, runtime));
        let error = io::read_to_string(&mut source).unwrap_err().to_string();
        assert!(error.contains("nobody fetches"), "{error}");
    }

    #[test]
    fn a_file_that_has_become_shorter_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let open = |size| {
            let file = File::open(file.path()).unwrap();
            let (mut source, _) = Source::new(Incoming::File { file, size });
            io::read_to_string(&mut source)
        };
        assert_eq!(open(3).unwrap(), "abc");
        assert!(open(4).unwrap_err().to_string().contains("3 bytes came"));
    }
}
