//! What the doctor says.

use serde_json::{Value, json};

use super::facts::{Facts, Resolved, Source};
use super::finding::{Finding, Severity};
use super::setting::{Group, Setting};
use crate::stored::Table;
use crate::style;

/// For people.
pub(super) fn text(facts: &Facts, findings: &[Finding]) -> String {
    let mut out = head(facts);
    let version = facts.version();
    for group in [Group::State, Group::XCom, Group::Execution, Group::Secrets] {
        let mut table = Table::new(&["SETTING", "VALUE", "DEFAULT", "SET IN", "MEANS"]);
        for (setting, resolved) in facts.all().filter(|(setting, _)| setting.group == group) {
            let default = match setting.secret {
                true => "-",
                false => shown_text(setting.default(version)),
            };
            table.row(vec![
                setting.name(),
                shown(setting, &resolved),
                default.to_owned(),
                resolved.source.clone().unwrap_or_else(|| "-".to_owned()),
                setting.means.to_owned(),
            ]);
        }
        out += &format!("\n{}\n{table}", style::paint(style::NAME, group.title()));
    }
    out.push('\n');
    for finding in findings {
        let colour = match finding.severity {
            Severity::Error => style::FAILED,
            Severity::Warning => style::NOTE,
            Severity::Note => style::DIM,
        };
        let word = style::paint(colour, finding.severity.word());
        out += &format!("{word}: {} ({})\n", finding.text, finding.code);
    }
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    out += &format!(
        "{} errors, {} warnings, {} notes\n",
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Note)
    );
    out
}

fn head(facts: &Facts) -> String {
    let mut out = match (&facts.source, &facts.airflow) {
        (Source::Airflow(place), Some(version)) => format!(
            "Airflow {version} on Python {}, as that Airflow resolves its settings ({place})\n",
            facts.python.as_deref().unwrap_or("?")
        ),
        _ => "The settings of this machine, as Aileron reads them: no Airflow was asked, so its version is not known, and defaults are \
              those of 3.3.2. --python, --exec and the flags for a pod ask one\n"
            .to_owned(),
    };
    if let Some(config) = &facts.config {
        out += &format!("configuration file: {config}\n");
    }
    if !facts.providers.is_empty() {
        let named: Vec<String> = facts
            .providers
            .iter()
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        out += &format!("providers: {}\n", named.join(", "));
    }
    match &facts.dags {
        Some(dags) => out += &format!("retries of {} Dags were looked at\n", dags.len()),
        None => out += "retries of Dags were not looked at; --dags does\n",
    }
    for note in &facts.notes {
        out += &format!("{}: {note}\n", style::paint(style::NOTE, "note"));
    }
    out
}

fn shown(setting: &Setting, resolved: &Resolved) -> String {
    if let Some(problem) = &resolved.problem {
        return format!("? ({problem})");
    }
    match (&resolved.secret, setting.secret) {
        (Some(secret), _) => format!("set, {} bytes", secret.bytes),
        (None, true) => "not set".to_owned(),
        (None, false) => shown_text(resolved.value.as_deref()).to_owned(),
    }
}

fn shown_text(value: Option<&str>) -> &str {
    match value {
        None | Some("") => "-",
        Some(value) => value,
    }
}

/// For scripts.
pub(super) fn json(facts: &Facts, findings: &[Finding]) -> Value {
    let version = facts.version();
    let settings: Vec<Value> = facts
        .all()
        .map(|(setting, resolved)| {
            let mut document = json!({
                "section": setting.section, "key": setting.key, "source": resolved.source, "means": setting.means,
            });
            if setting.secret {
                document["set"] = json!(resolved.secret.is_some());
                document["bytes"] = json!(resolved.secret.map(|secret| secret.bytes));
            } else {
                document["value"] = json!(resolved.value);
                document["default"] = json!(setting.default(version));
            }
            if let Some(problem) = resolved.problem {
                document["problem"] = json!(problem);
            }
            document
        })
        .collect();
    let (resolved_by, place) = match &facts.source {
        Source::Airflow(place) => ("airflow", Some(place)),
        Source::Files => ("aileron", None),
    };
    json!({
        "resolved_by": resolved_by, "place": place, "airflow": facts.airflow, "python": facts.python,
        "config": facts.config, "providers": facts.providers, "notes": facts.notes,
        "dags": facts.dags.as_ref().map(Vec::len), "settings": settings, "findings": findings,
    })
}
