//! Finding and reading the settings file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::table::Table;
use super::{Configuration, ValueError};

const AILERON: &str = "aileron.toml";
const PYPROJECT: &str = "pyproject.toml";

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or a key is unknown or of another type.
    #[error("{}: {key}{reason}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The key, with a colon, where one is known.
        key: String,
        /// What is wrong, with the line.
        reason: String,
    },
    /// A value means nothing.
    #[error("{}: {table}.{source}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The linter's table in it.
        table: &'static str,
        /// What is wrong.
        source: ValueError,
    },
    /// A file was named, and says nothing about the linter.
    #[error("{} has no table [{table}]", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
        /// The table it should have.
        table: &'static str,
    },
}

#[derive(Deserialize)]
struct AileronFile {
    lint: Option<Table>,
}

#[derive(Deserialize)]
struct PyprojectFile {
    tool: Option<Tool>,
}

#[derive(Deserialize)]
struct Tool {
    aileron: Option<AileronFile>,
}

pub(super) fn nearest(directory: &Path) -> Result<Configuration, ConfigurationError> {
    for directory in directory.ancestors() {
        for name in [AILERON, PYPROJECT] {
            let path = directory.join(name);
            if !path.is_file() {
                continue;
            }
            if let Some(configuration) = read(&path)? {
                return Ok(configuration);
            }
        }
    }
    Ok(Configuration::default())
}

pub(super) fn load(path: &Path) -> Result<Configuration, ConfigurationError> {
    read(path)?.ok_or_else(|| ConfigurationError::NoTable {
        path: path.to_owned(),
        table: table_of(path),
    })
}

fn table_of(path: &Path) -> &'static str {
    if path.file_name().is_some_and(|name| name == PYPROJECT) {
        "tool.aileron.lint"
    } else {
        "lint"
    }
}

fn read(path: &Path) -> Result<Option<Configuration>, ConfigurationError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigurationError::Read {
        path: path.to_owned(),
        source,
    })?;
    parse(path, &text)
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Option<Configuration>, ConfigurationError> {
    let table = table_of(path);
    let parsed = if table == "lint" {
        deserialize::<AileronFile>(path, text)?.lint
    } else {
        let tool = deserialize::<PyprojectFile>(path, text)?.tool;
        tool.and_then(|tool| tool.aileron)
            .and_then(|file| file.lint)
    };
    let Some(parsed) = parsed else {
        return Ok(None);
    };
    let root = path.parent().unwrap_or(Path::new(""));
    let configuration =
        Configuration::from_table(parsed, root).map_err(|source| ConfigurationError::Value {
            path: path.to_owned(),
            table,
            source,
        })?;
    Ok(Some(Configuration {
        path: Some(path.to_owned()),
        ..configuration
    }))
}

fn deserialize<'a, T: Deserialize<'a>>(
    path: &Path,
    text: &'a str,
) -> Result<T, ConfigurationError> {
    let failed = |key: String, reason: String| ConfigurationError::Toml {
        path: path.to_owned(),
        key,
        reason: reason.trim_end().to_owned(),
    };
    let document = toml::Deserializer::parse(text)
        .map_err(|error| failed(String::new(), error.to_string()))?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let key = match error.path().to_string() {
            key if key == "." => String::new(),
            key => format!("{key}: "),
        };
        failed(key, error.inner().to_string())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::version::AirflowVersion;

    fn target_of(files: &[(&str, &str)]) -> Result<Option<AirflowVersion>, String> {
        let directory = tempfile::tempdir().unwrap();
        let dags = directory.path().join("dags");
        fs::create_dir(&dags).unwrap();
        for (name, text) in files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        let root = format!("{}/", directory.path().display());
        Configuration::find(&dags)
            .map(|found| found.target)
            .map_err(|error| error.to_string().replace(&root, ""))
    }

    #[test]
    fn the_nearest_file_with_the_table_decides() {
        let pyproject = (
            "pyproject.toml",
            "[tool.aileron.lint]\ntarget-airflow = '3.3.2'",
        );
        let expected = Ok(Some(AirflowVersion::new(3, 3, 2)));
        assert_eq!(target_of(&[pyproject]), expected);
        assert_eq!(
            target_of(&[pyproject, ("aileron.toml", "# nothing")]),
            expected
        );
        assert_eq!(
            target_of(&[
                pyproject,
                ("dags/aileron.toml", "[lint]\ntarget-airflow = '3.2.0'")
            ]),
            Ok(Some(AirflowVersion::new(3, 2, 0)))
        );
    }

    #[test]
    fn errors_name_the_file_and_the_key() {
        for (text, words) in [
            ("[lint]\nselekt = []", "aileron.toml: lint.selekt: "),
            ("[lint]\nselect = 'ALL'", "aileron.toml: lint.select: "),
            (
                "[lint]\nmax-file-size = -1",
                "aileron.toml: lint.max-file-size: ",
            ),
            (
                "[lint]\nselect = ['X']",
                "aileron.toml: lint.select: \"X\" is no rule",
            ),
            ("[lint", "aileron.toml: "),
        ] {
            let error = target_of(&[("aileron.toml", text)]).unwrap_err();
            assert!(error.starts_with(words), "{text}: {error}");
        }
        let error = target_of(&[("pyproject.toml", "[tool.aileron.lint]\nselect = ['X']")]);
        assert!(
            error
                .unwrap_err()
                .starts_with("pyproject.toml: tool.aileron.lint.select: ")
        );
    }

    #[test]
    fn a_named_file_must_say_something() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pyproject.toml");
        fs::write(&path, "[project]\nname = 'x'").unwrap();
        let error = Configuration::load(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("has no table [tool.aileron.lint]"),
            "{error}"
        );
    }
}
