//! Reading one XCom, or one of each of several tasks.

use aileron_wire::message::{
    GetXCom, GetXComSequenceSlice, Message, XComResult, XComSequenceSliceResult,
};
use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;

use super::encoded::stored;
use super::rows::XcomRows;
use super::{RETURN_VALUE, XcomError, get_xcom, read, unfetched, unread};
use crate::Context;
use crate::comm::CommError;

/// What a pull found.
///
/// Python's `xcom_pull` answers `None` for both a null and a missing XCom, and so does the supervisor. For
/// [`Pull::fetch`] it is asked again in another way, and then the two can be told apart, with one exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pulled<T> {
    /// The value.
    Value(T),
    /// The task pushed a null under this key.
    Null,
    /// The task pushed nothing under this key.
    Missing,
    /// No value, and nobody can tell why: one instance of a mapped task was asked for, and other instances have pushed.
    /// Airflow has no request that tells whether this instance has.
    NullOrMissing,
}

impl<T> Pulled<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Null | Self::Missing | Self::NullOrMissing => None,
        }
    }
}

/// A pull with its coordinates. End it with [`get`](Self::get), [`fetch`](Self::fetch) or [`require`](Self::require).
#[derive(Clone)]
#[must_use = "a pull does nothing before `.get().await`"]
pub struct Pull<'a> {
    context: &'a Context,
    request: GetXCom,
}

/// A pull from several tasks. End it with [`get`](Self::get) or [`require`](Self::require).
#[derive(Clone)]
#[must_use = "a pull does nothing before `.get().await`"]
pub struct PullEach<'a> {
    pull: Pull<'a>,
    task_ids: Vec<String>,
}

/// The coordinates of both kinds of pull.
macro_rules! coordinates {
    ($request:ident => $place:expr) => {
        /// Another key than `return_value`.
        pub fn key(mut self, key: impl Into<String>) -> Self {
            let $request = &mut self;
            $place.key = key.into();
            self
        }

        /// One instance of a mapped task.
        pub fn map_index(mut self, map_index: i64) -> Self {
            let $request = &mut self;
            $place.map_index = Some(map_index);
            self
        }

        /// Another Dag.
        pub fn dag_id(mut self, dag_id: impl Into<String>) -> Self {
            let $request = &mut self;
            $place.dag_id = dag_id.into();
            self
        }

        /// Another run.
        pub fn run_id(mut self, run_id: impl Into<String>) -> Self {
            let $request = &mut self;
            $place.run_id = run_id.into();
            self
        }

        /// Looks in earlier runs as well and takes the latest.
        pub fn include_prior_dates(mut self) -> Self {
            let $request = &mut self;
            $place.include_prior_dates = true;
            self
        }
    };
}

impl<'a> Pull<'a> {
    pub(super) fn new(context: &'a Context, task_id: &str) -> Self {
        Self {
            context,
            request: get_xcom(context.ti(), task_id, RETURN_VALUE),
        }
    }

    coordinates!(pull => pull.request);

    /// The value, or `None` when it is missing or null.
    ///
    /// # Errors
    /// [`XcomError`]: when it does not fit `T`, or cannot be read.
    pub async fn get<T: DeserializeOwned>(self) -> Result<Option<T>, XcomError> {
        self.ask().await
    }

    /// The value.
    ///
    /// # Errors
    /// [`XcomError`]: when it is missing or null, does not fit `T`, or cannot be read.
    pub async fn require<T: DeserializeOwned>(self) -> Result<T, XcomError> {
        self.ask().await?.ok_or_else(|| self.missing())
    }

    /// The value, or whether it is null or missing. Where there is no value this costs a second request.
    ///
    /// ```
    /// use aileron::{Pulled, prelude::*};
    ///
    /// #[task]
    /// async fn report(cx: &Context) -> Result<String> {
    ///     Ok(match cx.xcom().from("measure").key("warning").fetch::<String>().await? {
    ///         Pulled::Value(warning) => warning,
    ///         Pulled::Null => "checked, and all is well".into(),
    ///         _ => "never checked".into(),
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// [`XcomError`]: when it does not fit `T`, or cannot be read.
    pub async fn fetch<T: DeserializeOwned>(self) -> Result<Pulled<T>, XcomError> {
        match self.ask().await? {
            Some(value) => Ok(Pulled::Value(value)),
            None => self.why_none().await,
        }
    }

    /// The value, which is a list, row by row: one that lies in object storage is read while its rows are used, and memory holds a few
    /// megabytes of it, however long it is.
    ///
    /// # Errors
    /// [`XcomError`]: when it is missing or null, or cannot be read. That a row does not fit `T` is said in its place.
    pub async fn rows<T: DeserializeOwned + Send + 'static>(
        self,
    ) -> Result<XcomRows<T>, XcomError> {
        let stored = stored(self.context, &self.request).await?;
        let stored = stored.ok_or_else(|| self.missing())?;
        let storage = &self.context.inner.storage;
        let found = storage.xcom_rows(self.context, &stored).await;
        let found = found.map_err(|error| unfetched(&self.request, error))?;
        XcomRows::new(self.request, found, &stored)
    }

    async fn ask<T: DeserializeOwned>(&self) -> Result<Option<T>, XcomError> {
        let reply = match self.context.channel().send(&self.request).await {
            Ok(reply) => reply,
            Err(error) if error.is_refused_with("XCOM_NOT_FOUND") => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let stored = reply.field(GetXCom::TYPE, "value")?.unwrap_or_default();
        let storage = &self.context.inner.storage;
        let found = storage.xcom_value(self.context, &stored).await;
        if let Some(value) = found.map_err(|error| unfetched(&self.request, error))? {
            return value.map_err(|error| {
                unread::<T>(&self.request, CommError::bad_reply(GetXCom::TYPE, error))
            });
        }
        let value = |result: XComResult<Option<T>>| result.value;
        read(&reply, GetXCom::TYPE, "value", value)
            .map_err(|error| unread::<T>(&self.request, error))
    }

    /// Slices tell null from missing: they hold what is stored. But they hold the values of all map indexes, without
    /// saying which is whose.
    async fn why_none<T>(&self) -> Result<Pulled<T>, XcomError> {
        let at = &self.request;
        let mut request = GetXComSequenceSlice::new(
            &at.key,
            &at.dag_id,
            &at.run_id,
            &at.task_id,
            Some(0),
            Some(2),
            None,
        );
        request.include_prior_dates = at.include_prior_dates;
        let stored: XComSequenceSliceResult = self.context.channel().ask(&request).await?;
        let of_one_instance = at.map_index.is_some_and(|index| index >= 0);
        Ok(match stored.root.as_slice() {
            [] => Pulled::Missing,
            _ if of_one_instance => Pulled::NullOrMissing,
            [value] if value.is_null() => Pulled::Null,
            // It refers to an object, and the pull found a null in that.
            [value] if value.is_string() => Pulled::Null,
            // There are rows of earlier runs, and the latest, which the pull found, is null.
            _ if at.include_prior_dates => Pulled::Null,
            // The task is mapped, and nothing is stored for it as a whole.
            _ => Pulled::Missing,
        })
    }

    fn missing(&self) -> XcomError {
        XcomError::Missing {
            key: self.request.key.clone(),
            task_id: self.request.task_id.clone(),
            run_id: self.request.run_id.clone(),
            map_index: self.request.map_index,
        }
    }
}

impl<'a> PullEach<'a> {
    pub(super) fn new(context: &'a Context, task_ids: Vec<String>) -> Self {
        Self {
            pull: Pull::new(context, ""),
            task_ids,
        }
    }

    coordinates!(each => each.pull.request);

    /// The values in the order of the tasks, `None` where one is missing or null. They are pulled at once.
    ///
    /// # Errors
    /// [`XcomError`]: when one does not fit `T`, or cannot be read.
    pub async fn get<T: DeserializeOwned>(self) -> Result<Vec<Option<T>>, XcomError> {
        try_join_all(self.pulls().map(Pull::get)).await
    }

    /// The values in the order of the tasks. They are pulled at once.
    ///
    /// # Errors
    /// [`XcomError`]: when one is missing or null, does not fit `T`, or cannot be read.
    pub async fn require<T: DeserializeOwned>(self) -> Result<Vec<T>, XcomError> {
        try_join_all(self.pulls().map(Pull::require)).await
    }

    fn pulls(&self) -> impl Iterator<Item = Pull<'a>> {
        self.task_ids.iter().map(|task_id| {
            let mut pull = self.pull.clone();
            pull.request.task_id.clone_from(task_id);
            pull
        })
    }
}

impl std::fmt::Debug for Pull<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.request.fmt(f)
    }
}

impl std::fmt::Debug for PullEach<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PullEach")
            .field("task_ids", &self.task_ids)
            .field("request", &self.pull.request)
            .finish()
    }
}
