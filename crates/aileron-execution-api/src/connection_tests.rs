//! Tests of connections, which belong to no task instance.

use async_trait::async_trait;
use uuid::Uuid;

use aileron_wire::message::ConnectionResponse;

use crate::ApiError;

/// How the test of a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionTestResult {
    /// Whether the connection works.
    pub succeeded: bool,
    /// What happened, for a person.
    pub message: Option<String>,
}

/// What a worker that tests a connection may ask of Airflow. Since 2026-06-30.
///
/// # Errors
///
/// Every method fails with an [`ApiError`].
#[async_trait]
pub trait ConnectionTests: Send + Sync {
    /// Starts the test: gives the connection, once.
    ///
    /// `Conflict` when the test was started before.
    async fn start(&self, test_id: Uuid) -> Result<ConnectionResponse, ApiError>;

    /// Says how the test ended. `Conflict` when it has ended, or was never asked for.
    async fn finish(&self, test_id: Uuid, result: ConnectionTestResult) -> Result<(), ApiError>;
}
