//! Bringing the log of a task to where the web interface looks for it.

mod connection;
mod store;
mod upload;

use std::path::Path;

use aileron_config::Config;
use aileron_execution_api::ExecutionApi;
use aileron_object_storage::object_store;

/// Why a log was not brought there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteLogError {
    #[error(transparent)]
    Config(#[from] aileron_config::ConfigError),
    #[error("[logging] remote_base_log_folder {reason}")]
    Folder { reason: String },
    #[error("[logging] remote_log_conn_id: {reason}")]
    Connection { reason: String },
    #[error("{0}")]
    Store(#[from] object_store::Error),
    #[error("cannot read the log file: {0}")]
    Local(#[from] std::io::Error),
}

/// Uploads the log below `[logging] remote_base_log_folder`, if `[logging] remote_logging` is on. What is there already, from an
/// earlier process of the same try, stays in front. With `[logging] delete_local_logs` the file is deleted then.
///
/// The connection is looked up as late as this: the token of the workload does not allow it before the task has started.
pub(crate) async fn upload(
    config: &Config,
    api: &dyn ExecutionApi,
    file: &Path,
    log_path: &str,
) -> Result<(), RemoteLogError> {
    if !config
        .boolean("logging", "remote_logging")?
        .unwrap_or(false)
    {
        return Ok(());
    }
    let folder = config
        .get("logging", "remote_base_log_folder")?
        .filter(|folder| !folder.is_empty())
        .ok_or_else(|| RemoteLogError::Folder {
            reason: "is not set, although remote_logging is on".to_owned(),
        })?;
    let account = match config
        .get("logging", "remote_log_conn_id")?
        .filter(|id| !id.is_empty())
    {
        None => None,
        Some(id) => Some(connection::account(&id, api).await?),
    };
    let (store, path) = store::open(&folder, account.as_ref(), config, log_path)?;
    upload::append(&store, &path, file).await?;
    if config
        .boolean("logging", "delete_local_logs")?
        .unwrap_or(false)
    {
        tokio::fs::remove_file(file).await?;
    }
    Ok(())
}
