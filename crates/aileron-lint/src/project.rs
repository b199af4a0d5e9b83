//! Many files at once: discovery, reading, rules, `# noqa`, fixes.

use std::path::{Path, PathBuf};
use std::thread;

use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use crate::configuration::Configuration;
use crate::diagnostic::{Applicability, Diagnostic};
use crate::discovery::{self, Discovery, Found, IgnoreSyntax, Problem, ProblemKind, Source};
use crate::fixer::{self, Fixed};
use crate::lint::{lint_change, lint_source};
use crate::noqa;
use crate::revision::{Base, BaseError};
use crate::rules::UNREADABLE_FILE;
use crate::settings::Settings;

/// Room for the longest expression that is looked at. It is used, and so taken from memory, only when there is one.
const STACK_BYTES: usize = 256 << 20;

/// What to do with files.
#[derive(Debug)]
pub struct Project<'a> {
    /// What the settings file says.
    pub configuration: &'a Configuration,
    /// The rules, for all files.
    pub settings: &'a Settings,
    /// A revision to compare with.
    pub base: Option<&'a Base>,
    /// Which fixes to apply, if any. Nothing is written.
    pub fix: Option<Applicability>,
}

/// One file, checked.
#[derive(Debug)]
pub struct FileReport {
    /// Its path, as it was found.
    pub path: PathBuf,
    /// Its text, which the ranges of the diagnostics are about: the fixed one, if there is one. Empty if it cannot be read.
    pub source: Source,
    /// What is found, in the order of the text; with fixes, what is left.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings `# noqa` keeps back.
    pub suppressed: usize,
    /// The text before the fixes, and how many there are.
    pub fixed: Option<(String, usize)>,
}

/// A run that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The base revision cannot be read.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// The threads cannot be started.
    #[error("cannot start threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl Project<'_> {
    /// Looks for Python files below `paths`.
    #[must_use]
    pub fn discover(&self, paths: &[PathBuf]) -> Found {
        let default = IgnoreSyntax::default_of(self.settings.target);
        let syntax = self.configuration.airflowignore_syntax.unwrap_or(default);
        let discovery = Discovery {
            syntax,
            respect_ignore_files: self.configuration.respect_ignore_files,
        };
        let mut found = discovery::discover(paths, &discovery);
        // A file that is named is checked all the same.
        found
            .files
            .retain(|file| paths.contains(file) || !self.configuration.excludes(file));
        found
    }

    /// Checks files, several at a time; `done` is called after each. The reports come in the order of the paths.
    ///
    /// # Errors
    ///
    /// The run cannot go on. What is wrong with one file is a finding of `AIL002` instead.
    pub fn check(
        &self,
        found: &Found,
        done: impl Fn() + Sync,
    ) -> Result<Vec<FileReport>, ProjectError> {
        let check = |path: &PathBuf| {
            let report = self.check_file(path);
            done();
            report
        };
        let checked: Result<Vec<_>, _> =
            in_threads(|| found.files.par_iter().map(check).collect())?;
        let mut reports = checked?;
        for problem in &found.problems {
            reports.push(self.unreadable(&problem.path, &problem.kind));
        }
        reports.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(reports)
    }

    fn check_file(&self, path: &Path) -> Result<FileReport, ProjectError> {
        let source = match discovery::read(path, self.configuration.max_file_size) {
            Ok(source) => source,
            Err(kind) => return Ok(self.unreadable(path, &kind)),
        };
        let before = match self.base {
            Some(base) => base
                .before(path)?
                .filter(|text| !discovery::is_too_deep(text)),
            None => None,
        };
        Ok(self.check_source(path, source, before.as_deref()))
    }

    fn check_source(&self, path: &Path, source: Source, before: Option<&str>) -> FileReport {
        let settings = self.configuration.settings_of_file(path, self.settings);
        let lint = |path: &Path, text: &str| match before {
            Some(before) => lint_change(path, before, text, &settings),
            None => lint_source(path, text, &settings),
        };
        let kept = |path: &Path, text: &str| {
            let mut found = lint(path, text);
            noqa::apply(text, &mut found);
            found
        };
        let mut diagnostics = lint(path, &source.text);
        let suppressed = noqa::apply(&source.text, &mut diagnostics);
        let mut report = FileReport {
            path: path.to_owned(),
            source,
            diagnostics,
            suppressed,
            fixed: None,
        };
        if let Some(at_least) = self.fix {
            let found = std::mem::take(&mut report.diagnostics);
            let (fixed, left) = fixer::fix(path, &report.source.text, at_least, found, kept);
            report.diagnostics = left;
            if let Some(Fixed { text, count }) = fixed {
                let before = std::mem::replace(&mut report.source.text, text);
                report.fixed = Some((before, count));
            }
        }
        report
    }

    fn unreadable(&self, path: &Path, kind: &ProblemKind) -> FileReport {
        let settings = self.configuration.settings_of_file(path, self.settings);
        let diagnostic = settings
            .severity(UNREADABLE_FILE)
            .map(|severity| Diagnostic {
                rule: UNREADABLE_FILE,
                severity,
                range: 0..0,
                message: kind.to_string(),
                help: "Repair it, or leave it out with `exclude` in the settings.".to_owned(),
                fix: None,
            });
        FileReport {
            path: path.to_owned(),
            source: Source::default(),
            diagnostics: diagnostic.into_iter().collect(),
            suppressed: 0,
            fixed: None,
        }
    }
}

/// Runs something on threads with room for deeply nested Python.
///
/// # Errors
///
/// The threads cannot be started.
pub fn in_threads<T: Send>(
    work: impl FnOnce() -> T + Send,
) -> Result<T, rayon::ThreadPoolBuildError> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK_BYTES)
        .build()?;
    Ok(pool.install(work))
}

/// Reads files, several at a time, and hands each text to `look`. What cannot be read comes as a problem.
///
/// # Errors
///
/// The threads cannot be started.
pub fn read_all<T: Send>(
    found: &Found,
    max_file_size: u64,
    look: impl Fn(&Path, &Source) -> T + Sync,
) -> Result<Vec<Result<T, Problem>>, rayon::ThreadPoolBuildError> {
    in_threads(|| {
        let read = |path: &PathBuf| match discovery::read(path, max_file_size) {
            Ok(source) => Ok(look(path, &source)),
            Err(kind) => Err(Problem {
                path: path.clone(),
                kind,
            }),
        };
        found.files.par_iter().map(read).collect()
    })
}
