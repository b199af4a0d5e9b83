//! A task instance runs again, whatever it did.

use jiff::Timestamp;
use uuid::Uuid;

use super::Run;
use crate::dag::data;
use crate::database::{DatabaseError, sql};
use crate::task_instance::history::{self, EndedTry};
use crate::task_instance::subject;

impl Run {
    /// Lets a task instance that does not run start over, with all its retries: as when a person clears it. Its tries so far
    /// stay in the history, and its values and state as they are. Returns whether it did.
    ///
    /// Source: `clear_task_instances` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn clear(&self, id: Uuid) -> Result<bool, DatabaseError> {
        let mut transaction = self.database.begin().await?;
        let Some(subject) = subject::load(&mut transaction, id).await? else {
            return Ok(false);
        };
        if matches!(subject.state.as_deref(), Some("running" | "restarting")) {
            return Ok(false);
        }
        let dag = data::latest(&mut transaction, &self.dag_id).await?;
        let task = dag
            .as_ref()
            .and_then(|(_, dag)| dag.task(&subject.scope.task_id));
        let max_tries = match task {
            Some(task) => subject.try_number + task.options().retries,
            None => subject.max_tries.max(subject.try_number),
        };
        let now = Timestamp::now();
        let ended = EndedTry {
            end_date: now,
            retry_delay_override: None,
            retry_reason: None,
            rendered_map_index: None,
        };
        if subject.try_number > 0 {
            history::record(&mut transaction, &subject, &ended).await?;
        }
        let update = sql(
            "update task_instance set state = null, max_tries = $2, next_method = null, \
             next_kwargs = null, external_executor_id = null, updated_at = $3 where id = $1",
        )
        .bind(id)
        .bind(max_tries)
        .bind(now);
        transaction.execute(update).await?;
        history::renew(&mut transaction, &subject).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
