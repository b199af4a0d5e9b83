//! The connection that says who may write the logs.

use aileron_execution_api::ExecutionApi;
use aileron_object_storage::Account;
use aileron_uri::ConnectionFields;

use super::RemoteLogError;

/// Looks in `AIRFLOW_CONN_...`, then asks the API server; the order of Airflow.
pub(super) async fn account(id: &str, api: &dyn ExecutionApi) -> Result<Account, RemoteLogError> {
    let refused = |reason: String| RemoteLogError::Connection { reason };
    let variable = format!("AIRFLOW_CONN_{}", id.to_uppercase());
    let fields = match std::env::var(&variable) {
        Ok(text) => ConnectionFields::from_text(&text)
            .map_err(|error| refused(format!("{variable} cannot be read: {error}")))?,
        Err(_) => {
            let found = api
                .connection(id)
                .await
                .map_err(|error| refused(error.to_string()))?;
            ConnectionFields {
                conn_type: found.conn_type,
                host: found.host,
                schema: found.schema,
                login: found.login,
                password: found.password,
                port: found.port,
                extra: found.extra,
            }
        }
    };
    Account::new(fields).map_err(|error| refused(error.to_string()))
}
