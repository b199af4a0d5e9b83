//! What is looked for, and for which Airflow.

use std::collections::BTreeMap;

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rules::all_rules;
use crate::version::AirflowVersion;

/// What is looked for, and for which Airflow.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The Airflow that will run the Dags. Below 3.3 nothing recommends the state stores, and using them is an error.
    pub target: AirflowVersion,
    /// By code. A rule that is missing is off.
    severities: BTreeMap<&'static str, Severity>,
}

impl Settings {
    /// Every rule, with its own severity.
    #[must_use]
    pub fn new(target: AirflowVersion) -> Self {
        let severities = all_rules()
            .iter()
            .map(|rule| (rule.code, rule.severity))
            .collect();
        Self { target, severities }
    }

    /// Only these rules. Severities that were set stay.
    pub fn only<'a>(&mut self, rules: impl IntoIterator<Item = &'a Rule>) {
        let before = std::mem::take(&mut self.severities);
        for rule in rules {
            self.severities.insert(
                rule.code,
                before.get(rule.code).copied().unwrap_or(rule.severity),
            );
        }
    }

    /// Switches a rule off.
    pub fn disable(&mut self, rule: &Rule) {
        self.severities.remove(rule.code);
    }

    /// Sets how bad a rule's findings are, if it is on.
    pub fn set_severity(&mut self, rule: &Rule, severity: Severity) {
        if let Some(known) = self.severities.get_mut(rule.code) {
            *known = severity;
        }
    }

    /// How bad a rule's findings are; nothing if the rule is off.
    #[must_use]
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        self.severities.get(rule.code).copied()
    }
}
