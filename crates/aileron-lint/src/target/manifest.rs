//! The dependencies in `pyproject.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Said;
use super::requirement::{in_requirement, is_airflow};

/// A `pyproject.toml` that is damaged.
#[derive(Debug, thiserror::Error)]
#[error("not a pyproject.toml")]
pub struct ManifestError(#[from] toml::de::Error);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Manifest {
    project: Option<Project>,
    #[serde(default)]
    dependency_groups: BTreeMap<String, Vec<toml::Value>>,
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Project {
    #[serde(default)]
    dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Tools {
    poetry: Option<Poetry>,
}

#[derive(Deserialize)]
struct Poetry {
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
}

/// What the dependencies of a project say about Airflow: `[project]`, `[dependency-groups]`, `[tool.poetry.dependencies]`.
///
/// # Errors
///
/// The text is not that of a `pyproject.toml`.
pub fn version_in_pyproject(text: &str) -> Result<Option<Said>, ManifestError> {
    let manifest: Manifest = toml::from_str(text)?;
    let project = manifest.project.map(|project| project.dependencies);
    let groups = manifest.dependency_groups.into_values().flatten();
    let groups = groups.filter_map(|item| item.as_str().map(str::to_owned));
    let listed = project.into_iter().flatten().chain(groups);
    if let Some(said) = listed.into_iter().find_map(|line| in_requirement(&line)) {
        return Ok(Some(said));
    }
    let poetry = manifest.tool.and_then(|tool| tool.poetry);
    Ok(poetry.and_then(|poetry| in_poetry(&poetry.dependencies)))
}

/// Poetry writes `apache-airflow = "^3.3"` or `{ version = "3.3.2", extras = [..] }`.
fn in_poetry(dependencies: &BTreeMap<String, toml::Value>) -> Option<Said> {
    let (name, value) = dependencies.iter().find(|(name, _)| is_airflow(name))?;
    let text = match value {
        toml::Value::Table(table) => table.get("version")?.as_str()?,
        value => value.as_str()?,
    };
    // A caret or tilde allows this and later; a bare version is exact.
    let specifiers = match text.chars().next()? {
        '^' => format!(">={}", &text[1..]),
        '~' if !text.starts_with("~=") => format!(">={}", &text[1..]),
        '0'..='9' => format!("=={text}"),
        _ => text.to_owned(),
    };
    let said = in_requirement(&format!("{name}{specifiers}"))?;
    Some(Said {
        text: format!("{name} = {text:?}"),
        ..said
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<(String, String, bool)> {
        let said = version_in_pyproject(text).unwrap()?;
        Some((said.text, said.version.to_string(), said.exact))
    }

    #[test]
    fn dependencies_are_read_wherever_they_stand() {
        for (text, words, version, exact) in [
            (
                "[project]\ndependencies = ['apache-airflow>=3.3,<4']",
                "apache-airflow>=3.3,<4",
                "3.3.0",
                false,
            ),
            (
                "[dependency-groups]\ndev = [{include-group = 'x'}, 'apache-airflow==3.3.2']",
                "apache-airflow==3.3.2",
                "3.3.2",
                true,
            ),
            (
                "[tool.poetry.dependencies]\napache-airflow = '^3.2'",
                "apache-airflow = \"^3.2\"",
                "3.2.0",
                false,
            ),
            (
                "[tool.poetry.dependencies]\napache-airflow = {version = '3.3.2'}",
                "apache-airflow = \"3.3.2\"",
                "3.3.2",
                true,
            ),
        ] {
            let expected = (words.to_owned(), version.to_owned(), exact);
            assert_eq!(said(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_project_without_airflow_says_nothing() {
        assert_eq!(said("[project]\ndependencies = ['pandas']"), None);
        assert_eq!(said(""), None);
    }
}
