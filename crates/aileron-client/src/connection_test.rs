//! Tests of connections, and callbacks: operations of a worker that runs no task.

use std::fmt;

use aileron_execution_api::ApiError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::Client;
use crate::attempt::Request;
use crate::route::Route;

/// The most characters that a result may have; the server refuses more.
const LONGEST_RESULT: usize = 2000;

/// The Connection that is to be tested.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct ConnectionTestConnection {
    /// The id.
    pub conn_id: String,
    /// The type.
    pub conn_type: String,
    /// The host.
    pub host: Option<String>,
    /// The login.
    pub login: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The schema.
    pub schema: Option<String>,
    /// The port.
    pub port: Option<i64>,
    /// Whatever else, as JSON text.
    pub extra: Option<String>,
}

/// Shows neither the password nor the extra.
impl fmt::Debug for ConnectionTestConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionTestConnection")
            .field("conn_id", &self.conn_id)
            .field("conn_type", &self.conn_type)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionTestState {
    /// The Connection works.
    Success,
    /// It does not.
    Failed,
}

impl Client {
    /// The Connection of a test; the test is running from then on. It can be asked for once, with a workload token of that test.
    /// Since Airflow 3.3.
    ///
    /// # Errors
    ///
    /// An [`ApiError`]: `NotFound`, or `Conflict` when it was asked for before.
    pub async fn connection_test(&self, id: Uuid) -> Result<ConnectionTestConnection, ApiError> {
        let route = Route::new("connection-tests")
            .part(&id.to_string())
            .fixed("connection");
        let request = Request::get(route, format!("get the Connection of test {id}"));
        self.ask(request.only_once()).await
    }

    /// Says how a test ended. Of the result the first 2,000 characters are kept. Since Airflow 3.3.
    ///
    /// # Errors
    ///
    /// An [`ApiError`]: `NotFound`, or `Conflict` when the test has ended before.
    pub async fn end_connection_test(
        &self,
        id: Uuid,
        state: ConnectionTestState,
        result: Option<&str>,
    ) -> Result<(), ApiError> {
        let result: Option<String> =
            result.map(|result| result.chars().take(LONGEST_RESULT).collect());
        let route = Route::new("connection-tests").part(&id.to_string());
        let request = Request::patch(route, format!("end the Connection test {id}"));
        let body = json!({"state": state, "result_message": result});
        self.tell(request.json(body.to_string())).await
    }

    /// Says that a callback starts, and takes over the token for it. It can be said once. Since Airflow 3.4.
    ///
    /// # Errors
    ///
    /// An [`ApiError`]: `NotFound`, or `Conflict` when it was said before.
    pub async fn run_callback(&self, id: Uuid) -> Result<(), ApiError> {
        let route = Route::new("callbacks").part(&id.to_string()).fixed("run");
        let request = Request::patch(route, format!("run callback {id}"));
        self.tell(request.only_once()).await
    }

    /// Whether the server answers at all. It needs no token.
    ///
    /// # Errors
    ///
    /// An [`ApiError`].
    pub async fn health(&self) -> Result<(), ApiError> {
        let request = Request::get(Route::new("health"), "ask for the server's health");
        self.ask::<serde_json::Value>(request).await.map(|_| ())
    }
}
