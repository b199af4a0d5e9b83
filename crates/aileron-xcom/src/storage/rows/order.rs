//! What was read of a list, in its order; and the rest of one that was cut in a wrong place.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use serde::de::DeserializeOwned;

use super::{Batch, Read, carry_out};
use crate::json::{Likely, Splitter, read_elements};
use crate::storage::ValueError;

/// The rows of a list, as long as it was cut in the right places. From there on, the ends of its elements are looked for here.
pub(super) struct InOrder<T> {
    read: BoxStream<'static, Read<T>>,
    /// How many rows were given.
    given: usize,
    /// Where a list goes on that was cut in a wrong place.
    splitter: Option<Splitter>,
}

impl<T: DeserializeOwned + Send + 'static> InOrder<T> {
    pub(super) fn new(read: BoxStream<'static, Read<T>>) -> Self {
        Self {
            read,
            given: 0,
            splitter: None,
        }
    }

    /// The next rows; `None` at the end of the list.
    pub(super) async fn next(&mut self) -> Option<Batch<T>> {
        let batch = match (self.read.next().await, self.splitter.take()) {
            (Some(Read::Rows(batch)), splitter) => {
                self.splitter = splitter;
                batch
            }
            (Some(Read::Likely(Some(rows), _)), None) => (rows, None),
            (Some(Read::Likely(_, text)), splitter) => self.split(splitter, text).await,
            (None, Some(splitter)) => {
                let error = splitter.end().err()?.behind(self.given);
                (Vec::new(), Some(ValueError::Decode(error)))
            }
            (None, None) => return None,
        };
        self.given += batch.0.len();
        Some(batch)
    }

    async fn split(&mut self, splitter: Option<Splitter>, text: Likely) -> Batch<T> {
        let first = self.given;
        let (splitter, rows, error) = carry_out(move || {
            let mut splitter = splitter.unwrap_or_else(|| Splitter::behind_comma(&[]));
            splitter.push(text.text());
            drop(text);
            let cut = splitter.cut();
            let (rows, error) = cut.map_or_else(Default::default, |cut| read_elements(cut, first));
            (splitter, rows, error)
        })
        .await;
        self.splitter = Some(splitter);
        (rows, error.map(ValueError::Decode))
    }
}
