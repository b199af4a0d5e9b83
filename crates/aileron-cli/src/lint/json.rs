//! Findings for scripts.

use aileron_lint::project::FileReport;
use aileron_lint::{Applicability, Diagnostic, Lines, Position};
use serde_json::{Value, json};

use super::{Checked, documentation_url};

pub(super) fn report(checked: &Checked) -> Value {
    let findings: Vec<Value> = checked
        .reports
        .iter()
        .flat_map(|report| {
            let lines = Lines::new(&report.source.text);
            let found = report.diagnostics.iter();
            found
                .map(move |found| finding(report, &lines, found))
                .collect::<Vec<_>>()
        })
        .collect();
    let fixed: usize = fixes(checked).map(|(_, count)| count).sum();
    let suppressed: usize = checked.reports.iter().map(|report| report.suppressed).sum();
    let contradictions = checked.target.contradictions.iter();
    let contradictions: Vec<_> = contradictions
        .map(|other| json!({"path": other.path, "text": other.text}))
        .collect();
    json!({
        "target": {
            "version": checked.target.version.to_string(),
            "description": checked.target.to_string(),
            "contradictions": contradictions,
        },
        "files": checked.reports.len(),
        "fixed": fixed,
        "suppressed": suppressed,
        "findings": findings,
    })
}

fn fixes(checked: &Checked) -> impl Iterator<Item = (&FileReport, usize)> {
    checked
        .reports
        .iter()
        .filter_map(|report| Some((report, report.fixed.as_ref()?.1)))
}

fn finding(report: &FileReport, lines: &Lines<'_>, found: &Diagnostic) -> Value {
    let place = |offset: usize| {
        let Position { line, column } = lines.position(offset);
        json!({"line": line, "column": column})
    };
    let fix = found.fix.as_ref().map(|fix| {
        let edits = fix.edits.iter();
        let edits: Vec<_> = edits
            .map(|edit| {
                json!({"start": place(edit.start), "end": place(edit.end), "content": edit.content})
            })
            .collect();
        json!({
            "title": fix.title,
            "applicability": applicability(fix.applicability),
            "edits": edits,
        })
    });
    json!({
        "path": report.path,
        "code": found.rule.code,
        "name": found.rule.name,
        "severity": found.severity.as_str(),
        "start": place(found.range.start),
        "end": place(found.range.end),
        "message": found.message,
        "help": found.help,
        "fix": fix,
        "documentation": documentation_url(found.rule),
    })
}

fn applicability(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
    }
}
