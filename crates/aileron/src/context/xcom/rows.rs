//! A list that is read row by row.

use std::vec;

use aileron_wire::json::JsonDecodeError;
use aileron_wire::message::{GetXCom, Message};
use futures_util::stream::{self, Stream};
use serde::de::DeserializeOwned;

use super::{XcomError, unfetched, unread};
use crate::comm::CommError;
use crate::context::storage::Rows;

/// The rows of a list, as they are read: see [`Xcom::pull_rows`](super::Xcom::pull_rows).
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
        match &mut self.rows {
            From::Reply(rows) => rows.next().map(Ok),
            From::Object(rows) => Some(match rows.next().await? {
                Ok(read) => read.map_err(|error| misfit::<T>(&self.at, error)),
                Err(error) => Err(unfetched(&self.at, error)),
            }),
        }
    }

    /// The rest of the rows in one list.
    ///
    /// # Errors
    /// The first [`XcomError`].
    pub async fn all(mut self) -> Result<Vec<T>, XcomError> {
        let mut rows = Vec::new();
        while let Some(row) = self.next().await {
            rows.push(row?);
        }
        Ok(rows)
    }

    /// The rows as a [`Stream`], for its adapters.
    pub fn into_stream(self) -> impl Stream<Item = Result<T, XcomError>> + Send {
        stream::unfold(self, async |mut rows| {
            let row = rows.next().await?;
            Some((row, rows))
        })
    }
}

fn misfit<T>(at: &GetXCom, error: JsonDecodeError) -> XcomError {
    unread::<Vec<T>>(at, CommError::bad_reply(GetXCom::TYPE, error))
}
