//! An Execution API server in this process, over a metadata database. Killing it drops its connections and all that it was
//! doing. It stands for Airflow's, which takes seconds to start.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aileron_execution_api::ExecutionApi;
use aileron_metastore::Metastore;
use aileron_metastore::database::Missing;
use aileron_server::auth::{Auth, AuthSettings};
use aileron_server::serve::serve;
use aileron_server::{RouterSettings, router};
use anyhow::Result;
use tokio::runtime::Runtime;

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Who gives out tokens, and who takes them.
pub(crate) fn auth() -> Result<Auth> {
    Ok(Auth::new(&AuthSettings::with_secret(SECRET))?)
}

/// A server. It is killed with the value.
pub(crate) struct ApiServer {
    pub(crate) address: SocketAddr,
    runtime: Option<Runtime>,
}

impl ApiServer {
    pub(crate) fn start(database: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let metastore = runtime.block_on(Metastore::open(database, Missing::Fail))?;
        let store = move |ti_id| Arc::new(metastore.task(ti_id)) as Arc<dyn ExecutionApi>;
        let routes = router(Arc::new(store), RouterSettings::new(auth()?));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        runtime.spawn(serve(
            listener,
            routes,
            None,
            Duration::ZERO,
            std::future::pending(),
        ));
        Ok(Self {
            address,
            runtime: Some(runtime),
        })
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
