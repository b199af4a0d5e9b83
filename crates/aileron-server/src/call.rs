//! One request, as the operations see it.

use std::sync::Arc;

use aileron_execution_api::{Callbacks, ConnectionTests, ExecutionApi};

use crate::auth::Token;
use crate::request::{Body, Query};
use crate::version::ApiVersion;

/// One request, as the operations see it.
pub(crate) struct Call {
    pub(crate) version: ApiVersion,
    /// The newest version that is served. What no version tells apart follows it.
    pub(crate) newest: ApiVersion,
    pub(crate) token: Arc<Token>,
    pub(crate) query: Query,
    pub(crate) body: Body,
    /// What the task instance of the token may ask.
    pub(crate) api: Arc<dyn ExecutionApi>,
    pub(crate) connection_tests: Option<Arc<dyn ConnectionTests>>,
    pub(crate) callbacks: Option<Arc<dyn Callbacks>>,
}
