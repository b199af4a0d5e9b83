//! From text to diagnostics.

use std::path::Path;

use ruff_python_parser::{ParseError, parse_module};

use crate::checker::Checker;
use crate::diagnostic::Diagnostic;
use crate::rules::{INVALID_SYNTAX, all_rules};
use crate::semantic::Model;
use crate::settings::Settings;

/// Everything the rules find in one file, in the order of the text.
///
/// Source that is no Python gives one diagnostic of [`INVALID_SYNTAX`] and no other. Of a stub (`.pyi`) only the syntax is looked at.
#[must_use]
pub fn lint_source(path: &Path, source: &str, settings: &Settings) -> Vec<Diagnostic> {
    lint(path, None, source, settings)
}

/// The same for a file that was changed: the rules that compare two revisions also look at what stood there before.
///
/// If what stood there is no Python, nothing is compared.
#[must_use]
pub fn lint_change(
    path: &Path,
    before: &str,
    source: &str,
    settings: &Settings,
) -> Vec<Diagnostic> {
    lint(path, Some(before), source, settings)
}

fn lint(path: &Path, before: Option<&str>, source: &str, settings: &Settings) -> Vec<Diagnostic> {
    let parsed = match parse_module(source) {
        Ok(parsed) => parsed,
        Err(error) => return invalid_syntax(&error, settings).into_iter().collect(),
    };
    // Every rule is about something of Airflow's, in code that runs.
    let is_stub = path.extension().is_some_and(|extension| extension == "pyi");
    if is_stub || !source.contains("airflow") {
        return Vec::new();
    }
    let model = Model::new(source, parsed.syntax());
    let parsed_before = before.and_then(|before| Some((before, parse_module(before).ok()?)));
    let model_before = parsed_before
        .as_ref()
        .map(|(before, parsed)| Model::new(before, parsed.syntax()));
    Checker::new(parsed.syntax(), &model, model_before.as_ref(), settings).run(all_rules())
}

fn invalid_syntax(error: &ParseError, settings: &Settings) -> Option<Diagnostic> {
    Some(Diagnostic {
        rule: INVALID_SYNTAX,
        severity: settings.severity(INVALID_SYNTAX)?,
        range: error.location.start().to_usize()..error.location.end().to_usize(),
        message: format!(
            "This is not Python 3: {}.",
            error.error.to_string().trim_end_matches('.')
        ),
        help: "Correct it; nothing else in this file was looked at.".to_owned(),
        fix: None,
    })
}
