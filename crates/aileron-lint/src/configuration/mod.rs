//! Settings files: `aileron.toml` with a table `[lint]`, and `pyproject.toml` with `[tool.aileron.lint]`.
//!
//! ```toml
//! [tool.aileron.lint]
//! target-airflow = "3.3.2"
//! select = ["ALL"]
//! ignore = ["AIL204"]
//! exclude = ["legacy/**"]
//!
//! [tool.aileron.lint.per-file-ignores]
//! "tests/**" = ["AIL1"]
//!
//! [tool.aileron.lint.rules.AIL101]
//! severity = "advice"
//! ```

mod find;
mod globs;
mod table;

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

pub use find::ConfigurationError;
use globs::Globs;
use table::Table;

use crate::diagnostic::Severity;
use crate::discovery::IgnoreSyntax;
use crate::rule::Rule;
use crate::rules::{find_rule, select_rules};
use crate::settings::Settings;
use crate::version::AirflowVersion;

/// Files of more bytes are not checked, unless settings say otherwise: 5 MB.
pub const MAX_FILE_SIZE: u64 = 5_000_000;

/// What a settings file says; without one, the defaults.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The file, if there is one.
    pub path: Option<PathBuf>,
    /// `target-airflow`.
    pub target: Option<AirflowVersion>,
    /// `airflowignore-syntax`; without it, that of the target.
    pub airflowignore_syntax: Option<IgnoreSyntax>,
    /// `respect-ignore-files`: whether `.gitignore` and `.airflowignore` are heeded.
    pub respect_ignore_files: bool,
    /// `max-file-size`, in bytes.
    pub max_file_size: u64,
    select: Option<Vec<&'static Rule>>,
    ignore: Vec<&'static Rule>,
    severities: Vec<(&'static Rule, Severity)>,
    exclude: Globs,
    per_file_ignores: Vec<(Globs, Vec<&'static Rule>)>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            path: None,
            target: None,
            airflowignore_syntax: None,
            respect_ignore_files: true,
            max_file_size: MAX_FILE_SIZE,
            select: None,
            ignore: Vec::new(),
            severities: Vec::new(),
            exclude: Globs::default(),
            per_file_ignores: Vec::new(),
        }
    }
}

/// A value in a settings file that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct ValueError {
    /// Where, below the table of the linter: `per-file-ignores."tests/**"`.
    pub key: String,
    /// What is wrong, and what it may be.
    pub reason: String,
}

impl Configuration {
    /// Looks for a settings file in `directory` and above it. The nearest decides alone; in one directory it is
    /// `aileron.toml` before `pyproject.toml`. A file without the linter's table is passed over.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or says something that means nothing.
    pub fn find(directory: &Path) -> Result<Self, ConfigurationError> {
        find::nearest(directory)
    }

    /// Reads this file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, has no table for the linter, or says something that means nothing.
    pub fn load(path: &Path) -> Result<Self, ConfigurationError> {
        find::load(path)
    }

    /// What the text of a settings file says; nothing if it has no table for the linter. The name of the file says which
    /// table that is, its directory what globs are relative to.
    ///
    /// # Errors
    ///
    /// The text is not TOML, or says something that means nothing.
    pub fn parse(path: &Path, text: &str) -> Result<Option<Self>, ConfigurationError> {
        find::parse(path, text)
    }

    /// Settings for rules: what the file says, then what the command line says.
    #[must_use]
    pub fn settings(
        &self,
        target: AirflowVersion,
        select: &[&'static Rule],
        ignore: &[&'static Rule],
    ) -> Settings {
        let mut settings = Settings::new(target);
        match (select, &self.select) {
            ([], Some(rules)) => settings.only(rules.iter().copied()),
            ([], None) => {}
            (rules, _) => settings.only(rules.iter().copied()),
        }
        // A rule that the command line selects is wanted, whatever the file ignores.
        let ignored = self.ignore.iter().filter(|rule| !select.contains(rule));
        for rule in ignored.chain(ignore) {
            settings.disable(rule);
        }
        for (rule, severity) in &self.severities {
            settings.set_severity(rule, *severity);
        }
        settings
    }

    /// The settings for one file: `per-file-ignores` switch rules off.
    #[must_use]
    pub fn settings_of_file(&self, path: &Path, settings: &Settings) -> Settings {
        let mut settings = settings.clone();
        let fitting = self
            .per_file_ignores
            .iter()
            .filter(|(globs, _)| globs.matches(path));
        for rule in fitting.flat_map(|(_, rules)| rules) {
            settings.disable(rule);
        }
        settings
    }

    /// Whether `exclude` leaves out a file or directory.
    #[must_use]
    pub fn excludes(&self, path: &Path) -> bool {
        self.exclude.matches(path)
    }

    /// What a table says; globs are relative to `root`.
    fn from_table(table: Table, root: &Path) -> Result<Self, ValueError> {
        let mut configuration = Self::default();
        if let Some(text) = table.target_airflow {
            configuration.target = Some(parsed("target-airflow", AirflowVersion::from_str(&text))?);
        }
        if let Some(text) = table.airflowignore_syntax {
            let syntax = parsed("airflowignore-syntax", IgnoreSyntax::from_str(&text))?;
            configuration.airflowignore_syntax = Some(syntax);
        }
        if let Some(selectors) = table.select {
            configuration.select = Some(rules_of("select", &selectors)?);
        }
        configuration.ignore = rules_of("ignore", &table.ignore)?;
        configuration.exclude = parsed("exclude", Globs::new(root, &table.exclude))?;
        if let Some(respect) = table.respect_ignore_files {
            configuration.respect_ignore_files = respect;
        }
        if let Some(size) = table.max_file_size {
            configuration.max_file_size = size;
        }
        for (pattern, selectors) in table.per_file_ignores {
            let key = format!("per-file-ignores.{pattern:?}");
            let globs = parsed(&key, Globs::new(root, &[pattern]))?;
            let rules = rules_of(&key, &selectors)?;
            configuration.per_file_ignores.push((globs, rules));
        }
        for (name, of_rule) in table.rules {
            let key = format!("rules.{name}");
            let rule = find_rule(&name).ok_or_else(|| unknown_rule(&key, &name))?;
            if let Some(text) = of_rule.severity {
                let severity = Severity::from_str(&text).map_err(|()| ValueError {
                    key: format!("{key}.severity"),
                    reason: format!("{text:?} is not a severity: write advice, warning or error"),
                })?;
                configuration.severities.push((rule, severity));
            }
        }
        Ok(configuration)
    }
}

fn parsed<T, E: std::fmt::Display>(key: &str, result: Result<T, E>) -> Result<T, ValueError> {
    result.map_err(|error| ValueError {
        key: key.to_owned(),
        reason: error.to_string(),
    })
}

/// The rules that selectors mean.
fn rules_of(key: &str, selectors: &[String]) -> Result<Vec<&'static Rule>, ValueError> {
    let mut rules = Vec::new();
    for selector in selectors {
        let selected = select_rules(selector);
        if selected.is_empty() {
            return Err(unknown_rule(key, selector));
        }
        rules.extend(selected);
    }
    Ok(rules)
}

fn unknown_rule(key: &str, selector: &str) -> ValueError {
    ValueError {
        key: key.to_owned(),
        reason: format!(
            "{selector:?} is no rule: write a code, the beginning of codes, a name or ALL; `aileron lint --explain ALL` lists them"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{INVALID_SYNTAX, UNREADABLE_FILE};

    fn configuration(text: &str) -> Configuration {
        Configuration::from_table(toml::from_str(text).unwrap(), Path::new("/project")).unwrap()
    }

    fn error(text: &str) -> String {
        Configuration::from_table(toml::from_str(text).unwrap(), Path::new("/project"))
            .unwrap_err()
            .to_string()
    }

    fn settings(configuration: &Configuration, select: &[&'static Rule]) -> Settings {
        configuration.settings(AirflowVersion::STATE_STORES, select, &[])
    }

    #[test]
    fn rules_are_selected_ignored_and_graded() {
        let all = configuration("ignore = ['AIL002']\n[rules.invalid-syntax]\nseverity = 'advice'");
        let on = settings(&all, &[]);
        assert_eq!(on.severity(UNREADABLE_FILE), None);
        assert_eq!(on.severity(INVALID_SYNTAX), Some(Severity::Advice));

        let only = configuration("select = ['AIL002']");
        assert_eq!(settings(&only, &[]).severity(INVALID_SYNTAX), None);
    }

    #[test]
    fn the_command_line_is_the_last_word() {
        let file = configuration("select = ['AIL001']\nignore = ['AIL002']");
        let on = settings(&file, &[UNREADABLE_FILE]);
        assert!(on.severity(UNREADABLE_FILE).is_some());
        assert_eq!(on.severity(INVALID_SYNTAX), None);
    }

    #[test]
    fn files_have_settings_of_their_own() {
        let file = configuration("[per-file-ignores]\n'tests/**' = ['AIL00']");
        let all = settings(&file, &[]);
        let tests = file.settings_of_file(Path::new("/project/tests/a.py"), &all);
        let dags = file.settings_of_file(Path::new("/project/dags/a.py"), &all);
        assert_eq!(tests.severity(INVALID_SYNTAX), None);
        assert!(dags.severity(INVALID_SYNTAX).is_some());
    }

    #[test]
    fn errors_name_the_key_and_what_it_may_be() {
        for (text, words) in [
            (
                "target-airflow = 'latest'",
                "target-airflow: \"latest\" is not a version",
            ),
            ("select = ['AIL9']", "select: \"AIL9\" is no rule"),
            (
                "airflowignore-syntax = 'sql'",
                "airflowignore-syntax: \"sql\"",
            ),
            (
                "[per-file-ignores]\n'a/**' = ['X']",
                "per-file-ignores.\"a/**\": \"X\" is no rule",
            ),
            (
                "[per-file-ignores]\n'a[z-y]' = ['ALL']",
                "per-file-ignores.\"a[z-y]\": ",
            ),
            (
                "[rules.AIL001]\nseverity = 'bad'",
                "rules.AIL001.severity: \"bad\"",
            ),
            ("[rules.nonsense]\nseverity = 'error'", "rules.nonsense: "),
        ] {
            let error = error(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
