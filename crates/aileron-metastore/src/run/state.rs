//! From one state to the next.

use aileron_wire::message::{DagRunState, TaskInstanceState};
use jiff::Timestamp;
use uuid::Uuid;

use super::Run;
use crate::database::{DatabaseError, sql};

impl Run {
    /// Puts the run into a state.
    ///
    /// It starts once: going on after an interruption keeps the start date. A run that had ended
    /// and runs again starts anew.
    ///
    /// Source: `DagRun.set_state` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn set_state(&self, state: DagRunState) -> Result<(), DatabaseError> {
        let mut transaction = self.database.begin().await?;
        let now = Timestamp::now();
        let statement = match state {
            DagRunState::Queued => sql(
                "update dag_run set queued_at = $4, updated_at = $4, state = $3, \
                 start_date = case when state = $3 then start_date end, \
                 end_date = case when state = $3 then end_date end \
                 where dag_id = $1 and run_id = $2",
            ),
            DagRunState::Running => sql(
                "update dag_run set state = $3, updated_at = $4, end_date = null, \
                 start_date = case when state in ('success', 'failed') or start_date is null \
                 then $4 else start_date end \
                 where dag_id = $1 and run_id = $2 and state <> $3",
            ),
            DagRunState::Success | DagRunState::Failed => sql(
                "update dag_run set updated_at = $4, end_date = case when state in \
                 ('success', 'failed') then end_date else $4 end, state = $3 \
                 where dag_id = $1 and run_id = $2 and state <> $3",
            ),
        };
        let statement = statement
            .bind(&self.dag_id)
            .bind(&self.run_id)
            .bind(state.as_str())
            .bind(now);
        transaction.execute(statement).await?;
        transaction.commit().await
    }

    /// Queues task instances: those that were never looked at, or that wait to run again, or that
    /// are scheduled already. Returns those that are queued now.
    ///
    /// A try begins here, unless the instance was rescheduled or resumed: that goes on with its
    /// try.
    ///
    /// Source: `DagRun.schedule_tis` of Airflow 3.3.2, and the scheduler's queueing.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn queue(&self, ids: &[Uuid]) -> Result<Vec<Uuid>, DatabaseError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.database.begin().await?;
        let statement = sql("update task_instance set \
             try_number = case when state in ('up_for_reschedule', 'scheduled') then try_number \
             else try_number + 1 end, \
             scheduled_dttm = case when state = 'scheduled' then scheduled_dttm else $1 end, \
             queued_dttm = $1, updated_at = $1, state = 'queued' \
             where (state is null or state in ('up_for_retry', 'up_for_reschedule', 'scheduled')) \
             and id in ")
        .bind(Timestamp::now())
        .list(ids.iter().copied())
        .push(" returning id");
        let rows = transaction.all(statement).await?;
        let queued = rows
            .iter()
            .map(|row| row.get("id"))
            .collect::<Result<_, _>>()?;
        transaction.commit().await?;
        Ok(queued)
    }

    /// Ends task instances without running them: as skipped, upstream failed or removed. Those that
    /// run, or have ended, stay as they are. Returns how many changed.
    ///
    /// Source: `TaskInstance.set_state` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn end_without_running(
        &self,
        ids: &[Uuid],
        state: TaskInstanceState,
    ) -> Result<u64, DatabaseError> {
        if ids.is_empty() {
            return Ok(0);
        }
        let mut transaction = self.database.begin().await?;
        let statement = sql("update task_instance set state = $1, updated_at = $2, \
             start_date = coalesce(start_date, $2), end_date = coalesce(end_date, $2), \
             duration = coalesce(duration, 0) \
             where (state is null or state not in \
             ('running', 'success', 'failed', 'skipped', 'upstream_failed', 'removed')) \
             and id in ")
        .bind(state.as_str())
        .bind(Timestamp::now())
        .list(ids.iter().copied());
        let changed = transaction.execute(statement).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}
