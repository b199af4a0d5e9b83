//! What a task instance waited for has happened.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Run;
use crate::database::{DatabaseError, Transaction, sql};

/// The method that tells a task that what it waited for failed.
const FAIL: &str = "__fail__";

impl Run {
    /// Schedules a task instance that was deferred, with the event of its trigger: the payload as
    /// Airflow's serialization writes it. One that asked a person gets the answer this way. Returns
    /// whether it waited.
    ///
    /// Source: `handle_event_submit` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn resume(&self, id: Uuid, event: &RawJson) -> Result<bool, DatabaseError> {
        let mut transaction = self.database.begin().await?;
        let select = sql(
            "select next_method, next_kwargs from task_instance where id = $1 and state in ('deferred', 'awaiting_input')",
        );
        let Some(row) = transaction.optional(select.bind(id)).await? else {
            return Ok(false);
        };
        let method: Option<String> = row.get("next_method")?;
        let kwargs: Option<Value> = row.get("next_kwargs")?;
        let event: Value = event.read().map_err(|error| DatabaseError::Column {
            column: "next_kwargs".to_owned(),
            problem: error.to_string(),
        })?;
        let kwargs = with_event(kwargs.unwrap_or(Value::Null), event)?;
        schedule(&mut transaction, id, method, &kwargs).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Schedules a task instance that was deferred so that it fails: its trigger failed, or it has
    /// waited for too long. Returns whether it was deferred.
    ///
    /// Source: `Trigger.submit_failure` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn fail_to_resume(&self, id: Uuid, error: &str) -> Result<bool, DatabaseError> {
        let mut transaction = self.database.begin().await?;
        let select = sql(
            "select id from task_instance where id = $1 and state in ('deferred', 'awaiting_input')",
        );
        if transaction.optional(select.bind(id)).await?.is_none() {
            return Ok(false);
        }
        let kwargs = json!({"error": error, "traceback": null});
        schedule(&mut transaction, id, Some(FAIL.to_owned()), &kwargs).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

fn with_event(kwargs: Value, event: Value) -> Result<Value, DatabaseError> {
    let mut kwargs = match kwargs {
        Value::Null => Map::new(),
        Value::Object(map) => map,
        _ => {
            return Err(DatabaseError::Column {
                column: "next_kwargs".to_owned(),
                problem: "encrypted, or not a map; only an Airflow can resume this task".to_owned(),
            });
        }
    };
    // Airflow before 3.2 wraps the map.
    match kwargs.get_mut("__var") {
        Some(Value::Object(inner)) => inner.insert("event".to_owned(), event),
        _ => kwargs.insert("event".to_owned(), event),
    };
    Ok(Value::Object(kwargs))
}

async fn schedule(
    transaction: &mut Transaction,
    id: Uuid,
    method: Option<String>,
    kwargs: &Value,
) -> Result<(), DatabaseError> {
    let kwargs = RawJson::of(kwargs).map_err(|error| DatabaseError::Encode(error.into()))?;
    let trigger = sql("select trigger_id from task_instance where id = $1").bind(id);
    let trigger: Option<i64> = transaction.one(trigger).await?.get("trigger_id")?;
    let update = sql(
        "update task_instance set state = 'scheduled', trigger_id = null, next_method = $2, \
         next_kwargs = $3, scheduled_dttm = $4, updated_at = $4 where id = $1",
    )
    .bind(id)
    .bind(method)
    .bind(kwargs)
    .bind(Timestamp::now());
    transaction.execute(update).await?;
    if let Some(trigger) = trigger {
        // Airflow's triggerer deletes it later, when nothing refers to it.
        let delete = sql("delete from \"trigger\" where id = $1 \
             and not exists (select 1 from task_instance where trigger_id = $1)");
        transaction.execute(delete.bind(trigger)).await?;
    }
    Ok(())
}
