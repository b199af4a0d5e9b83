//! XComs: values passed between tasks.

mod encoded;
mod pages;
mod pull;
mod push;
mod push_rows;
mod rows;
mod sequence;
#[cfg(test)]
mod tests;

use aileron_wire::json;
use aileron_wire::message::{DeleteXCom, GetXCom, Message, TaskInstance};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use encoded::{Encoded, pull_each_encoded, pull_encoded};
pub use pull::{Pull, PullEach, Pulled};
pub use push_rows::XcomRowWriter;
pub use rows::XcomRows;
pub use sequence::{XcomSequence, XcomStream};

pub(crate) use push::push_kept;

use super::{Context, ObjectStorageError};
use crate::comm::{CommError, Reply};
use crate::{Error, Result};

/// The key under which a task's return value is stored.
pub(crate) const RETURN_VALUE: &str = "return_value";
/// A msgpack nil: what `()` and `None` encode to.
pub(crate) const NIL: [u8; 1] = [0xc0];

/// Pushes and pulls XComs.
///
/// What Python tasks push is unwrapped by what the type asks for: a `datetime` fits a `jiff::Timestamp`, a `set` a `Vec`,
/// a pydantic model a struct. The types of [`python`](crate::python) become Python's own when they are pushed.
///
/// ```
/// # use aileron::prelude::*;
/// #[task]
/// async fn load(cx: &Context) -> Result<()> {
///     let rows: Vec<String> = cx.xcom().pull("extract").await?;
///     let schema: Option<String> = cx.xcom().from("extract").key("schema").get().await?;
///     cx.xcom().push("row_count", &rows.len()).await
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Xcom<'a> {
    context: &'a Context,
}

/// Why an XCom was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum XcomError {
    /// There is no such XCom, or its value is null: the supervisor answers both alike.
    #[error(
        "XCom `{key}` of task `{task_id}` (run `{run_id}`, map index {}) is missing or null",
        map_index.unwrap_or(-1)
    )]
    Missing {
        /// The key.
        key: String,
        /// The task that should have pushed it.
        task_id: String,
        /// The run.
        run_id: String,
        /// The map index; `None` for a task that is not mapped.
        map_index: Option<i64>,
    },
    /// The value does not fit the type that was asked for.
    #[error("XCom `{key}` of task `{task_id}` does not fit: expected `{expected}`: {reason}")]
    Mismatch {
        /// The key.
        key: String,
        /// The task that pushed it.
        task_id: String,
        /// The type that was asked for.
        expected: &'static str,
        /// Where in the value, and what came instead.
        reason: String,
    },
    /// The value lies in object storage, and cannot be read there.
    #[error("XCom `{key}` of task `{task_id}`: {error}")]
    Storage {
        /// The key.
        key: String,
        /// The task that pushed it.
        task_id: String,
        /// What is wrong; it names the object.
        error: ObjectStorageError,
    },
    /// A slice with a step of zero.
    #[error("the step of a slice must not be zero")]
    ZeroStep,
    /// The supervisor could not answer.
    #[error(transparent)]
    Comm(#[from] CommError),
}

impl<'a> Xcom<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The return value of a task of this run.
    ///
    /// # Errors
    /// [`XcomError`]: when it is missing or null, does not fit `T`, or cannot be read.
    pub async fn pull<T: DeserializeOwned>(&self, task_id: &str) -> Result<T, XcomError> {
        self.from(task_id).require().await
    }

    /// The return values of several tasks of this run, in that order, pulled at once.
    ///
    /// # Errors
    /// [`XcomError`]: when one is missing or null, does not fit `T`, or cannot be read.
    pub async fn pull_each<T: DeserializeOwned>(
        &self,
        task_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Vec<T>, XcomError> {
        self.from_each(task_ids).require().await
    }

    /// The return value of a task of this run, a list, row by row.
    ///
    /// A list in object storage is read while its rows are used: memory holds a few megabytes of it, however long it is, and all
    /// processors read rows. What is wrong with the end of the list is known when its first rows have been given.
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// # #[derive(serde::Deserialize)] struct Order { cents: u64 }
    /// #[task]
    /// async fn revenue(cx: &Context) -> Result<u64> {
    ///     let mut orders = cx.xcom().pull_rows::<Order>("extract").await?;
    ///     let mut cents = 0;
    ///     while let Some(order) = orders.next().await {
    ///         cents += order?.cents;
    ///     }
    ///     Ok(cents)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`XcomError`]: when it is missing or null, or cannot be read. That a row does not fit `T` is said in its place.
    pub async fn pull_rows<T: DeserializeOwned + Send + 'static>(
        &self,
        task_id: &str,
    ) -> Result<XcomRows<T>, XcomError> {
        self.from(task_id).rows().await
    }

    /// Starts a pull with other coordinates: another key, map index or run.
    pub fn from(&self, task_id: &str) -> Pull<'a> {
        Pull::new(self.context, task_id)
    }

    /// Starts a pull from several tasks with the same coordinates.
    pub fn from_each(&self, task_ids: impl IntoIterator<Item = impl Into<String>>) -> PullEach<'a> {
        PullEach::new(self.context, task_ids.into_iter().map(Into::into).collect())
    }

    /// The return values of all instances of a mapped task of this run, read when they are asked for.
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// #[task]
    /// async fn total(cx: &Context) -> Result<i64> {
    ///     let mut counts = cx.xcom().sequence::<i64>("count_words").stream();
    ///     let mut total = 0;
    ///     while let Some(count) = counts.next().await {
    ///         total += count?;
    ///     }
    ///     Ok(total)
    /// }
    /// ```
    pub fn sequence<T: DeserializeOwned>(&self, task_id: &str) -> XcomSequence<'a, T> {
        XcomSequence::new(self.context, task_id)
    }

    /// Stores a value under a key of this task instance.
    ///
    /// # Errors
    /// When the value is not JSON (it names where), or the supervisor cannot store it. Nothing is sent in the first
    /// case.
    pub async fn push<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let storage = &self.context.inner.storage;
        let kept = storage.keep_value(self.context, key, value).await;
        let kept = kept.map_err(|error| named(key, error))?;
        push::push_kept(self.context, key, kept, None).await
    }

    /// Stores a list under a key of this task instance, whose rows come one by one: a task need not have all of them at once.
    ///
    /// With XComs in object storage, a list that is long enough goes there as its rows come, and memory holds a few megabytes of
    /// it. Otherwise memory holds the text of all rows. For the return value the key is `return_value`, and the task returns `()`.
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// #[task]
    /// async fn extract(cx: &Context) -> Result<()> {
    ///     let mut rows = cx.xcom().push_rows("return_value");
    ///     for page in 1..=1_000_u64 {
    ///         rows.push(&(page, page * page)).await?;
    ///     }
    ///     rows.finish().await
    /// }
    /// ```
    pub fn push_rows(&self, key: &str) -> XcomRowWriter<'a> {
        XcomRowWriter::new(self.context, key)
    }

    /// Stores a list or a map under a key, together with its length: a Python task can then be mapped over it with
    /// `expand`, one instance for each item.
    ///
    /// The scheduler looks at the length of `return_value` alone, and Airflow 3.4 refuses one under any other key. So
    /// this is what a task whose output is expanded does instead of returning the value:
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// #[task]
    /// async fn list_files(cx: &Context) -> Result<()> {
    ///     cx.xcom().push_mapped("return_value", &["a.csv", "b.csv"]).await
    /// }
    /// ```
    ///
    /// # Errors
    /// When the value is neither a list nor a map, is not JSON, or the supervisor cannot store it; Airflow refuses more
    /// items than `[core] max_map_length`.
    pub async fn push_mapped<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let encoded = json::encode(value).map_err(|error| named(key, error))?;
        let length = push::length(&encoded).map_err(|error| named(key, error))?;
        push::push_mapped(self.context, key, encoded, length).await
    }

    /// Deletes an XCom of this task instance, and the object that it lies in; one that is not there is fine.
    ///
    /// # Errors
    /// When the supervisor cannot answer, or the object cannot be deleted. The XCom itself is gone in the second case.
    pub async fn delete(&self, key: &str) -> Result<()> {
        delete_xcom(self.context, key).await??;
        Ok(())
    }
}

/// An error that says which XCom it is about.
fn named(key: &str, error: impl Into<Error>) -> Error {
    error.into().context(format_args!("XCom `{key}`"))
}

/// The request for an XCom of a task of this run.
pub(crate) fn get_xcom(ti: &TaskInstance, task_id: &str, key: &str) -> GetXCom {
    GetXCom::new(key, &ti.dag_id, &ti.run_id, task_id)
}

/// Deletes an XCom that an earlier try left. An object that cannot be deleted does not keep this try from running.
pub(crate) async fn clear_xcom(context: &Context, key: &str) -> Result<()> {
    if let Err(error) = delete_xcom(context, key).await? {
        tracing::warn!(target: "aileron.xcom", key, "the object of an XCom of an earlier try is left: {error}");
    }
    Ok(())
}

/// Deletes an XCom of the task instance, and then its object.
///
/// The row goes first: a process that dies in between leaves an object too many, and no row that refers to nothing.
async fn delete_xcom(
    context: &Context,
    key: &str,
) -> Result<std::result::Result<(), ObjectStorageError>> {
    let storage = &context.inner.storage;
    let ti = context.ti();
    let stored = if storage.keeps_xcoms(context).await? {
        let mut at = get_xcom(ti, &ti.task_id, key);
        at.map_index = Some(ti.map_index);
        encoded::stored(context, &at).await?
    } else {
        None
    };
    let request = DeleteXCom {
        key: key.to_owned(),
        dag_id: ti.dag_id.clone(),
        run_id: ti.run_id.clone(),
        task_id: ti.task_id.clone(),
        map_index: Some(ti.map_index),
    };
    context.channel().send(&request).await?;
    Ok(match stored {
        Some(encoded) => storage.delete_xcom(context, &encoded).await,
        None => Ok(()),
    })
}

/// Reads the value out of a reply. One without a wrapped Python value goes straight from the frame into `T`.
fn read<R, T>(
    reply: &Reply,
    request: &'static str,
    field: &str,
    take: fn(R) -> T,
) -> Result<T, CommError>
where
    R: Message + DeserializeOwned,
    T: DeserializeOwned,
{
    if !reply.holds_wrapped() {
        return reply.read::<R>(request).map(take);
    }
    let encoded = reply.required_field::<R>(request, field)?;
    aileron_xcom::decode(&encoded).map_err(|error| CommError::bad_reply(request, error))
}

/// The error of a value in object storage.
fn unfetched(at: &GetXCom, error: ObjectStorageError) -> XcomError {
    XcomError::Storage {
        key: at.key.clone(),
        task_id: at.task_id.clone(),
        error,
    }
}

/// The error of a value that was not read.
fn unread<T>(at: &GetXCom, error: CommError) -> XcomError {
    match error {
        CommError::BadReply { reason, .. } => XcomError::Mismatch {
            key: at.key.clone(),
            task_id: at.task_id.clone(),
            expected: std::any::type_name::<T>(),
            reason,
        },
        error => error.into(),
    }
}
