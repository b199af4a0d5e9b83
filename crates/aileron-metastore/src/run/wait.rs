//! A wait that is over without an event.

use aileron_wire::json::{JsonMap, RawJson};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::Run;
use crate::database::{DatabaseError, sql};

/// What a question says for the case that nobody answers.
#[derive(Debug, Clone, PartialEq)]
pub struct DefaultAnswer {
    /// The options.
    pub chosen_options: Vec<String>,
    /// The form, as it was given out.
    pub params_input: JsonMap,
}

impl Run {
    /// Ends a deferred task instance with success: its trigger said so. Returns whether it was deferred.
    ///
    /// Source: `TaskSuccessEvent` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn end_deferred(&self, id: Uuid) -> Result<bool, DatabaseError> {
        let mut transaction = self.database.begin().await?;
        let statement = sql(
            "update task_instance set state = 'success', trigger_id = null, next_method = null, \
             next_kwargs = null, end_date = $2, updated_at = $2 where id = $1 and state = 'deferred'",
        );
        let changed = transaction
            .execute(statement.bind(id).bind(Timestamp::now()))
            .await?;
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// Answers the question of a task instance with its defaults, at this time. `None` when it has none, or was answered.
    ///
    /// Source: `check_awaiting_input_timeouts` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn answer_by_default(
        &self,
        id: Uuid,
        at: Timestamp,
    ) -> Result<Option<DefaultAnswer>, DatabaseError> {
        let mut transaction = self.database.begin().await?;
        let question = sql(
            "select defaults, params from hitl_detail where ti_id = $1 and responded_at is null",
        );
        let Some(row) = transaction.optional(question.bind(id)).await? else {
            return Ok(None);
        };
        let defaults: Option<Value> = row.get("defaults")?;
        let Some(Value::Array(defaults)) = defaults else {
            return Ok(None);
        };
        let params: Option<Value> = row.get("params")?;
        let answer = DefaultAnswer {
            chosen_options: defaults
                .iter()
                .filter_map(|option| option.as_str().map(str::to_owned))
                .collect(),
            params_input: plain(params.unwrap_or_default()),
        };
        let update = sql(
            "update hitl_detail set chosen_options = $2, params_input = $3, responded_at = $4, \
             responded_by = null where ti_id = $1",
        )
        .bind(id)
        .bind(json(&answer.chosen_options)?)
        .bind(json(&answer.params_input)?)
        .bind(at);
        transaction.execute(update).await?;
        transaction.commit().await?;
        Ok(Some(answer))
    }
}

fn json(value: &impl serde::Serialize) -> Result<RawJson, DatabaseError> {
    RawJson::of(value).map_err(|error| DatabaseError::Encode(error.into()))
}

/// The values of params; one may lie beside its schema and its description.
fn plain(params: Value) -> JsonMap {
    let Value::Object(params) = params else {
        return JsonMap::new();
    };
    let value = |param: Value| match param {
        Value::Object(mut map) if map.contains_key("value") => {
            map.remove("value").unwrap_or_default()
        }
        param => param,
    };
    params
        .into_iter()
        .map(|(name, param)| (name, value(param)))
        .collect()
}
