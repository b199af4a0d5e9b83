//! Findings as annotations of GitHub Actions: workflow commands, one a line.

use std::fmt::Write as _;

use aileron_lint::{Lines, Severity};

use super::Checked;
use super::setup::counted;

pub(super) fn report(checked: &Checked) -> String {
    let mut text = String::new();
    for report in &checked.reports {
        let lines = Lines::new(&report.source.text);
        for found in &report.diagnostics {
            let (start, end) = (
                lines.position(found.range.start),
                lines.position(found.range.end),
            );
            let level = match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Advice => "notice",
            };
            // Columns are for annotations on one line only.
            let columns = if start.line == end.line {
                format!(",col={},endColumn={}", start.column, end.column)
            } else {
                String::new()
            };
            writeln!(
                text,
                "::{level} file={},line={},endLine={}{columns},title={}::{}",
                property(&report.path.to_string_lossy()),
                start.line,
                end.line,
                property(&format!("{} {}", found.rule.code, found.rule.name)),
                message(&format!("{} {}", found.message, found.help)),
            )
            .expect("a String takes all that is written");
        }
    }
    let found = counted(checked.findings().count(), "finding");
    let files = counted(checked.reports.len(), "file");
    let target = &checked.target;
    writeln!(text, "{found} in {files}, checked for {target}")
        .expect("a String takes all that is written");
    text
}

/// As the runner reads it back.
fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_property_or_a_line_is_escaped() {
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
        assert_eq!(message("a: b, 5 %\r\n"), "a: b, 5 %25%0D%0A");
    }
}
