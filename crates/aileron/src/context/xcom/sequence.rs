//! The XComs of a mapped task, one after the other.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as Waker, Poll, ready};

use aileron_wire::message::{
    GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice, Message, XComCountResponse,
    XComSequenceIndexResult, XComSequenceSliceResult,
};
use futures_util::{Stream, TryStreamExt as _};
use serde::de::DeserializeOwned;

use super::encoded::{Page as Values, resolve};
use super::pages::{Page, Pages};
use super::{RETURN_VALUE, XcomError, get_xcom, read, unfetched, unread};
use crate::Context;
use crate::comm::{CommError, Reply};

/// How many values are read at once.
const PAGE_SIZE: u32 = 64;

/// What all instances of a mapped task pushed under a key, in the order of their map indexes.
///
/// Nothing is read before it is asked for, and never more than a page of values at once. An instance that pushed nothing
/// has no place in the sequence, so positions are map indexes only when all of them pushed. For values that may be null
/// take an `Option` as `T`. A task that is not mapped is a sequence of one.
///
/// ```
/// # use aileron::prelude::*;
/// #[task]
/// async fn newest(cx: &Context) -> Result<Option<String>> {
///     let files = cx.xcom().sequence::<String>("fetch");
///     tracing::info!(files = files.count().await?, "fetched");
///     Ok(files.item(-1).await?)
/// }
/// ```
#[must_use = "a sequence is read with `.stream()`, `.item(..)` or `.slice(..)`"]
pub struct XcomSequence<'a, T> {
    context: &'a Context,
    at: GetXCom,
    page_size: u32,
    item: PhantomData<fn() -> T>,
}

impl<'a, T: DeserializeOwned> XcomSequence<'a, T> {
    pub(super) fn new(context: &'a Context, task_id: &str) -> Self {
        Self {
            context,
            at: get_xcom(context.ti(), task_id, RETURN_VALUE),
            page_size: PAGE_SIZE,
            item: PhantomData,
        }
    }

    /// Another key than `return_value`.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.at.key = key.into();
        self
    }

    /// Another Dag.
    pub fn dag_id(mut self, dag_id: impl Into<String>) -> Self {
        self.at.dag_id = dag_id.into();
        self
    }

    /// Another run.
    pub fn run_id(mut self, run_id: impl Into<String>) -> Self {
        self.at.run_id = run_id.into();
        self
    }

    /// How many values are read at once, 64 unless set here. A page of zero values is one of one.
    pub fn page_size(mut self, values: u32) -> Self {
        self.page_size = values.max(1);
        self
    }

    /// How many values there are.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn count(&self) -> Result<u64, XcomError> {
        let at = &self.at;
        let request = GetXComCount::new(&at.key, &at.dag_id, &at.run_id, &at.task_id);
        let count: XComCountResponse = self.context.channel().ask(&request).await?;
        u64::try_from(count.len).map_err(|_| {
            CommError::bad_reply(GetXComCount::TYPE, "a negative number of XComs").into()
        })
    }

    /// The value at a position; -1 is the last. `None` when there is no such position.
    ///
    /// # Errors
    /// [`XcomError`]: when it does not fit `T`, or cannot be read.
    pub async fn item(&self, position: i64) -> Result<Option<T>, XcomError> {
        let at = &self.at;
        let request =
            GetXComSequenceItem::new(&at.key, &at.dag_id, &at.run_id, &at.task_id, position);
        let reply = match self.context.channel().send(&request).await {
            Ok(reply) => reply,
            Err(error) if error.is_refused_with("XCOM_NOT_FOUND") => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let stored = reply
            .field(GetXComSequenceItem::TYPE, "root")?
            .unwrap_or_default();
        let storage = &self.context.inner.storage;
        let found = storage.xcom_value(self.context, &stored).await;
        if let Some(value) = found.map_err(|error| unfetched(at, error))? {
            return value.map(Some).map_err(|error| {
                unread::<T>(at, CommError::bad_reply(GetXComSequenceItem::TYPE, error))
            });
        }
        let root = |result: XComSequenceIndexResult<T>| result.root;
        read(&reply, GetXComSequenceItem::TYPE, "root", root)
            .map(Some)
            .map_err(|error| unread::<T>(at, error))
    }

    /// All values, read page by page.
    pub fn stream(&self) -> XcomStream<T> {
        self.pages(Pages::all(self.page_size.into()))
    }

    /// The values of a Python slice, `[start:stop:step]`, read page by page.
    ///
    /// Negative positions count from the end, and a negative step goes backwards; for those the number of values is asked
    /// for first.
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// #[task]
    /// async fn last_three(cx: &Context) -> Result<Vec<i64>> {
    ///     let counts = cx.xcom().sequence::<i64>("count_words");
    ///     Ok(counts.slice(Some(-3), None, 1).await?.all().await?)
    /// }
    /// ```
    ///
    /// # Errors
    /// When the step is zero, or the supervisor cannot answer.
    pub async fn slice(
        &self,
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
    ) -> Result<XcomStream<T>, XcomError> {
        if step == 0 {
            return Err(XcomError::ZeroStep);
        }
        let size = self.page_size.into();
        let pages = match Pages::without_length(start, stop, step, size) {
            Some(pages) => pages,
            None => {
                let length = i64::try_from(self.count().await?).unwrap_or(i64::MAX);
                Pages::within(length, start, stop, step, size)
            }
        };
        Ok(self.pages(pages))
    }

    fn pages(&self, pages: Pages) -> XcomStream<T> {
        XcomStream {
            context: self.context.clone(),
            at: self.at.clone(),
            pages,
            asked: None,
            values: VecDeque::new(),
        }
    }
}

impl<T> std::fmt::Debug for XcomSequence<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.at.fmt(f)
    }
}

type Asked = Pin<Box<dyn Future<Output = Result<(Reply, Values), XcomError>> + Send>>;

/// Values of a sequence as they are read. It is a [`Stream`], and needs no trait for [`next`](Self::next).
///
/// It ends after the first error.
#[must_use = "a stream reads nothing before `.next().await`"]
pub struct XcomStream<T> {
    context: Context,
    at: GetXCom,
    pages: Pages,
    asked: Option<(Page, Asked)>,
    values: VecDeque<T>,
}

impl<T: DeserializeOwned> XcomStream<T> {
    /// The next value; `None` behind the last.
    ///
    /// # Errors
    /// [`XcomError`]: when a value of the next page does not fit `T`, or the page cannot be read.
    pub async fn next(&mut self) -> Option<Result<T, XcomError>> {
        poll_fn(|waker| self.poll(waker)).await
    }

    /// The rest of the values in one list.
    ///
    /// # Errors
    /// The first [`XcomError`].
    pub async fn all(self) -> Result<Vec<T>, XcomError> {
        self.try_collect().await
    }

    fn poll(&mut self, waker: &mut Waker<'_>) -> Poll<Option<Result<T, XcomError>>> {
        loop {
            if let Some(value) = self.values.pop_front() {
                return Poll::Ready(Some(Ok(value)));
            }
            if self.asked.is_none() {
                let Some(page) = self.pages.page() else {
                    return Poll::Ready(None);
                };
                self.asked = Some((page, self.ask(page)));
            }
            let Some((page, asked)) = &mut self.asked else {
                continue;
            };
            let page = *page;
            let reply = ready!(asked.as_mut().poll(waker));
            self.asked = None;
            match reply.and_then(|(reply, values)| self.read(&reply, values)) {
                Ok(values) => self.take(page, values),
                Err(error) => {
                    self.pages = Pages::within(0, None, None, 1, 1);
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    fn ask(&self, page: Page) -> Asked {
        let at = &self.at;
        let request = GetXComSequenceSlice::new(
            &at.key,
            &at.dag_id,
            &at.run_id,
            &at.task_id,
            Some(page.start),
            Some(page.stop),
            Some(page.step),
        );
        let context = self.context.clone();
        let at = self.at.clone();
        Box::pin(async move {
            let reply = context.channel().send(&request).await?;
            let list = reply.field(GetXComSequenceSlice::TYPE, "root")?;
            let values = resolve(&context, list.unwrap_or_default()).await;
            let values = values.map_err(|error| unfetched(&at, error))?;
            Ok((reply, values))
        })
    }

    fn read(&self, reply: &Reply, values: Values) -> Result<Vec<T>, XcomError> {
        if let Values::Apart(values) = values {
            let read = values.into_iter().map(|value| {
                value.decode().map_err(|error| {
                    unread::<T>(
                        &self.at,
                        CommError::bad_reply(GetXComSequenceSlice::TYPE, error),
                    )
                })
            });
            return read.collect();
        }
        let root = |result: XComSequenceSliceResult<T>| result.root;
        read(reply, GetXComSequenceSlice::TYPE, "root", root)
            .map_err(|error| unread::<T>(&self.at, error))
    }

    fn take(&mut self, page: Page, values: Vec<T>) {
        let came = i64::try_from(values.len()).unwrap_or(i64::MAX);
        self.pages.advance(&page, came);
        self.values = values.into();
        if page.reversed {
            self.values.make_contiguous().reverse();
        }
    }
}

// Nothing is pinned inside: the future that is asked has its own place.
impl<T> Unpin for XcomStream<T> {}

impl<T: DeserializeOwned> Stream for XcomStream<T> {
    type Item = Result<T, XcomError>;

    fn poll_next(
        self: Pin<&mut Self>,
        waker: &mut Waker<'_>,
    ) -> Poll<Option<Result<T, XcomError>>> {
        self.get_mut().poll(waker)
    }
}

impl<T> std::fmt::Debug for XcomStream<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("XcomStream")
            .field("at", &self.at)
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}
