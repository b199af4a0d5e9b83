//! Callbacks of deadlines, since Airflow 3.4.
//!
//! Source: `routes/callbacks.py` of the Execution API of Airflow 3.4.0b2.

use aileron_execution_api::{ApiError, Callbacks, ErrorKind};
use async_trait::async_trait;
use serde_json::json;
use uuid::Uuid;

use crate::Metastore;
use crate::database::{Dialect, sql};
use crate::failure::Failure;

/// The callbacks of a metadata database: see [`Metastore::callbacks`].
#[derive(Debug, Clone)]
pub struct CallbackApi {
    store: Metastore,
}

impl CallbackApi {
    pub(crate) fn new(store: Metastore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Callbacks for CallbackApi {
    async fn start(&self, callback_id: Uuid) -> Result<(), ApiError> {
        start(&self.store, callback_id)
            .await
            .map_err(|failure| failure.of(format!("start callback {callback_id}")))
    }
}

async fn start(store: &Metastore, id: Uuid) -> Result<(), Failure> {
    let mut transaction = store.database().begin().await?;
    let mut select = sql("select state from callback where id = $1");
    if transaction.dialect() == Dialect::Postgres {
        select = select.push(" for update");
    }
    let row = transaction.optional(select.bind(id)).await?;
    let row = row.ok_or_else(|| Failure::not_found(format!("there is no callback {id}")))?;
    let state: Option<String> = row.get("state")?;
    if state.as_deref() != Some("queued") {
        let message = "a callback is started once, while it is queued";
        return Err(Failure::detailed(
            ErrorKind::Conflict,
            message,
            json!({"reason": "invalid_state", "message": message, "previous_state": state}),
        ));
    }
    let update = sql("update callback set state = 'running' where id = $1");
    transaction.execute(update.bind(id)).await?;
    Ok(transaction.commit().await?)
}
