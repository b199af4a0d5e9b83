//! The record in the task state store.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::JobError;
use super::record::Record;
use crate::{Context, Error, Result, Retention};

/// One record, under its key and the keys it had in earlier versions of the task.
pub(super) struct Store<'a> {
    context: &'a Context,
    key: &'a str,
    previous: &'a [String],
}

impl<'a> Store<'a> {
    pub(super) fn new(context: &'a Context, key: &'a str, previous: &'a [String]) -> Self {
        Self {
            context,
            key,
            previous,
        }
    }

    /// The record, or `None` when there is none under any of its keys. One under a previous key is moved to its key.
    pub(super) async fn load<Id: Serialize + DeserializeOwned>(
        &self,
    ) -> Result<Option<Record<Id>>> {
        if let Some(record) = self.read(self.key).await? {
            return Ok(Some(record));
        }
        for previous in self.previous {
            if let Some(record) = self.read(previous).await? {
                tracing::info!(target: "aileron.jobs", "moving the job from the key `{previous}` to `{}`", self.key);
                // In this order a kill in between leaves two of them, which is harmless: the new key is read first.
                self.save(&record).await?;
                let deleted = self.context.task_state_store().delete(previous).await;
                deleted.map_err(|error| self.failed(error))?;
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Stores the record. It does not expire before the task has its result.
    pub(super) async fn save<Id: Serialize>(&self, record: &Record<Id>) -> Result<()> {
        let value = record.encode().map_err(JobError::BadId)?;
        let retention = if record.is_done() {
            Retention::Default
        } else {
            Retention::Never
        };
        let store = self.context.task_state_store();
        let saved = store.set_with(self.key, &value, retention).await;
        saved.map_err(|error| self.failed(error))
    }

    async fn read<Id: DeserializeOwned>(&self, key: &str) -> Result<Option<Record<Id>>> {
        let read = self.context.task_state_store().get::<Value>(key).await;
        let Some(value) = read.map_err(|error| self.failed(error))? else {
            return Ok(None);
        };
        let record = Record::decode(value).map_err(|reason| {
            Error::no_retry(JobError::BadRecord {
                key: key.to_owned(),
                reason,
            })
        })?;
        Ok(Some(record))
    }

    fn failed(&self, error: impl Into<Error>) -> Error {
        error.into().context(format_args!(
            "the job's key `{}` in the task state store",
            self.key
        ))
    }
}
