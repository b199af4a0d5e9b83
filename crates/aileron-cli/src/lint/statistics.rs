//! `--statistics`: how often each rule finds something.

use std::collections::BTreeMap;

use aileron_lint::Applicability;
use serde_json::json;

use super::setup::counted;
use super::{Checked, LintFormat};
use crate::format::{print_json, print_text};
use crate::outcome::UsageError;
use crate::stored::Table;

#[derive(Default)]
struct Count {
    name: &'static str,
    severity: &'static str,
    findings: usize,
    safe: usize,
    unsafe_fixes: usize,
}

pub(super) fn print(checked: &Checked, format: LintFormat) -> anyhow::Result<()> {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for (_, found) in checked.findings() {
        let count = counts.entry(found.rule.code).or_default();
        count.name = found.rule.name;
        count.severity = found.severity.as_str();
        count.findings += 1;
        match found.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => count.safe += 1,
            Some(Applicability::Unsafe) => count.unsafe_fixes += 1,
            None => {}
        }
    }
    match format {
        LintFormat::Text => print_text(&table(checked, &counts)),
        LintFormat::Json => {
            let counts: Vec<_> = counts
                .iter()
                .map(|(code, count)| {
                    json!({
                        "code": code,
                        "name": count.name,
                        "severity": count.severity,
                        "findings": count.findings,
                        "fixable": count.safe,
                        "fixable_unsafe": count.unsafe_fixes,
                    })
                })
                .collect();
            print_json(&counts)
        }
        LintFormat::Sarif | LintFormat::Github => {
            let message = "--statistics is printed as text or json";
            Err(UsageError(message.to_owned()).into())
        }
    }
}

fn table(checked: &Checked, counts: &BTreeMap<&str, Count>) -> String {
    let mut table = Table::new(&["FINDINGS", "CODE", "RULE", "SEVERITY", "FIXABLE", "UNSAFE"]);
    let mut rows: Vec<_> = counts.iter().collect();
    rows.sort_by_key(|(code, count)| (std::cmp::Reverse(count.findings), **code));
    for (code, count) in rows {
        table.row(vec![
            count.findings.to_string(),
            (*code).to_owned(),
            count.name.to_owned(),
            count.severity.to_owned(),
            count.safe.to_string(),
            count.unsafe_fixes.to_string(),
        ]);
    }
    let files = counted(checked.reports.len(), "file");
    if counts.is_empty() {
        return format!("nothing found in {files} for {}\n", checked.target);
    }
    format!("{table}in {files}, for {}\n", checked.target)
}
