//! The page of all rules, made from their doc comments.

use std::fmt::Write as _;

use crate::rule::Rule;
use crate::rules::all_rules;

/// `docs/rules/README.md`: a table of the rules, then each rule's documentation.
#[must_use]
pub fn rules_page() -> String {
    let mut page = String::from(
        "# Rules of `aileron lint`\n\n\
         Made from the rules' own documentation; `aileron lint --explain RULE` prints the same. How to use them is in\n\
         [Lint Python Dags](../lint.md).\n\n\
         | Code | Rule | Severity | Finds |\n|---|---|---|---|\n",
    );
    for rule in all_rules() {
        writeln!(
            page,
            "| [{}](#{}) | `{}` | {} | {} |",
            rule.code,
            anchor(rule),
            rule.name,
            rule.severity,
            rule.documentation().summary.replace('|', "\\|"),
        )
        .expect("a String takes all that is written");
    }
    for rule in all_rules() {
        write!(
            page,
            "\n## {} {}\n\nSeverity: {}. {}\n\n{}\n",
            rule.code,
            rule.name,
            rule.severity,
            scope(rule),
            section(rule)
        )
        .expect("a String takes all that is written");
    }
    page
}

/// Where a rule is on that page.
#[must_use]
pub fn anchor(rule: &Rule) -> String {
    format!("{}-{}", rule.code.to_ascii_lowercase(), rule.name)
}

/// For which Airflow a rule looks.
#[must_use]
pub fn scope(rule: &Rule) -> String {
    match rule.since {
        Some(version) => format!("For Dags of Airflow {version} and newer."),
        None => "For Dags of any Airflow.".to_owned(),
    }
}

/// A rule's documentation, a level lower.
fn section(rule: &Rule) -> String {
    let mut lowered = String::new();
    let mut in_code = false;
    for line in rule.documentation().markdown.lines() {
        in_code ^= line.starts_with("```");
        if line.starts_with("## ") && !in_code {
            lowered.push('#');
        }
        lowered.push_str(line);
        lowered.push('\n');
    }
    lowered.trim_end().to_owned()
}
