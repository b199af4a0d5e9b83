//! What a rule has to look at, and where it puts what it finds.

use std::path::Path;

use ruff_python_ast::ModModule;
use ruff_text_size::Ranged;

use crate::diagnostic::{Diagnostic, Fix};
use crate::rule::Rule;
use crate::settings::Settings;
use crate::version::AirflowVersion;

/// One file under examination.
pub(crate) struct Checker<'a> {
    pub(crate) path: &'a Path,
    pub(crate) source: &'a str,
    pub(crate) module: &'a ModModule,
    settings: &'a Settings,
    found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(
        path: &'a Path,
        source: &'a str,
        module: &'a ModModule,
        settings: &'a Settings,
    ) -> Self {
        Self {
            path,
            source,
            module,
            settings,
            found: Vec::new(),
        }
    }

    pub(crate) fn run(mut self, rules: &[&'static Rule]) -> Vec<Diagnostic> {
        for rule in rules {
            if self.settings.severity(rule).is_some() {
                (rule.check)(&mut self);
            }
        }
        self.found
            .sort_by_key(|found| (found.range.start, found.range.end, found.rule.code));
        self.found
    }

    pub(crate) fn target(&self) -> AirflowVersion {
        self.settings.target
    }

    pub(crate) fn report(
        &mut self,
        rule: &'static Rule,
        place: &impl Ranged,
        message: impl Into<String>,
        help: impl Into<String>,
        fix: Option<Fix>,
    ) {
        let Some(severity) = self.settings.severity(rule) else {
            return;
        };
        let range = place.range();
        self.found.push(Diagnostic {
            rule,
            severity,
            range: range.start().to_usize()..range.end().to_usize(),
            message: message.into(),
            help: help.into(),
            fix,
        });
    }
}
