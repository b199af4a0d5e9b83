//! Why there is no client.

use std::path::PathBuf;

use aileron_config::ConfigError;

/// Why a client cannot be made. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// An option cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An option has a value that makes no sense.
    #[error("[{section}] {key}: {reason}")]
    Option {
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The URL of the server makes no sense. It is not shown whole: it may hold a password.
    #[error("the URL of the Execution API {reason}; it looks like http://airflow:8080/execution/")]
    Url {
        /// What is wrong.
        reason: String,
    },
    /// The token cannot stand in an HTTP header.
    #[error(
        "the token has characters that no token has; take it from the workload as it stands there"
    )]
    Token,
    /// A file with certificates or a key cannot be used.
    #[error("[api] {key}: cannot use {path}: {reason}")]
    Certificate {
        /// The key of the option.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The HTTP library refused its settings.
    #[error("cannot set up HTTP: {0}")]
    Http(String),
}
