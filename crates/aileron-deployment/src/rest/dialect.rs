//! Which version of the API a server has.

use reqwest::{Method, StatusCode};

use super::RestApi;
use crate::Failure;

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    /// That of Airflow 2.
    V1,
    /// That of Airflow 3.
    V2,
}

impl ApiVersion {
    /// How paths begin.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::V1 => "/api/v1",
            Self::V2 => "/api/v2",
        }
    }
}

impl RestApi {
    /// Looks which version the server has.
    ///
    /// # Errors
    /// [`Failure::Api`] when it does not answer, or has neither.
    pub async fn version(&self) -> Result<ApiVersion, Failure> {
        for version in [ApiVersion::V2, ApiVersion::V1] {
            let path = format!("{}/version", version.prefix());
            let (status, body) = self.answer(Method::GET, &path, &[], None).await?;
            if status.is_success() {
                return Ok(version);
            }
            // Airflow 2 leads whoever asks for something unknown to its pages.
            if status != StatusCode::NOT_FOUND && !status.is_redirection() {
                return Err(self.refused(&path, status, &body));
            }
        }
        Err(self.problem("it has neither /api/v2 nor /api/v1; is it the URL of an Airflow?"))
    }
}
