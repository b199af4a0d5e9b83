//! A list that is read row by row.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as Waker, Poll, ready};
use std::vec;

use aileron_wire::json::JsonDecodeError;
use aileron_wire::message::{GetXCom, Message};
use futures_util::{Stream, TryStreamExt as _};
use serde::de::DeserializeOwned;

use super::{XcomError, unfetched, unread};
use crate::comm::CommError;
use crate::context::storage::Rows;

/// The rows of a list, as they are read: see [`Xcom::pull_rows`](super::Xcom::pull_rows). It is a [`Stream`], and needs no trait for
/// [`next`](Self::next).
///
/// It ends after the first error.
#[derive(Debug)]
#[must_use = "rows are read with `.next().await`"]
pub struct XcomRows<T> {
    at: GetXCom,
    rows: From<T>,
}

/// Where the rows come from.
#[derive(Debug)]
enum From<T> {
    /// The reply, which has all of them.
    Reply(vec::IntoIter<T>),
    Object(Rows<T>),
}

impl<T: DeserializeOwned + Send + 'static> XcomRows<T> {
    /// The rows in an object, or those of a value that is encoded.
    pub(super) fn new(
        at: GetXCom,
        object: Option<Rows<T>>,
        encoded: &[u8],
    ) -> Result<Self, XcomError> {
        let rows = match object {
            Some(rows) => From::Object(rows),
            None => match aileron_xcom::decode::<Vec<T>>(encoded) {
                Ok(rows) => From::Reply(rows.into_iter()),
                Err(error) => return Err(misfit::<T>(&at, error)),
            },
        };
        Ok(Self { at, rows })
    }

    /// The next row; `None` behind the last.
    ///
    /// # Errors
    /// [`XcomError`]: when the row does not fit `T`, or the rest of the list cannot be read.
    pub async fn next(&mut self) -> Option<Result<T, XcomError>> {
        poll_fn(|waker| self.poll(waker)).await
    }

    /// The rest of the rows in one list.
    ///
    /// # Errors
    /// The first [`XcomError`].
    pub async fn all(self) -> Result<Vec<T>, XcomError> {
        self.try_collect().await
    }
}

impl<T> XcomRows<T> {
    fn poll(&mut self, waker: &mut Waker<'_>) -> Poll<Option<Result<T, XcomError>>> {
        let rows = match &mut self.rows {
            From::Reply(rows) => return Poll::Ready(rows.next().map(Ok)),
            From::Object(rows) => rows,
        };
        let row = ready!(rows.poll(waker));
        Poll::Ready(row.map(|read| match read {
            Ok(read) => read.map_err(|error| misfit::<T>(&self.at, error)),
            Err(error) => Err(unfetched(&self.at, error)),
        }))
    }
}

// Nothing is pinned inside.
impl<T> Unpin for XcomRows<T> {}

impl<T> Stream for XcomRows<T> {
    type Item = Result<T, XcomError>;

    fn poll_next(
        self: Pin<&mut Self>,
        waker: &mut Waker<'_>,
    ) -> Poll<Option<Result<T, XcomError>>> {
        self.get_mut().poll(waker)
    }
}

fn misfit<T>(at: &GetXCom, error: JsonDecodeError) -> XcomError {
    unread::<Vec<T>>(at, CommError::bad_reply(GetXCom::TYPE, error))
}
