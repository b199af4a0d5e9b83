//! What the routes are in front of.

use std::sync::Arc;

use aileron_execution_api::{Callbacks, ConnectionTests, ExecutionApi};
use async_trait::async_trait;
use uuid::Uuid;

/// Whether a store can be asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreStatus {
    /// It can.
    Ready,
    /// It cannot, for this reason. The text is shown to whoever asks; it holds no secrets.
    Away(String),
}

/// What the routes are in front of: one [`ExecutionApi`] per task instance, and what belongs to none.
///
/// A closure from the id of a task instance to its API is a store.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// What a task instance may ask.
    fn task(&self, ti_id: Uuid) -> Arc<dyn ExecutionApi>;

    /// Tests of connections; `None` where there are none.
    fn connection_tests(&self) -> Option<Arc<dyn ConnectionTests>> {
        None
    }

    /// Callbacks; `None` where there are none.
    fn callbacks(&self) -> Option<Arc<dyn Callbacks>> {
        None
    }

    /// Whether the store can be asked now.
    async fn status(&self) -> StoreStatus {
        StoreStatus::Ready
    }
}

#[async_trait]
impl<F> Store for F
where
    F: Fn(Uuid) -> Arc<dyn ExecutionApi> + Send + Sync + 'static,
{
    fn task(&self, ti_id: Uuid) -> Arc<dyn ExecutionApi> {
        self(ti_id)
    }
}
