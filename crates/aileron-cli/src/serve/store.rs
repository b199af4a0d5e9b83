//! The metadata database as what the routes are in front of.

use std::sync::Arc;

use aileron_execution_api::{Callbacks, ConnectionTests, ExecutionApi};
use aileron_metastore::Metastore;
use aileron_metastore::database::sql;
use aileron_server::{Store, StoreStatus};
use uuid::Uuid;

/// The metadata database.
pub(super) struct MetastoreStore(Metastore);

impl MetastoreStore {
    pub(super) fn new(metastore: Metastore) -> Self {
        Self(metastore)
    }
}

#[async_trait::async_trait]
impl Store for MetastoreStore {
    fn task(&self, ti_id: Uuid) -> Arc<dyn ExecutionApi> {
        Arc::new(self.0.task(ti_id))
    }

    fn connection_tests(&self) -> Option<Arc<dyn ConnectionTests>> {
        Some(Arc::new(self.0.connection_tests()))
    }

    fn callbacks(&self) -> Option<Arc<dyn Callbacks>> {
        Some(Arc::new(self.0.callbacks()))
    }

    async fn status(&self) -> StoreStatus {
        let answered = match self.0.database().read().await {
            Ok(mut session) => session.one(sql("select 1 as one")).await.map(|_| ()),
            Err(error) => Err(error),
        };
        match answered {
            Ok(()) => StoreStatus::Ready,
            Err(error) => {
                tracing::warn!(%error, "the database does not answer");
                StoreStatus::Away("the database does not answer".to_owned())
            }
        }
    }
}
