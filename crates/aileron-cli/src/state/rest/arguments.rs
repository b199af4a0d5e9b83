//! Which REST API.

use aileron_deployment::RestApi;

use crate::deployment::rest_api;

/// Which REST API.
#[derive(Debug, clap::Args)]
pub(crate) struct RestArguments {
    /// Airflow's REST API in place of the database: the URL of its server. The token is read from
    /// AILERON_API_TOKEN.
    #[arg(long, value_name = "URL", global = true, conflicts_with = "db")]
    api_url: Option<String>,
}

impl RestArguments {
    pub(crate) fn api(&self) -> anyhow::Result<Option<RestApi>> {
        self.api_url.as_deref().map(rest_api).transpose()
    }
}
