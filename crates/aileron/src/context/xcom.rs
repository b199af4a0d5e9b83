//! XComs: values passed between tasks.

use aileron_wire::json;
use aileron_wire::message::{DeleteXCom, GetXCom, Message, SetXCom, TaskInstance, XComResult};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Context;
use crate::comm::{Channel, CommError};
use crate::{Error, Result};

/// The key under which a task's return value is stored.
pub(crate) const RETURN_VALUE: &str = "return_value";

/// Pushes and pulls XComs.
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
        let pull = self.from(task_id);
        let missing = pull.missing();
        pull.get().await?.ok_or(missing)
    }

    /// Starts a pull with other coordinates: another key, map index or run.
    pub fn from(&self, task_id: &str) -> Pull<'a> {
        let ti = self.context.ti();
        Pull {
            context: self.context,
            request: get_xcom(ti, task_id, RETURN_VALUE),
        }
    }

    /// Stores a value under a key of this task instance.
    ///
    /// # Errors
    /// When the value is not JSON (it names where), or the supervisor cannot store it. Nothing is sent in the first
    /// case.
    pub async fn push<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let encoded = json::encode(value)
            .map_err(|error| Error::from(error).context(format_args!("XCom `{key}`")))?;
        push_encoded(self.context.channel(), self.context.ti(), key, encoded).await?;
        Ok(())
    }

    /// Deletes an XCom of this task instance; one that is not there is fine.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn delete(&self, key: &str) -> Result<()> {
        delete_xcom(self.context.channel(), self.context.ti(), key).await?;
        Ok(())
    }
}

/// A pull with its coordinates. End it with [`Pull::get`].
#[derive(Clone)]
#[must_use = "a pull does nothing before `.get().await`"]
pub struct Pull<'a> {
    context: &'a Context,
    request: GetXCom,
}

impl Pull<'_> {
    /// Another key than `return_value`.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.request.key = key.into();
        self
    }

    /// One instance of a mapped task.
    pub fn map_index(mut self, map_index: i64) -> Self {
        self.request.map_index = Some(map_index);
        self
    }

    /// Another Dag.
    pub fn dag_id(mut self, dag_id: impl Into<String>) -> Self {
        self.request.dag_id = dag_id.into();
        self
    }

    /// Another run.
    pub fn run_id(mut self, run_id: impl Into<String>) -> Self {
        self.request.run_id = run_id.into();
        self
    }

    /// Looks in earlier runs as well and takes the latest.
    pub fn include_prior_dates(mut self) -> Self {
        self.request.include_prior_dates = true;
        self
    }

    /// The value, or `None` when it is missing or null.
    ///
    /// # Errors
    /// [`XcomError`]: when it does not fit `T`, or cannot be read.
    pub async fn get<T: DeserializeOwned>(self) -> Result<Option<T>, XcomError> {
        let reply = match self.context.channel().send(&self.request).await {
            Ok(reply) => reply,
            Err(error) if error.is_refused_with("XCOM_NOT_FOUND") => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // The value is read straight from the frame into `T`; `serde_json::Value` never comes in between.
        reply
            .read::<XComResult<Option<T>>>(GetXCom::TYPE)
            .map(|result| result.value)
            .map_err(|error| self.unreadable::<T>(error))
    }

    fn unreadable<T>(&self, error: CommError) -> XcomError {
        match error {
            CommError::BadReply { reason, .. } => XcomError::Mismatch {
                key: self.request.key.clone(),
                task_id: self.request.task_id.clone(),
                expected: std::any::type_name::<T>(),
                reason,
            },
            error => error.into(),
        }
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

impl std::fmt::Debug for Pull<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.request.fmt(f)
    }
}

/// The request for an XCom of a task of this run.
pub(crate) fn get_xcom(ti: &TaskInstance, task_id: &str, key: &str) -> GetXCom {
    GetXCom::new(key, &ti.dag_id, &ti.run_id, task_id)
}

/// Stores an encoded value.
pub(crate) async fn push_encoded(
    channel: &dyn Channel,
    ti: &TaskInstance,
    key: &str,
    encoded: Vec<u8>,
) -> Result<(), CommError> {
    let body = set_xcom_body(ti, key, &encoded);
    drop(encoded);
    channel.call(body).await?.or_refused(SetXCom::<()>::TYPE)?;
    Ok(())
}

/// Deletes an XCom of a task instance.
pub(crate) async fn delete_xcom(
    channel: &dyn Channel,
    ti: &TaskInstance,
    key: &str,
) -> Result<(), CommError> {
    let request = DeleteXCom {
        key: key.to_owned(),
        dag_id: ti.dag_id.clone(),
        run_id: ti.run_id.clone(),
        task_id: ti.task_id.clone(),
        map_index: Some(ti.map_index),
    };
    channel.send(&request).await?;
    Ok(())
}

/// A `SetXCom` body around a value that is encoded already: the value is copied once and never taken apart.
fn set_xcom_body(ti: &TaskInstance, key: &str, encoded: &[u8]) -> Vec<u8> {
    const WRITABLE: &str = "a Vec takes every write";
    let texts = [
        ("type", SetXCom::<()>::TYPE),
        ("key", key),
        ("dag_id", &ti.dag_id),
        ("run_id", &ti.run_id),
        ("task_id", &ti.task_id),
    ];
    let mut body = Vec::with_capacity(encoded.len() + 512);
    let entries = u32::try_from(texts.len() + 2).expect("seven fits");
    rmp::encode::write_map_len(&mut body, entries).expect(WRITABLE);
    for (name, value) in texts {
        rmp::encode::write_str(&mut body, name).expect(WRITABLE);
        rmp::encode::write_str(&mut body, value).expect(WRITABLE);
    }
    rmp::encode::write_str(&mut body, "map_index").expect(WRITABLE);
    rmp::encode::write_sint(&mut body, ti.map_index).expect(WRITABLE);
    rmp::encode::write_str(&mut body, "value").expect(WRITABLE);
    body.extend_from_slice(encoded);
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Airflow;

    #[test]
    fn a_pull_finds_the_value_by_task_and_key_and_says_what_is_missing_or_does_not_fit() {
        let airflow = Airflow::new()
            .xcom("extract", [1, 2])
            .xcom_at("extract", "name", "a");
        let cx = airflow.context("load");
        assert_eq!(
            cx.block_on(cx.xcom().pull::<Vec<i64>>("extract")).unwrap(),
            [1, 2]
        );
        let name = cx.block_on(cx.xcom().from("extract").key("name").get::<String>());
        assert_eq!(name.unwrap().as_deref(), Some("a"));
        let missing = cx.block_on(cx.xcom().pull::<i64>("other")).unwrap_err();
        assert!(matches!(missing, XcomError::Missing { .. }), "{missing}");
        let wrong = cx
            .block_on(cx.xcom().pull::<Vec<String>>("extract"))
            .unwrap_err()
            .to_string();
        for part in [
            "`return_value`",
            "`extract`",
            "Vec<alloc::string::String>",
            "value[0]",
        ] {
            assert!(wrong.contains(part), "{part}: {wrong}");
        }
    }

    #[test]
    fn a_value_put_into_a_body_encoded_reads_as_the_same_message() {
        let cx = Airflow::new().context("load");
        let encoded = json::encode(&vec![1, 2, 300]).unwrap();
        let message: SetXCom<Vec<i32>> =
            json::decode(&set_xcom_body(cx.ti(), "rows", &encoded)).unwrap();
        assert_eq!(message.value, [1, 2, 300]);
        assert_eq!(message.key, "rows");
        assert_eq!(message.task_id, "load");
        assert_eq!(message.map_index, Some(-1));
        assert!(!message.dag_result);
    }
}
