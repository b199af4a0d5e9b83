//! The machine-readable list: `tests/end-to-end/conformance.toml`.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Every dimension of the specification, in its order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    #[serde(rename = "row")]
    pub(super) rows: Vec<Row>,
}

/// A dimension. It is supported when tests show it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) dimension: String,
    /// `MUST`, `SHOULD` or `MAY`, as the specification has it.
    pub(super) tier: String,
    /// The Airflow versions the tests run on.
    #[serde(default)]
    pub(super) airflow: Vec<String>,
    /// The tests behind the tick; none: not supported.
    #[serde(default)]
    pub(super) tests: Vec<String>,
}

impl Manifest {
    pub(crate) fn read() -> Result<Self> {
        let path = end_to_end::workspace_root().join("tests/end-to-end/conformance.toml");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
    }

    /// What is wrong with the ticks, given the names of the tests that passed, one for each time.
    ///
    /// A test counts once for each Airflow version, so it must have passed as often.
    pub(crate) fn unproved(&self, passed: &[String]) -> Vec<String> {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for name in passed {
            *times.entry(name).or_default() += 1;
        }
        let mut problems = Vec::new();
        for row in &self.rows {
            for test in &row.tests {
                let passed = times.get(test.as_str()).copied().unwrap_or(0);
                if passed < row.airflow.len().max(1) {
                    problems.push(format!(
                        "conformance: `{}` is ticked, but its test `{test}` passed {passed} times, not on each of {}",
                        row.dimension,
                        row.airflow.join(", ")
                    ));
                }
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        toml::from_str(
            r#"
            [[row]]
            dimension = "skipped"
            tier = "SHOULD"
            airflow = ["3.3.2", "3.4.0b2"]
            tests = ["skips"]

            [[row]]
            dimension = "dag-test"
            tier = "SHOULD"
            "#,
        )
        .unwrap()
    }

    #[test]
    fn a_tick_needs_its_test_to_pass_on_each_version() {
        let passed = |times: usize| vec!["skips".to_owned(); times];
        assert_eq!(manifest().unproved(&passed(2)), Vec::<String>::new());
        assert_eq!(manifest().unproved(&passed(1)).len(), 1);
        assert!(manifest().unproved(&[])[0].contains("`skipped` is ticked"));
    }
}
