//! A supervisor is gone and has not said how its task ended.

use aileron_wire::message::TaskInstanceState;
use jiff::Timestamp;
use uuid::Uuid;

use super::Run;
use crate::database::DatabaseError;
use crate::task_instance::history::{self, EndedTry};
use crate::task_instance::{log, subject, update};

impl Run {
    /// Ends the try of a task instance that runs, but whose supervisor is gone, or that is queued
    /// and could not be started: it waits for a retry if it has one left, and has failed otherwise.
    /// Returns its new state; `None` when it is in another state.
    ///
    /// `reason` goes into the audit log, for people to read.
    ///
    /// Source: `TaskInstance.handle_failure` of Airflow 3.3.2, as the scheduler calls it for a task
    /// instance without heartbeats.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn end_orphan(
        &self,
        id: Uuid,
        reason: &str,
    ) -> Result<Option<TaskInstanceState>, DatabaseError> {
        let mut transaction = self.database.begin().await?;
        let Some(task) = subject::load(&mut transaction, id).await? else {
            return Ok(None);
        };
        let held = [
            TaskInstanceState::Queued,
            TaskInstanceState::Running,
            TaskInstanceState::Restarting,
        ];
        if !held.into_iter().any(|state| task.is(state)) {
            return Ok(None);
        }
        log::write(&mut transaction, &task, "heartbeat timeout", Some(reason)).await?;
        log::write(&mut transaction, &task, "failed", None).await?;
        let cleared = task.is(TaskInstanceState::Restarting);
        let again = cleared || (task.max_tries > 0 && task.try_number <= task.max_tries);
        let ended = EndedTry {
            end_date: Timestamp::now(),
            retry_delay_override: None,
            retry_reason: None,
            rendered_map_index: None,
        };
        if !again {
            update::fail(&mut transaction, &task, ended.end_date, None).await?;
        } else if cleared {
            // The try went into the history when the task was cleared.
            update::wait_for_retry(&mut transaction, &task, &ended).await?;
        } else {
            history::record(&mut transaction, &task, &ended).await?;
            update::wait_for_retry(&mut transaction, &task, &ended).await?;
            history::renew(&mut transaction, &task).await?;
        }
        let state = if again {
            TaskInstanceState::UpForRetry
        } else {
            TaskInstanceState::Failed
        };
        transaction.commit().await?;
        Ok(Some(state))
    }
}
