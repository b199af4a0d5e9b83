//! `.airflowignore` as Airflow reads it (`airflow/_shared/module_loading/file_discovery.py` of 3.3.2).
//!
//! In both syntaxes a comment may begin anywhere in a line. `glob` is the default since Airflow 3: patterns of
//! `.gitignore`, where a later one overrides an earlier one, also one of a directory above. `regexp` was the default
//! before: a file is left out when a pattern is found anywhere in its path below the directory that is read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use fancy_regex::Regex;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{Problem, ProblemKind};
use crate::version::AirflowVersion;

/// The name of the file.
pub(super) const FILE_NAME: &str = ".airflowignore";

/// How patterns are written: Airflow's `[core] dag_ignore_file_syntax`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoreSyntax {
    /// As in `.gitignore`.
    Glob,
    /// Regular expressions.
    Regexp,
}

impl IgnoreSyntax {
    /// What Airflow takes when its configuration does not say.
    #[must_use]
    pub fn default_of(version: AirflowVersion) -> Self {
        if version < AirflowVersion::SDK {
            Self::Regexp
        } else {
            Self::Glob
        }
    }
}

/// A text that is not a syntax.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a syntax of .airflowignore: write \"glob\" or \"regexp\"")]
pub struct ParseSyntaxError(String);

impl FromStr for IgnoreSyntax {
    type Err = ParseSyntaxError;

    fn from_str(text: &str) -> Result<Self, ParseSyntaxError> {
        match text {
            "glob" => Ok(Self::Glob),
            "regexp" => Ok(Self::Regexp),
            other => Err(ParseSyntaxError(other.to_owned())),
        }
    }
}

/// The ignore files below one directory. Each is read once, when something in its directory is asked for.
pub(super) struct AirflowIgnore {
    root: PathBuf,
    syntax: IgnoreSyntax,
    by_directory: Mutex<HashMap<PathBuf, Arc<Vec<Rule>>>>,
    problems: Mutex<Vec<Problem>>,
}

enum Rule {
    Glob(GlobRule),
    Regexp(Regex),
}

struct GlobRule {
    /// The pattern alone, so that later patterns can override it.
    pattern: Gitignore,
    /// The directory of its file if it has a slash; otherwise the pattern is for the name alone.
    relative_to: Option<PathBuf>,
    dir_only: bool,
    negated: bool,
}

impl AirflowIgnore {
    pub(super) fn new(root: &Path, syntax: IgnoreSyntax) -> Self {
        Self {
            root: root.to_owned(),
            syntax,
            by_directory: Mutex::default(),
            problems: Mutex::default(),
        }
    }

    /// Whether Airflow leaves out this file or directory. It must be below the root, and its directory not be left out.
    pub(super) fn ignores(&self, path: &Path, is_dir: bool) -> bool {
        let Some(directory) = path.parent() else {
            return false;
        };
        let rules = self.rules(directory);
        let mut ignored = false;
        for rule in rules.iter() {
            match rule {
                Rule::Regexp(pattern) => {
                    let below = path.strip_prefix(&self.root).unwrap_or(path);
                    // A pattern that gives up (too much backtracking) does not match, as in a file that is not ignored.
                    ignored |= pattern.is_match(&*below.to_string_lossy()).unwrap_or(false);
                }
                Rule::Glob(rule) if rule.matches(path, is_dir) => ignored = !rule.negated,
                Rule::Glob(_) => {}
            }
        }
        ignored
    }

    /// What is wrong with the files that have been read.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules for what is in a directory: those of the directories above it first.
    fn rules(&self, directory: &Path) -> Arc<Vec<Rule>> {
        let known = self
            .by_directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = known.get(directory) {
            return rules.clone();
        }
        drop(known);
        let above = match directory.parent() {
            Some(parent) if directory != self.root && directory.starts_with(&self.root) => {
                Some(self.rules(parent))
            }
            _ => None,
        };
        let rules = self.with_own(directory, above);
        let mut known = self
            .by_directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.entry(directory.to_owned()).or_insert(rules).clone()
    }

    fn with_own(&self, directory: &Path, above: Option<Arc<Vec<Rule>>>) -> Arc<Vec<Rule>> {
        let file = directory.join(FILE_NAME);
        if !file.is_file() {
            return above.unwrap_or_default();
        }
        let text = match std::fs::read(&file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                self.report(&file, ProblemKind::Unreadable(error));
                return above.unwrap_or_default();
            }
        };
        let mut rules = above.map_or_else(Vec::new, |rules| rules.iter().map(Rule::copy).collect());
        for (at, line) in text.lines().enumerate() {
            let pattern = without_comment(line);
            if pattern.is_empty() {
                continue;
            }
            match Rule::parse(pattern, directory, self.syntax) {
                Ok(rule) => rules.push(rule),
                Err(reason) => self.report(
                    &file,
                    ProblemKind::Pattern {
                        line: at + 1,
                        pattern: pattern.to_owned(),
                        reason,
                    },
                ),
            }
        }
        Arc::new(rules)
    }

    fn report(&self, path: &Path, kind: ProblemKind) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        // Two threads may read one file at the same time.
        if !problems
            .iter()
            .any(|other| other.path == path && other.kind.to_string() == kind.to_string())
        {
            problems.push(Problem {
                path: path.to_owned(),
                kind,
            });
        }
    }
}

/// Airflow drops white space with the comment after it, wherever the `#` is.
fn without_comment(line: &str) -> &str {
    match line.split_once('#') {
        Some((before, _)) => before.trim_end(),
        None => line,
    }
}

impl Rule {
    fn parse(pattern: &str, directory: &Path, syntax: IgnoreSyntax) -> Result<Self, String> {
        match syntax {
            IgnoreSyntax::Regexp => Regex::new(&python_regexp(pattern))
                .map(Self::Regexp)
                .map_err(|error| error.to_string()),
            IgnoreSyntax::Glob => GlobRule::parse(pattern, directory).map(Self::Glob),
        }
    }

    fn copy(&self) -> Self {
        match self {
            Self::Glob(rule) => Self::Glob(GlobRule {
                pattern: rule.pattern.clone(),
                relative_to: rule.relative_to.clone(),
                dir_only: rule.dir_only,
                negated: rule.negated,
            }),
            Self::Regexp(pattern) => Self::Regexp(pattern.clone()),
        }
    }
}

/// A pattern of Python's `re` for the regular expressions used here: `\Z` is the end of the text.
fn python_regexp(pattern: &str) -> String {
    static END: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?<!\\)((?:\\\\)*)\\Z").expect("a constant pattern is valid")
    });
    END.replace_all(pattern, r"${1}\z").into_owned()
}

impl GlobRule {
    fn parse(pattern: &str, directory: &Path) -> Result<Self, String> {
        if pattern.trim() == "/" {
            return Err("a lone slash is for nothing".to_owned());
        }
        let relative = pattern.starts_with('/') || pattern.trim_end_matches('/').contains('/');
        let raw = pattern.trim_start_matches('!').trim_end();
        let base = if relative { directory } else { Path::new("") };
        let positive = pattern.strip_prefix('!').unwrap_or(pattern);
        let mut builder = GitignoreBuilder::new(base);
        builder
            .add_line(None, positive)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            pattern: builder.build().map_err(|error| error.to_string())?,
            relative_to: relative.then(|| directory.to_owned()),
            dir_only: raw.ends_with('/'),
            negated: pattern.starts_with('!'),
        })
    }

    fn matches(&self, path: &Path, is_dir: bool) -> bool {
        if self.dir_only && !is_dir {
            return false;
        }
        let candidate = match &self.relative_to {
            Some(directory) => path.strip_prefix(directory).ok(),
            None => path.file_name().map(Path::new),
        };
        let Some(candidate) = candidate else {
            return false;
        };
        // A pattern that fits a directory fits all that is in it.
        self.pattern
            .matched_path_or_any_parents(candidate, is_dir)
            .is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn ignored(syntax: IgnoreSyntax, files: &[(&str, &str)], path: &str) -> bool {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = directory.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let is_dir = path.ends_with('/');
        let ignore = AirflowIgnore::new(directory.path(), syntax);
        ignore.ignores(&directory.path().join(path.trim_end_matches('/')), is_dir)
    }

    fn glob(text: &str, path: &str) -> bool {
        ignored(IgnoreSyntax::Glob, &[(FILE_NAME, text)], path)
    }

    #[test]
    fn globs_are_those_of_gitignore() {
        assert!(glob("*.tmp.py", "a.tmp.py"));
        assert!(glob("legacy", "sub/legacy/"));
        assert!(glob("legacy/", "legacy/"));
        assert!(!glob("legacy/", "legacy"));
        assert!(glob("/top.py", "top.py"));
        assert!(!glob("/top.py", "sub/top.py"));
        assert!(glob("**/deep/*.py", "a/b/deep/x.py"));
        assert!(!glob("*.py\n!keep.py", "keep.py"));
        assert!(glob("!keep.py\n*.py", "keep.py"));
    }

    #[test]
    fn a_comment_may_begin_anywhere() {
        assert!(glob("old.py  # since 2019", "old.py"));
        assert!(!glob("# old.py", "old.py"));
        assert!(glob("a#b.py", "a"));
    }

    #[test]
    fn a_file_below_overrides_one_above() {
        let files = [(FILE_NAME, "*.py"), ("sub/.airflowignore", "!keep.py")];
        assert!(!ignored(IgnoreSyntax::Glob, &files, "sub/keep.py"));
        assert!(ignored(IgnoreSyntax::Glob, &files, "keep.py"));
    }

    #[test]
    fn regular_expressions_are_searched_in_the_path_below_the_root() {
        let files = [("sub/.airflowignore", "tmp_\\d+\nx(?!y)")];
        let regexp = |path| ignored(IgnoreSyntax::Regexp, &files, path);
        assert!(regexp("sub/tmp_12.py"));
        assert!(!regexp("tmp_12.py"));
        assert!(regexp("sub/x.py"));
        assert!(!regexp("sub/xy.py"));
    }

    #[test]
    fn an_invalid_pattern_is_reported_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FILE_NAME), "ok\n(\n").unwrap();
        let ignore = AirflowIgnore::new(directory.path(), IgnoreSyntax::Regexp);
        assert!(ignore.ignores(&directory.path().join("ok.py"), false));
        let problems = ignore.into_problems();
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].to_string().contains("line 2"),
            "{}",
            problems[0]
        );
    }
}
