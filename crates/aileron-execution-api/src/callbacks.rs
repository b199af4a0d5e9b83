//! Callbacks of deadlines, which belong to no task instance.

use async_trait::async_trait;
use uuid::Uuid;

use crate::ApiError;

/// What a worker that runs a callback may ask of Airflow. Since 2026-10-30.
///
/// # Errors
///
/// Every method fails with an [`ApiError`].
#[async_trait]
pub trait Callbacks: Send + Sync {
    /// Says that the callback runs, once: `Conflict` when it is not queued.
    async fn start(&self, callback_id: Uuid) -> Result<(), ApiError>;
}
