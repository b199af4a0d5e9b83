//! Requirements: lines of `requirements.txt`, constraints files, and dependencies in `pyproject.toml`.

use std::str::FromStr as _;

use pep440_rs::{Operator, Version, VersionSpecifiers};

use super::{Said, release_in, release_of};
use crate::version::AirflowVersion;

/// What the lines of a requirements or constraints file say about Airflow.
///
/// A line with the URL of Airflow's own constraints (`-c https://.../constraints-3.3.2/constraints-3.12.txt`) says it too.
#[must_use]
pub fn versions_in_requirements(text: &str) -> Vec<Said> {
    text.lines().filter_map(in_line).collect()
}

fn in_line(line: &str) -> Option<Said> {
    // A comment begins at the line's start or after white space; a `#` in a URL is none.
    let line = line.trim();
    let line = line.split(" #").next().unwrap_or_default().trim_end();
    if line.starts_with('#') {
        return None;
    }
    if line.contains("constraints-") && line.starts_with('-') {
        return in_constraints_url(line);
    }
    in_requirement(line)
}

/// `constraints-3.3.2` in the URL of a constraints file.
fn in_constraints_url(line: &str) -> Option<Said> {
    let text = line
        .split('/')
        .find_map(|part| part.strip_prefix("constraints-"))
        .filter(|version| !version.ends_with(".txt"))?;
    let version = release_in(text)?;
    Some(Said {
        text: format!("constraints-{text}"),
        version,
        exact: true,
    })
}

/// What one requirement says, if it is about Airflow.
pub(super) fn in_requirement(requirement: &str) -> Option<Said> {
    // Hashes and environment markers do not change the version.
    let requirement = requirement
        .split([';', '\\'])
        .next()
        .unwrap_or_default()
        .split(" --")
        .next()
        .unwrap_or_default()
        .trim();
    let name_end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(name_end);
    if !is_airflow(name) {
        return None;
    }
    let specifiers = without_extras(rest.trim_start())?.trim();
    let specifiers = specifiers
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(specifiers);
    let (version, exact) = lowest(&VersionSpecifiers::from_str(specifiers).ok()?)?;
    Some(Said {
        text: format!("{name}{specifiers}"),
        version,
        exact,
    })
}

/// Whether a distribution has the version of Airflow as its version.
pub(super) fn is_airflow(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
    matches!(name.as_str(), "apache-airflow" | "apache-airflow-core")
}

/// What follows `[extras]`.
fn without_extras(rest: &str) -> Option<&str> {
    match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map(|(_, rest)| rest),
        None => Some(rest),
    }
}

/// The lowest release that specifiers allow, and whether they allow only one.
///
/// Only an upper bound says little: of `<3.3` it is the release below. A bound above all that is known says nothing.
pub(super) fn lowest(specifiers: &VersionSpecifiers) -> Option<(AirflowVersion, bool)> {
    let mut low: Option<(AirflowVersion, bool)> = None;
    let mut high: Option<AirflowVersion> = None;
    for specifier in specifiers.iter() {
        let release = release_of(specifier.version())?;
        match specifier.operator() {
            // `==3.*` is a range; `==3.3.*` names one release.
            Operator::EqualStar if specifier.version().release().len() < 2 => {
                low = low.max(Some((release, false)));
            }
            Operator::Equal | Operator::EqualStar | Operator::ExactEqual => {
                return Some((release, true));
            }
            Operator::TildeEqual => {
                let exact = specifier.version().release().len() > 2;
                low = low.max(Some((release, exact)));
            }
            Operator::GreaterThan | Operator::GreaterThanEqual => {
                low = low.max(Some((release, false)));
            }
            Operator::LessThan => high = below(specifier.version()).or(high),
            Operator::LessThanEqual => high = Some(release),
            Operator::NotEqual | Operator::NotEqualStar => {}
        }
    }
    low.or(high.map(|release| (release, false)))
}

/// A release below `version`: the patch before, or the minor release before. None for `<3` and `<4`: what is the last one
/// below is not known here.
fn below(version: &Version) -> Option<AirflowVersion> {
    let part = |at: usize| u16::try_from(version.release().get(at).copied().unwrap_or(0)).ok();
    let (major, minor, patch) = (part(0)?, part(1)?, part(2)?);
    match (minor, patch) {
        (0, 0) => None,
        (minor, 0) => Some(AirflowVersion::new(major, minor - 1, 0)),
        (minor, patch) => Some(AirflowVersion::new(major, minor, patch - 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(line: &str) -> Option<(String, bool)> {
        let said = versions_in_requirements(line).pop()?;
        Some((said.version.to_string(), said.exact))
    }

    #[test]
    fn a_pin_is_exact_and_a_range_is_its_lowest() {
        for (line, version, exact) in [
            ("apache-airflow==3.3.2", "3.3.2", true),
            (
                "apache-airflow[celery,postgres]==3.3.2 ; python_version >= '3.10'",
                "3.3.2",
                true,
            ),
            ("Apache_Airflow == 3.1.0  # pinned", "3.1.0", true),
            ("apache-airflow-core==3.3.2 \\", "3.3.2", true),
            ("apache-airflow==3.3.2 --hash=sha256:00", "3.3.2", true),
            ("apache-airflow==3.3.*", "3.3.0", true),
            ("apache-airflow~=3.3.0", "3.3.0", true),
            ("apache-airflow~=3.3", "3.3.0", false),
            ("apache-airflow>=2.9,<4", "2.9.0", false),
            ("apache-airflow<4,>=3.2", "3.2.0", false),
            ("apache-airflow<3.3", "3.2.0", false),
            ("apache-airflow (>=3.3)", "3.3.0", false),
            ("apache-airflow==3.4.0b2", "3.4.0", true),
        ] {
            assert_eq!(said(line), Some((version.to_owned(), exact)), "{line}");
        }
    }

    #[test]
    fn the_url_of_airflows_constraints_says_the_version() {
        let line = "-c https://raw.githubusercontent.com/apache/airflow/constraints-3.3.2/constraints-3.12.txt";
        assert_eq!(said(line), Some(("3.3.2".to_owned(), true)));
        let line = "--constraint https://example.com/constraints-latest/constraints-3.12.txt";
        assert_eq!(said(line), None);
    }

    #[test]
    fn other_lines_say_nothing() {
        for line in [
            "",
            "# apache-airflow==2.0",
            "apache-airflow",
            "apache-airflow-providers-amazon==9.0",
            "apache-airflow[celery",
            "apache-airflow @ file:///wheels/airflow.whl",
            "apache-airflow<4",
            "apache-airflow!=3.3.1",
            "-r constraints-dev.txt",
        ] {
            assert_eq!(said(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC*") {
            let _ = versions_in_requirements(&text);
            let _ = versions_in_requirements(&format!("apache-airflow{text}"));
        }
    }
}
