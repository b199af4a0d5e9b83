//! A long list in an object, read row by row.

mod order;
mod source;
mod split;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{io, thread, vec};

use futures_util::StreamExt as _;
use futures_util::future::poll_fn;
use futures_util::stream::{self, Stream};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::Receiver;
use tokio::task::spawn_blocking;
use tokio_util::task::AbortOnDropHandle;

use self::order::InOrder;
use self::source::Source;
use self::split::{Part, Sent};
use super::objects::{codec, failed};
use super::{ObjectStorage, Problem, Reference, StorageError, ValueError};
use crate::json::{Likely, decode_pieces, read_elements};

/// The rows of a list, as they are read.
///
/// The object is read while its first rows are used, and memory holds a few pieces of 256 KiB of it, as text and as rows, however long
/// the list is. All processors read rows; one may be read more than once, and is given once.
///
/// It is a [`Stream`], and needs no trait for [`next`](Self::next). It ends after the first error. What is wrong with the end of an
/// object (it was cut off, its checksum differs) is known when its beginning has been given.
///
/// ```
/// # use aileron_xcom::storage::*;
/// # async fn sum(storage: &ObjectStorage, object: &Reference) -> Result<u64, ValueError> {
/// let mut rows = storage.read_rows::<u64>(object).await?;
/// let mut sum = 0;
/// while let Some(row) = rows.next().await {
///     sum += row?;
/// }
/// # Ok(sum) }
/// ```
#[must_use = "rows are read with `.next().await`"]
pub struct Rows<T> {
    read: Pin<Box<dyn Stream<Item = Batch<T>> + Send>>,
    rows: vec::IntoIter<T>,
    /// What comes behind these rows.
    error: Option<ValueError>,
    ended: bool,
    /// Fetches the object.
    _fetching: Option<AbortOnDropHandle<()>>,
}

/// Rows, and the error behind them.
type Batch<T> = (Vec<T>, Option<ValueError>);

/// What a part was read as.
enum Read<T> {
    Rows(Batch<T>),
    /// The rows of a part that may begin or end in the wrong place. `None` when they are none.
    Likely(Option<Vec<T>>, Likely),
}

impl ObjectStorage {
    /// Reads a list in an object row by row.
    ///
    /// # Errors
    /// [`StorageError`], which names the object. What is wrong with a row comes in its place.
    ///
    /// # Panics
    /// Outside of a runtime of tokio. When reading a row panics, so does whoever asks for it.
    pub async fn read_rows<T: DeserializeOwned + Send + 'static>(
        &self,
        object: &Reference,
    ) -> Result<Rows<T>, StorageError> {
        let failed = |problem| failed("read", object, problem);
        let codec = codec(object).map_err(failed)?;
        let incoming = self.place().open_object(object.path()).await;
        let incoming = incoming.map_err(|error| failed(error.into()))?;
        let (source, fetching) = Source::new(incoming);
        let parts = split::start(source, codec);
        let parts = parts.map_err(|error| failed(Problem::Io(error)))?;
        // While one window is used, each processor has one to read.
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let object = object.clone();
        let read = sent(parts)
            .map(move |sent| read_part(sent, object.clone()))
            .buffered(processors + 1)
            .boxed();
        let in_order = stream::unfold(InOrder::new(read), async |mut read| {
            let next = read.next().await?;
            Some((next, read))
        });
        Ok(Rows {
            read: Box::pin(in_order),
            rows: Vec::new().into_iter(),
            error: None,
            ended: false,
            _fetching: fetching,
        })
    }
}

/// What the thread sends, up to the end or to an error.
fn sent(parts: Receiver<Sent>) -> impl Stream<Item = Sent> + Send {
    stream::unfold(Some(parts), async |parts| {
        let mut parts = parts?;
        match parts.recv().await {
            Some(Ok(Part::End)) => None,
            Some(Err(error)) => Some((Err(error), None)),
            Some(part) => Some((part, Some(parts))),
            None => {
                let ended = io::Error::other("the thread that reads it has ended");
                Some((Err(split::Failed::Storage(Problem::Io(ended))), None))
            }
        }
    })
}

async fn read_part<T: DeserializeOwned + Send + 'static>(sent: Sent, object: Reference) -> Read<T> {
    let read = move || {
        Read::Rows(match sent {
            Ok(Part::Elements { cut, first }) => {
                let (rows, error) = read_elements(cut, first);
                (rows, error.map(ValueError::Decode))
            }
            Ok(Part::Likely(mut text)) => return Read::Likely(text.read(), text),
            Ok(Part::Whole(pieces)) => match decode_pieces(pieces) {
                Ok(rows) => (rows, None),
                Err(error) => (Vec::new(), Some(ValueError::Decode(error))),
            },
            Ok(Part::End) => (Vec::new(), None),
            Err(split::Failed::Storage(problem)) => {
                let error = failed("read", &object, problem);
                (Vec::new(), Some(ValueError::Storage(error)))
            }
            Err(split::Failed::List(error)) => (Vec::new(), Some(ValueError::Decode(error))),
        })
    };
    carry_out(read).await
}

/// Does something that takes its time, and panics as it does.
async fn carry_out<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and nobody waits for rows any more.
            Err(_) => std::future::pending().await,
        },
    }
}

impl<T> Rows<T> {
    /// The next row; `None` behind the last.
    ///
    /// # Errors
    /// [`ValueError`], which names the object or the place in the list.
    pub async fn next(&mut self) -> Option<Result<T, ValueError>> {
        poll_fn(|waker| self.poll(waker)).await
    }

    fn poll(&mut self, waker: &mut Context<'_>) -> Poll<Option<Result<T, ValueError>>> {
        loop {
            if let Some(row) = self.rows.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            if let Some(error) = self.error.take() {
                self.ended = true;
                return Poll::Ready(Some(Err(error)));
            }
            match ready!(self.read.as_mut().poll_next(waker)) {
                Some((rows, error)) => (self.rows, self.error) = (rows.into_iter(), error),
                None => self.ended = true,
            }
        }
    }
}

// Nothing is pinned inside: what is read has its own place.
impl<T> Unpin for Rows<T> {}

impl<T> Stream for Rows<T> {
    type Item = Result<T, ValueError>;

    fn poll_next(
        self: Pin<&mut Self>,
        waker: &mut Context<'_>,
    ) -> Poll<Option<Result<T, ValueError>>> {
        self.get_mut().poll(waker)
    }
}

impl<T> std::fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Rows");
        shown.field("ended", &self.ended).finish_non_exhaustive()
    }
}
