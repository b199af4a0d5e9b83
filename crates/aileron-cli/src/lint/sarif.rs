//! Findings as SARIF 2.1.0 (OASIS, 2020), for code scanning.

use std::path::{Component, Path};

use aileron_lint::project::FileReport;
use aileron_lint::{Diagnostic, Lines, Rule, Severity, all_rules};
use serde_json::{Value, json};

use super::{Checked, documentation_url};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn report(checked: &Checked) -> Value {
    let results: Vec<Value> = checked
        .reports
        .iter()
        .flat_map(|report| {
            let lines = Lines::new(&report.source.text);
            let found = report.diagnostics.iter();
            found
                .map(move |found| result(report, &lines, found))
                .collect::<Vec<_>>()
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "aileron lint",
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "version": env!("CARGO_PKG_VERSION"),
                "rules": all_rules().iter().copied().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "properties": {"target": checked.target.to_string()},
            "results": results,
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    let documentation = rule.documentation();
    let why = documentation.section("Why it breaks").unwrap_or_default();
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": documentation.summary},
        "fullDescription": {"text": format!("{} {}", documentation.summary, why.replace('\n', " "))},
        "help": {"text": documentation.markdown, "markdown": documentation.markdown},
        "helpUri": documentation_url(rule),
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

fn result(report: &FileReport, lines: &Lines<'_>, found: &Diagnostic) -> Value {
    let artifact = json!({"uri": uri(&report.path)});
    let index = all_rules().iter().position(|rule| *rule == found.rule);
    let mut location = json!({"artifactLocation": artifact});
    if !report.source.text.is_empty() {
        location["region"] = region(lines, found.range.start, found.range.end);
    }
    let mut result = json!({
        "ruleId": found.rule.code,
        "ruleIndex": index,
        "level": level(found.severity),
        "message": {"text": format!("{} {}", found.message, found.help)},
        "locations": [{"physicalLocation": location}],
    });
    if let Some(fix) = &found.fix {
        let edits = fix.edits.iter();
        let replacements: Vec<_> = edits
            .map(|edit| {
                json!({
                    "deletedRegion": region(lines, edit.start, edit.end),
                    "insertedContent": {"text": edit.content},
                })
            })
            .collect();
        result["fixes"] = json!([{
            "description": {"text": fix.title},
            "artifactChanges": [{"artifactLocation": artifact, "replacements": replacements}],
        }]);
    }
    result
}

fn region(lines: &Lines<'_>, start: usize, end: usize) -> Value {
    let (start, end) = (lines.position(start), lines.position(end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A path as a reference: relative to where it runs, or with the scheme `file`.
fn uri(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(encoded(&part.to_string_lossy())),
        Component::ParentDir => Some("..".to_owned()),
        _ => None,
    });
    let joined = parts.collect::<Vec<_>>().join("/");
    if path.is_absolute() {
        format!("file:///{joined}")
    } else {
        joined
    }
}

/// Percent-encodes what a path segment of a URI cannot have (RFC 3986).
fn encoded(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri() {
        assert_eq!(uri(Path::new("dags/my dag:1.py")), "dags/my%20dag%3A1.py");
        assert_eq!(uri(Path::new("/dags/é.py")), "file:///dags/%C3%A9.py");
        assert_eq!(uri(Path::new("./../a.py")), "../a.py");
    }
}
