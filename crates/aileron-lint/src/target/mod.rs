//! Which Airflow the Dags are for, and how that was found out.
//!
//! The state stores exist since Airflow 3.3: a rule that recommends them needs to know. The first of these that says
//! something decides:
//!
//! 1. `--target-version`
//! 2. `target-airflow` in the settings
//! 3. files beside the Dags: a constraints file, a requirements file, `uv.lock`, `poetry.lock`, the image in a
//!    Dockerfile, the dependencies in `pyproject.toml`. An exact version is taken before a range; of a range, the
//!    lowest version that it allows. The directory of the Dags is looked at first, then its parents, up to the one
//!    with `.git`.
//! 4. nothing: then Airflow 3.3 is assumed, and the report says so.

mod container;
mod lock;
mod manifest;
mod requirement;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use crate::version::AirflowVersion;

pub use container::versions_in_containerfile;
pub use lock::{LockError, version_in_lock};
pub use manifest::{ManifestError, version_in_pyproject};
pub use requirement::versions_in_requirements;

/// What is assumed when nothing says which Airflow it is.
pub const ASSUMED: AirflowVersion = AirflowVersion::STATE_STORES;

/// A target, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The Airflow that the Dags are for.
    pub version: AirflowVersion,
    /// What said so.
    pub source: TargetSource,
    /// What other files say, if it is something else.
    pub contradictions: Vec<Finding>,
}

/// What decided about the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetSource {
    /// `--target-version`.
    Flag,
    /// `target-airflow` in this settings file.
    Settings(PathBuf),
    /// A file beside the Dags.
    File(Finding),
    /// Nothing.
    Assumed,
}

/// What one file says about the version of Airflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// The words in it: `apache-airflow==3.3.2`.
    pub text: String,
    /// The version, or the lowest of a range.
    pub version: AirflowVersion,
    /// Whether it is one version, not a range.
    pub exact: bool,
}

/// A file that should say which Airflow it is, and cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A lock file is damaged.
    #[error("{}", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        source: LockError,
    },
    /// `pyproject.toml` is damaged.
    #[error("{}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ManifestError,
    },
}

impl Target {
    /// The target that the command line gave.
    #[must_use]
    pub fn from_flag(version: AirflowVersion) -> Self {
        Self::of(version, TargetSource::Flag)
    }

    /// The target that a settings file gave.
    #[must_use]
    pub fn from_settings(version: AirflowVersion, path: PathBuf) -> Self {
        Self::of(version, TargetSource::Settings(path))
    }

    /// Looks in `directory` and above it, and assumes [`ASSUMED`] when nothing is found.
    ///
    /// # Errors
    ///
    /// A file that would decide cannot be read.
    pub fn from_files(directory: &Path) -> Result<Self, TargetError> {
        for directory in directory.ancestors() {
            let findings = findings_in(directory)?;
            if let Some(target) = decide(findings) {
                return Ok(target);
            }
            if directory.join(".git").exists() {
                break;
            }
        }
        Ok(Self::of(ASSUMED, TargetSource::Assumed))
    }

    /// What files have said, for showing their paths in another way.
    pub fn findings_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        let decided = match &mut self.source {
            TargetSource::File(finding) => Some(finding),
            TargetSource::Flag | TargetSource::Settings(_) | TargetSource::Assumed => None,
        };
        decided.into_iter().chain(&mut self.contradictions)
    }

    fn of(version: AirflowVersion, source: TargetSource) -> Self {
        Self {
            version,
            source,
            contradictions: Vec::new(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Airflow {}", self.version)?;
        match &self.source {
            TargetSource::Flag => write!(f, " (--target-version)"),
            TargetSource::Settings(path) => write!(f, " (target-airflow in {})", path.display()),
            TargetSource::File(finding) => {
                write!(f, " ({} in {})", finding.text, finding.path.display())
            }
            TargetSource::Assumed => write!(f, " (assumed; say it with --target-version)"),
        }
    }
}

/// The first exact finding, or else the first.
fn decide(findings: Vec<Finding>) -> Option<Target> {
    let chosen = findings
        .iter()
        .find(|finding| finding.exact)
        .or(findings.first())?
        .clone();
    let contradictions = findings
        .into_iter()
        .filter(|other| other.exact && other.version != chosen.version)
        .collect();
    Some(Target {
        version: chosen.version,
        source: TargetSource::File(chosen),
        contradictions,
    })
}

/// What the files in one directory say, in the order in which they decide.
fn findings_in(directory: &Path) -> Result<Vec<Finding>, TargetError> {
    let names = names_in(directory)?;
    let with_prefix = |prefix: &str| -> Vec<PathBuf> {
        let fits = |name: &&String| {
            name.starts_with(prefix) && (name.ends_with(".txt") || name.ends_with(".in"))
        };
        names
            .iter()
            .filter(fits)
            .map(|name| directory.join(name))
            .collect()
    };
    let mut findings = Vec::new();
    for path in with_prefix("constraints")
        .into_iter()
        .chain(with_prefix("requirements"))
    {
        findings.extend(found(&path, versions_in_requirements(&read_lossy(&path)?)));
    }
    for name in ["uv.lock", "poetry.lock"] {
        let path = directory.join(name);
        if names.iter().any(|other| other == name) {
            let version =
                version_in_lock(&read_lossy(&path)?).map_err(|source| TargetError::Lock {
                    path: path.clone(),
                    source,
                })?;
            findings.extend(found(&path, version));
        }
    }
    for name in names.iter().filter(|name| is_containerfile(name)) {
        let path = directory.join(name);
        findings.extend(found(&path, versions_in_containerfile(&read_lossy(&path)?)));
    }
    if names.iter().any(|name| name == "pyproject.toml") {
        let path = directory.join("pyproject.toml");
        let version =
            version_in_pyproject(&read_lossy(&path)?).map_err(|source| TargetError::Manifest {
                path: path.clone(),
                source,
            })?;
        findings.extend(found(&path, version));
    }
    Ok(findings)
}

fn is_containerfile(name: &str) -> bool {
    ["Dockerfile", "Containerfile"].iter().any(|stem| {
        name == *stem
            || name
                .strip_prefix(stem)
                .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// The names of files in a directory that may say the version, sorted.
fn names_in(directory: &Path) -> Result<Vec<String>, TargetError> {
    // The parents of a relative path end with the empty one.
    let listed = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    let failed = |source| TargetError::Read {
        path: listed.to_owned(),
        source,
    };
    let entries = match listed.read_dir() {
        // A directory above the Dags that is not for us holds no files of ours.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string()
            && may_say(&name)
            && entry.path().is_file()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn may_say(name: &str) -> bool {
    matches!(name, "uv.lock" | "poetry.lock" | "pyproject.toml")
        || name.starts_with("constraints")
        || name.starts_with("requirements")
        || is_containerfile(name)
}

/// A file as text. Bytes that are not UTF-8 say nothing about versions, and are replaced.
fn read_lossy(path: &Path) -> Result<String, TargetError> {
    let bytes = std::fs::read(path).map_err(|source| TargetError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a parser has found in a file: the words, the version, and whether it is exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The words.
    pub text: String,
    /// The version, or the lowest of a range.
    pub version: AirflowVersion,
    /// Whether it is one version, not a range.
    pub exact: bool,
}

/// The release that a version like `3.3.2`, `3.4.0b2` or `3.3` belongs to.
fn release_of(version: &pep440_rs::Version) -> Option<AirflowVersion> {
    let release = version.release();
    let part = |at: usize| u16::try_from(release.get(at).copied().unwrap_or(0)).ok();
    Some(AirflowVersion::new(part(0)?, part(1)?, part(2)?))
}

/// The release that a text names with at least two numbers.
fn release_in(text: &str) -> Option<AirflowVersion> {
    let version = pep440_rs::Version::from_str(text).ok()?;
    release_of(&version).filter(|_| version.release().len() > 1)
}

fn found(path: &Path, said: impl IntoIterator<Item = Said>) -> Vec<Finding> {
    said.into_iter()
        .map(|said| Finding {
            path: path.to_owned(),
            text: said.text,
            version: said.version,
            exact: said.exact,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join(".git")).unwrap();
        for (name, text) in files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        directory
    }

    fn version(files: &[(&str, &str)]) -> String {
        let directory = directory(files);
        let target = Target::from_files(directory.path()).unwrap();
        let root = format!("{}/", directory.path().display());
        target.to_string().replace(&root, "")
    }

    #[test]
    fn an_exact_version_is_taken_before_a_range() {
        let said = version(&[
            ("requirements.txt", "apache-airflow>=2.9\n"),
            (
                "uv.lock",
                "[[package]]\nname = \"apache-airflow\"\nversion = \"3.3.2\"\n",
            ),
        ]);
        assert_eq!(said, "Airflow 3.3.2 (apache-airflow 3.3.2 in uv.lock)");
    }

    #[test]
    fn files_decide_in_their_order() {
        let said = version(&[
            ("Dockerfile", "FROM apache/airflow:3.4.0\n"),
            (
                "poetry.lock",
                "[[package]]\nname = \"apache-airflow\"\nversion = \"3.3.2\"\n",
            ),
            ("constraints.txt", "apache-airflow==3.1.0\n"),
        ]);
        assert_eq!(
            said,
            "Airflow 3.1.0 (apache-airflow==3.1.0 in constraints.txt)"
        );
    }

    #[test]
    fn files_that_contradict_are_named() {
        let directory = directory(&[
            ("requirements.txt", "apache-airflow==3.3.2\n"),
            ("Dockerfile", "FROM apache/airflow:3.2.1\n"),
        ]);
        let target = Target::from_files(directory.path()).unwrap();
        assert_eq!(target.contradictions.len(), 1);
        assert_eq!(target.contradictions[0].text, "apache/airflow:3.2.1");
    }

    #[test]
    fn the_directory_of_the_dags_is_looked_at_before_its_parents() {
        let directory = directory(&[("requirements.txt", "apache-airflow==3.3.2\n")]);
        let dags = directory.path().join("dags");
        fs::create_dir(&dags).unwrap();
        assert_eq!(
            Target::from_files(&dags).unwrap().version,
            AirflowVersion::new(3, 3, 2)
        );
        fs::write(dags.join("requirements.txt"), "apache-airflow==2.10.5\n").unwrap();
        assert_eq!(
            Target::from_files(&dags).unwrap().version,
            AirflowVersion::new(2, 10, 5)
        );
    }

    #[test]
    fn an_assumption_says_that_it_is_one() {
        assert_eq!(
            version(&[("README.md", "apache-airflow==2.0")]),
            "Airflow 3.3.0 (assumed; say it with --target-version)"
        );
    }

    #[test]
    fn a_damaged_lock_is_an_error_that_names_it() {
        let directory = directory(&[("uv.lock", "[[package")]);
        let error = Target::from_files(directory.path()).unwrap_err();
        assert!(error.to_string().ends_with("uv.lock"));
    }
}
