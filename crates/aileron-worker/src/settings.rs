//! The options of a worker.

use std::path::PathBuf;

use aileron_config::Config;

use crate::WorkerError;

/// The URL of the Execution API: `[core] execution_api_server_url`, or the one below `[api] base_url`.
pub(crate) fn server_url(config: &Config) -> Result<String, WorkerError> {
    if let Some(url) = config
        .get("core", "execution_api_server_url")?
        .filter(|url| !url.is_empty())
    {
        return Ok(url);
    }
    let base = config.get("api", "base_url")?.unwrap_or_default();
    let base = if base.is_empty() || base.starts_with('/') {
        format!("http://localhost:8080{base}")
    } else {
        base
    };
    Ok(format!("{}/execution/", base.trim_end_matches('/')))
}

/// `[logging] base_log_folder`, or `logs` in Airflow's home.
pub(crate) fn base_log_folder(config: &Config) -> Result<PathBuf, WorkerError> {
    if let Some(folder) = config.get("logging", "base_log_folder")? {
        return Ok(PathBuf::from(folder));
    }
    let home = config
        .path()
        .and_then(|path| path.parent().map(PathBuf::from));
    home.map(|home| home.join("logs"))
        .ok_or(WorkerError::Option {
            section: "logging",
            key: "base_log_folder",
            reason: "it is not set, and neither is AIRFLOW_HOME: set one of them".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_the_server_is_found_as_airflow_finds_it() {
        for (variables, url) in [
            (vec![], "http://localhost:8080/execution/"),
            (
                vec![("AIRFLOW__API__BASE_URL", "/air")],
                "http://localhost:8080/air/execution/",
            ),
            (
                vec![("AIRFLOW__API__BASE_URL", "https://a/b/")],
                "https://a/b/execution/",
            ),
            (
                vec![
                    ("AIRFLOW__API__BASE_URL", "https://a/b/"),
                    (
                        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
                        "http://c:1/execution/",
                    ),
                ],
                "http://c:1/execution/",
            ),
        ] {
            let config = Config::with_environment(variables);
            assert_eq!(server_url(&config).unwrap(), url);
        }
    }

    #[test]
    fn logs_lie_in_airflows_home_unless_something_else_is_said() {
        let config = Config::with_environment([("AIRFLOW_HOME", "/air")]);
        assert_eq!(
            base_log_folder(&config).unwrap(),
            PathBuf::from("/air/logs")
        );
        let config = Config::with_environment([("AIRFLOW__LOGGING__BASE_LOG_FOLDER", "/l")]);
        assert_eq!(base_log_folder(&config).unwrap(), PathBuf::from("/l"));
    }
}
