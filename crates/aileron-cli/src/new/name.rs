//! The name of a project: a cargo package, a Dag and a Rust function at once.

use std::str::FromStr;

/// A name that cargo, Airflow and Rust accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProjectName(String);

/// Names cargo refuses, or that the template's own items would clash with.
const TAKEN: &[&str] = &[
    "aileron",
    "alloc",
    "build",
    "core",
    "dag",
    "deps",
    "examples",
    "incremental",
    "main",
    "proc_macro",
    "read_sales",
    "serde",
    "std",
    "task",
    "test",
    "tests",
    "tokio",
    "total_per_shop",
    "tracing",
];

/// Longest name: it becomes a file name.
const MAX_LEN: usize = 64;

impl ProjectName {
    /// The package.
    pub(super) fn package(&self) -> &str {
        &self.0
    }

    /// The Dag and its function.
    pub(super) fn dag(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl FromStr for ProjectName {
    type Err = String;

    fn from_str(text: &str) -> Result<ProjectName, String> {
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.chars().all(allowed) {
            return Err(
                "use lower-case letters, digits, `-` and `_`, beginning with a letter".to_owned(),
            );
        }
        if text.len() > MAX_LEN {
            return Err(format!("it is longer than {MAX_LEN} characters"));
        }
        let name = ProjectName(text.to_owned());
        if TAKEN.contains(&name.dag().as_str())
            || syn::parse_str::<syn::Ident>(&name.dag()).is_err()
        {
            return Err(
                "it is a reserved word or the name of something else; choose another".to_owned(),
            );
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_pass_and_give_a_dag_id() {
        let name: ProjectName = "sales-2_eu".parse().unwrap();
        assert_eq!(
            (name.package(), name.dag().as_str()),
            ("sales-2_eu", "sales_2_eu")
        );
    }

    #[test]
    fn names_that_would_not_compile_or_not_be_found_are_refused() {
        let long = "x".repeat(65);
        for wrong in [
            "",
            "Sales",
            "1st",
            "a.b",
            "a/b",
            "../a",
            "a b",
            "fn",
            "async",
            "test",
            "std",
            "proc-macro",
            "dag",
            &long,
        ] {
            assert!(wrong.parse::<ProjectName>().is_err(), "{wrong:?}");
        }
    }
}
