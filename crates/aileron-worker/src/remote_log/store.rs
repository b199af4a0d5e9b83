//! Where a log is put.

use std::sync::Arc;

use aileron_config::Config;
use aileron_object_storage::object_store::ObjectStore;
use aileron_object_storage::object_store::path::Path;
use aileron_object_storage::{Account, Location, OpenError};

use super::RemoteLogError;

/// The store of the folder, and the object for the log.
pub(super) fn open(
    folder: &str,
    account: Option<&Account>,
    config: &Config,
    log_path: &str,
) -> Result<(Arc<dyn ObjectStore>, Path), RemoteLogError> {
    let in_container = wasb(folder, config)?;
    let folder = in_container.as_deref().unwrap_or(folder);
    let place = Location::parse(folder)
        .and_then(|location| location.open(account))
        .map_err(refused)?;
    let path = place.below(log_path).map_err(refused)?;
    Ok((place.store, path))
}

/// `wasb://PREFIX` is a place in the container that `[azure_remote_logging] remote_wasb_log_container` names.
fn wasb(folder: &str, config: &Config) -> Result<Option<String>, RemoteLogError> {
    let Some(prefix) = folder.strip_prefix("wasb://") else {
        return Ok(None);
    };
    let container = config
        .get("azure_remote_logging", "remote_wasb_log_container")?
        .unwrap_or_else(|| "airflow-logs".to_owned());
    Ok(Some(format!("wasb://{container}/{prefix}")))
}

fn refused(error: OpenError) -> RemoteLogError {
    match error {
        OpenError::Connection { reason } => RemoteLogError::Connection { reason },
        other => RemoteLogError::Folder {
            reason: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Config {
        Config::with_environment([("", ""); 0])
    }

    const LOG: &str = "dag_id=d/run_id=manual__2026-01-01T00:00:00+00:00/task_id=t/attempt=1.log";

    #[test]
    fn the_object_is_named_as_airflow_names_it() {
        for (folder, prefix) in [
            ("s3://bucket", ""),
            ("s3://bucket/", ""),
            ("s3://bucket/a/b c/", "a/b c/"),
            ("/var/log/airflow", "var/log/airflow/"),
        ] {
            let (_, path) = open(folder, None, &nothing(), LOG).unwrap();
            assert_eq!(path.as_ref(), format!("{prefix}{LOG}"));
        }
    }

    #[test]
    fn a_folder_of_wasb_lies_in_the_container_that_is_configured() {
        let wasb = |folder| wasb(folder, &nothing()).unwrap();
        assert_eq!(
            wasb("wasb://a/b").as_deref(),
            Some("wasb://airflow-logs/a/b")
        );
        assert_eq!(wasb("s3://a/b"), None);
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_named() {
        for (folder, part) in [
            ("ftp://x/y", "ftp://"),
            ("logs", "neither a path nor a URL"),
            ("cloudwatch://arn", "cloudwatch://"),
        ] {
            let error = open(folder, None, &nothing(), LOG)
                .err()
                .unwrap()
                .to_string();
            assert!(
                error.contains("remote_base_log_folder") && error.contains(part),
                "{error}"
            );
        }
    }
}
