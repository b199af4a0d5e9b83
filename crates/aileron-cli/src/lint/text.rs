//! Findings for people: the lines, why they break, what to use, and the change.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use aileron_lint::project::FileReport;
use aileron_lint::{Applicability, Diagnostic, Severity};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use super::Checked;
use super::setup::counted;
use crate::style::{NAME, NOTE, paint};

pub(super) fn report(checked: &Checked) -> String {
    let mut text = String::new();
    let renderer = Renderer::styled();
    for (report, found) in checked.findings() {
        let path = report.path.to_string_lossy();
        text.push_str(&renderer.render(&groups(report, found, &path)));
        text.push_str("\n\n");
    }
    summary(&mut text, checked);
    text
}

fn groups<'a>(report: &'a FileReport, found: &'a Diagnostic, path: &'a str) -> Vec<Group<'a>> {
    let title = level(found.severity)
        .primary_title(found.message.as_str())
        .id(found.rule.code);
    let source = report.source.text.as_str();
    if source.is_empty() {
        let origin = title.element(Origin::path(path));
        return vec![origin.element(Level::HELP.message(found.help.as_str()))];
    }
    let span = AnnotationKind::Primary
        .span(found.range.clone())
        .label(found.rule.name);
    let main = title
        .element(Snippet::source(source).path(path).annotation(span))
        .element(Level::HELP.message(found.help.as_str()));
    let mut groups = vec![main];
    if let Some(fix) = &found.fix {
        let flags = match fix.applicability {
            Applicability::Safe => "--fix",
            Applicability::Unsafe => "--fix --unsafe-fixes",
        };
        let patches = fix
            .edits
            .iter()
            .map(|edit| Patch::new(edit.start..edit.end, Cow::from(edit.content.as_str())));
        groups.push(
            Level::HELP
                .secondary_title(format!("{} ({flags})", fix.title))
                .element(Snippet::source(source).path(path).patches(patches)),
        );
    }
    groups
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Advice => Level::INFO.with_name("advice"),
    }
}

/// What was checked, for which Airflow, and what to do next.
fn summary(text: &mut String, checked: &Checked) {
    let mut line = |words: std::fmt::Arguments<'_>| {
        writeln!(text, "{words}").expect("a String takes all that is written");
    };
    for report in checked
        .reports
        .iter()
        .filter(|report| report.fixed.is_some())
    {
        let count = report.fixed.as_ref().map_or(0, |(_, count)| *count);
        let path = paint(NAME, report.path.display());
        line(format_args!("{path}: {} fixed", findings(count)));
    }
    let files = counted(checked.reports.len(), "file");
    line(format_args!("{files} checked for {}", checked.target));
    for other in &checked.target.contradictions {
        let note = paint(NOTE, "note");
        let path = Path::display(&other.path);
        line(format_args!(
            "{note}: {path} says {}, which is another Airflow",
            other.text
        ));
    }
    let suppressed: usize = checked.reports.iter().map(|report| report.suppressed).sum();
    if suppressed > 0 {
        line(format_args!("{} kept back by noqa", findings(suppressed)));
    }
    let count = checked.findings().count();
    if count == 0 {
        line(format_args!("nothing found"));
        return;
    }
    let fixable = |wanted: Applicability| {
        let fixes = checked
            .findings()
            .filter_map(|(_, found)| found.fix.as_ref());
        fixes.filter(|fix| fix.applicability == wanted).count()
    };
    let mut fixes = Vec::new();
    for (count, flags) in [
        (fixable(Applicability::Safe), "--fix"),
        (fixable(Applicability::Unsafe), "--fix --unsafe-fixes"),
    ] {
        if count > 0 {
            fixes.push(format!("{count} can be fixed with {flags}"));
        }
    }
    let fixes = if fixes.is_empty() {
        String::new()
    } else {
        format!("; {}", fixes.join(", "))
    };
    line(format_args!("{}{fixes}", findings(count)));
    let first = checked
        .findings()
        .next()
        .map_or("", |(_, found)| found.rule.code);
    line(format_args!(
        "`aileron lint --explain {first}` says more about a rule"
    ));
}

fn findings(count: usize) -> String {
    counted(count, "finding")
}
