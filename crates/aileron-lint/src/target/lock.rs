//! `uv.lock` and `poetry.lock`: both list packages as `[[package]]` with a name and a version.

use std::str::FromStr as _;

use serde::Deserialize;

use super::requirement::is_airflow;
use super::{Said, release_of};

/// A lock file that is damaged.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It is not the TOML of a lock file.
    #[error("not a lock file of uv or Poetry")]
    Toml(#[from] toml::de::Error),
    /// Airflow's version is not one.
    #[error("{0:?} is not a version")]
    Version(String),
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    /// Absent for a package of the workspace.
    version: Option<String>,
}

/// The version of Airflow that a lock file has.
///
/// # Errors
///
/// The text is not that of a lock file.
pub fn version_in_lock(text: &str) -> Result<Option<Said>, LockError> {
    let lock: Lock = toml::from_str(text)?;
    let airflow = lock
        .package
        .into_iter()
        .filter(|package| is_airflow(&package.name))
        // The meta package before its core.
        .min_by_key(|package| package.name.len());
    let Some(Package {
        name,
        version: Some(text),
    }) = airflow
    else {
        return Ok(None);
    };
    let version = pep440_rs::Version::from_str(&text)
        .ok()
        .and_then(|version| release_of(&version))
        .ok_or_else(|| LockError::Version(text.clone()))?;
    Ok(Some(Said {
        text: format!("{name} {text}"),
        version,
        exact: true,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UV: &str = r#"
version = 1
revision = 3
requires-python = ">=3.12"

[[package]]
name = "apache-airflow-core"
version = "3.3.2"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "apache-airflow"
version = "3.3.2"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "our-dags"
source = { virtual = "." }
"#;

    #[test]
    fn the_locked_version_is_found() {
        let said = version_in_lock(UV).unwrap().unwrap();
        assert_eq!(
            (said.text.as_str(), said.exact),
            ("apache-airflow 3.3.2", true)
        );
    }

    #[test]
    fn a_lock_without_airflow_says_nothing() {
        assert_eq!(version_in_lock("version = 1\n").unwrap(), None);
    }

    #[test]
    fn a_damaged_lock_is_an_error() {
        assert!(version_in_lock("[[package]").is_err());
        let odd = "[[package]]\nname = \"apache-airflow\"\nversion = \"three\"\n";
        assert!(version_in_lock(odd).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC*") {
            let _ = version_in_lock(&text);
        }
    }
}
