//! Why tokens cannot be checked or issued.

use std::path::PathBuf;

use aileron_config::ConfigError;

/// Why tokens cannot be checked or issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// An option cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing to sign or to check with.
    #[error(
        "[api_auth] jwt_secret is not set, and neither is jwt_private_key_path: tokens cannot be checked. \
         Give this process the secret of the Airflow that it serves, such as in AIRFLOW__API_AUTH__JWT_SECRET"
    )]
    NoKey,
    /// An option has a value that makes no sense.
    #[error("[{section}] {key}: {reason}")]
    Option {
        /// The section.
        section: &'static str,
        /// The option.
        key: &'static str,
        /// What is wrong; never the value itself.
        reason: String,
    },
    /// A key file cannot be used.
    #[error("[api_auth] {key}: {path}: {reason}")]
    KeyFile {
        /// The option that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Signing failed.
    #[error("a token cannot be signed: {0}")]
    Signing(String),
}
