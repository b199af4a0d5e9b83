//! Where bundles are looked for.

use std::ffi::OsString;
use std::path::PathBuf;

use aileron_config::Config;
use serde_json::Value;

use crate::WorkerError;

/// The coordinator of Airflow whose bundles these are.
const COORDINATOR: &str = "airflow.sdk.coordinators.executable.ExecutableCoordinator";

/// The directories in which bundles are looked for, all their subdirectories included, and in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRoots(Vec<PathBuf>);

impl BundleRoots {
    /// The first of these that says anything: `given`, the directories in `AILERON_BUNDLES` (separated as in `PATH`), and
    /// `executables_root` of `[sdk] coordinators`: of the coordinator that `[sdk] queue_to_coordinator` has for the queue, or of
    /// all.
    ///
    /// # Errors
    ///
    /// [`WorkerError::NoRoots`] when none does, and when an option cannot be read.
    pub fn find(
        given: Vec<PathBuf>,
        variable: Option<OsString>,
        config: &Config,
        queue: &str,
    ) -> Result<Self, WorkerError> {
        if !given.is_empty() {
            return Ok(Self(given));
        }
        let from_variable: Vec<PathBuf> = variable
            .iter()
            .flat_map(std::env::split_paths)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        if !from_variable.is_empty() {
            return Ok(Self(from_variable));
        }
        let configured = configured(config, queue)?;
        if configured.is_empty() {
            return Err(WorkerError::NoRoots);
        }
        Ok(Self(configured))
    }

    /// The directories.
    #[must_use]
    pub fn directories(&self) -> &[PathBuf] {
        &self.0
    }
}

fn configured(config: &Config, queue: &str) -> Result<Vec<PathBuf>, WorkerError> {
    let coordinators = json(config, "coordinators")?;
    let queues = json(config, "queue_to_coordinator")?;
    let chosen = queues.get(queue).and_then(Value::as_str);
    let members = coordinators.as_object().into_iter().flatten();
    let roots = members
        .filter(|(name, coordinator)| match chosen {
            Some(chosen) => *name == chosen,
            None => coordinator.get("classpath").and_then(Value::as_str) == Some(COORDINATOR),
        })
        .filter_map(|(_, coordinator)| coordinator.pointer("/kwargs/executables_root"))
        .flat_map(texts)
        .map(expanded);
    Ok(roots.collect())
}

fn json(config: &Config, key: &'static str) -> Result<Value, WorkerError> {
    match config.get("sdk", key)? {
        None => Ok(Value::Null),
        Some(text) if text.trim().is_empty() => Ok(Value::Null),
        Some(text) => serde_json::from_str(&text).map_err(|error| WorkerError::Option {
            section: "sdk",
            key,
            reason: format!("it is not JSON: {error}"),
        }),
    }
}

/// A path or a list of paths, as the coordinator takes them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let coordinators = serde_json::json!({
            "rust": {"classpath": COORDINATOR, "kwargs": {"executables_root": ["/r1", "/r2"]}},
            "go": {"classpath": COORDINATOR, "kwargs": {"executables_root": "/g"}},
            "java": {"classpath": "a.Java", "kwargs": {"executables_root": "/j"}},
        });
        Config::with_environment([
            ("AIRFLOW__SDK__COORDINATORS", coordinators.to_string()),
            (
                "AIRFLOW__SDK__QUEUE_TO_COORDINATOR",
                r#"{"native": "rust"}"#.to_owned(),
            ),
        ])
    }

    fn find(given: &[&str], variable: Option<&str>, config: &Config, queue: &str) -> Vec<String> {
        let given = given.iter().map(PathBuf::from).collect();
        let roots = BundleRoots::find(given, variable.map(OsString::from), config, queue).unwrap();
        roots
            .0
            .iter()
            .map(|root| root.display().to_string())
            .collect()
    }

    #[test]
    fn the_nearest_to_the_caller_wins() {
        assert_eq!(
            find(&["/a", "/b"], Some("/c"), &config(), "native"),
            ["/a", "/b"]
        );
        assert_eq!(find(&[], Some("/c:/d:"), &config(), "native"), ["/c", "/d"]);
        assert_eq!(find(&[], Some(""), &config(), "native"), ["/r1", "/r2"]);
        assert_eq!(find(&[], None, &config(), "unknown"), ["/r1", "/r2", "/g"]);
    }

    #[test]
    fn without_any_directory_the_error_says_how_to_give_one() {
        let nothing = Config::with_environment([("", ""); 0]);
        let error = BundleRoots::find(Vec::new(), None, &nothing, "q")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("--bundles") && error.contains("AILERON_BUNDLES"),
            "{error}"
        );
        let broken = Config::with_environment([("AIRFLOW__SDK__COORDINATORS", "{")]);
        let error = BundleRoots::find(Vec::new(), None, &broken, "q")
            .unwrap_err()
            .to_string();
        assert!(error.contains("[sdk] coordinators"), "{error}");
    }
}
