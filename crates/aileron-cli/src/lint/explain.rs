//! `--explain`: the documentation of a rule.

use aileron_lint::documentation::scope;
use aileron_lint::{Rule, all_rules, find_rule};
use serde_json::{Value, json};

use super::LintFormat;
use crate::format::{print_json, print_text};
use crate::outcome::{Outcome, UsageError};
use crate::stored::Table;
use crate::style::{NAME, paint};

pub(super) fn run(name: &str, format: LintFormat) -> anyhow::Result<Outcome> {
    if matches!(format, LintFormat::Sarif | LintFormat::Github) {
        let message = "--explain is printed as text or json";
        return Err(UsageError(message.to_owned()).into());
    }
    if name == "ALL" {
        match format {
            LintFormat::Json => {
                print_json(&all_rules().iter().copied().map(json).collect::<Vec<_>>())?
            }
            _ => print_text(&list())?,
        }
        return Ok(Outcome::Done);
    }
    let Some(rule) = find_rule(name) else {
        let known = all_rules().iter().flat_map(|rule| [rule.code, rule.name]);
        let near = known.max_by(|one, other| {
            strsim::jaro_winkler(one, name).total_cmp(&strsim::jaro_winkler(other, name))
        });
        let near = near.unwrap_or_default();
        let message = format!("no rule {name:?}; did you mean {near}? `--explain ALL` lists them");
        return Err(UsageError(message).into());
    };
    match format {
        LintFormat::Json => print_json(&json(rule))?,
        _ => print_text(&text(rule))?,
    }
    Ok(Outcome::Done)
}

fn list() -> String {
    let mut table = Table::new(&["CODE", "RULE", "SEVERITY", "FINDS"]);
    for rule in all_rules() {
        table.row(vec![
            rule.code.to_owned(),
            rule.name.to_owned(),
            rule.severity.as_str().to_owned(),
            rule.documentation().summary,
        ]);
    }
    table.to_string()
}

fn json(rule: &Rule) -> Value {
    let documentation = rule.documentation();
    json!({
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.as_str(),
        "since": rule.since.map(|version| version.to_string()),
        "summary": documentation.summary,
        "documentation": documentation.markdown,
    })
}

fn text(rule: &Rule) -> String {
    let title = paint(NAME, format!("{} {}", rule.code, rule.name));
    let mut text = format!("{title} ({})\n{}\n\n", rule.severity, scope(rule));
    for line in rule.documentation().markdown.lines() {
        match line.strip_prefix("## ") {
            Some(heading) => text.push_str(&paint(NAME, heading)),
            // The fences of code are for a page.
            None if line.starts_with("```") => continue,
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
