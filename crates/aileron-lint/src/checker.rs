//! What a rule has to look at, and where it puts what it finds.

use ruff_python_ast::ModModule;
use ruff_text_size::Ranged;

use crate::diagnostic::{Diagnostic, Fix};
use crate::rule::Rule;
use crate::semantic::Model;
use crate::settings::Settings;
use crate::version::AirflowVersion;

/// One file under examination.
pub(crate) struct Checker<'a> {
    pub(crate) module: &'a ModModule,
    pub(crate) model: &'a Model<'a>,
    /// The same file before it was changed, for the rules that compare.
    pub(crate) before: Option<&'a Model<'a>>,
    settings: &'a Settings,
    found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(
        module: &'a ModModule,
        model: &'a Model<'a>,
        before: Option<&'a Model<'a>>,
        settings: &'a Settings,
    ) -> Self {
        Self {
            module,
            model,
            before,
            settings,
            found: Vec::new(),
        }
    }

    pub(crate) fn run(mut self, rules: &[&'static Rule]) -> Vec<Diagnostic> {
        for rule in rules {
            let is_about_target = rule.since.is_none_or(|since| since <= self.target());
            if is_about_target && self.settings.severity(rule).is_some() {
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

    /// Whether the state stores may be recommended.
    pub(crate) fn has_state_stores(&self) -> bool {
        self.settings.target.has_state_stores()
    }

    pub(crate) fn report(&mut self, rule: &'static Rule, place: &impl Ranged, finding: Finding) {
        let Some(severity) = self.settings.severity(rule) else {
            return;
        };
        let range = place.range();
        self.found.push(Diagnostic {
            rule,
            severity,
            range: range.start().to_usize()..range.end().to_usize(),
            message: finding.message,
            help: finding.help,
            fix: finding.fix,
        });
    }
}

/// What a rule says about a place.
pub(crate) struct Finding {
    message: String,
    help: String,
    fix: Option<Fix>,
}

impl Finding {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
            fix: None,
        }
    }

    pub(crate) fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }
}
