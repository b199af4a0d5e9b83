//! The linter's table as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Table {
    pub(super) target_airflow: Option<String>,
    pub(super) airflowignore_syntax: Option<String>,
    pub(super) respect_ignore_files: Option<bool>,
    pub(super) max_file_size: Option<u64>,
    pub(super) select: Option<Vec<String>>,
    #[serde(default)]
    pub(super) ignore: Vec<String>,
    #[serde(default)]
    pub(super) exclude: Vec<String>,
    #[serde(default)]
    pub(super) per_file_ignores: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) rules: BTreeMap<String, RuleTable>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RuleTable {
    pub(super) severity: Option<String>,
}
