//! The documentation of the rules is true: the examples are found, and what to use instead is not.

#![allow(clippy::unwrap_used)]

use aileron_lint::{AirflowVersion, Settings, all_rules, find_rule, lint_source, select_rules};

#[test]
fn every_example_is_found_by_its_rule_and_what_to_use_instead_by_none() {
    let settings = Settings::new(AirflowVersion::new(3, 3, 2));
    for rule in all_rules().iter().filter(|rule| rule.code != "AIL002") {
        let documentation = rule.documentation();
        let code = |title: &str| {
            documentation
                .python(title)
                .unwrap_or_else(|| panic!("{rule:?} has no Python under {title:?}"))
        };
        assert!(
            documentation.section("Why it breaks").is_some(),
            "{rule:?} does not say why it breaks"
        );
        // AIL307 compares two revisions, AIL301 needs a target before 3.3: their fixtures show them.
        let path = "dags/example.py".as_ref();
        let target = documentation
            .section("Target")
            .map(|target| target.trim_matches('`').parse().unwrap());
        let settings_before = target.map(Settings::new);
        let found = match documentation.python("Before") {
            Some(before) => aileron_lint::lint_change(path, &before, &code("Example"), &settings),
            None => lint_source(
                path,
                &code("Example"),
                settings_before.as_ref().unwrap_or(&settings),
            ),
        };
        assert!(
            found.iter().any(|found| found.rule == *rule),
            "{rule:?} does not find its example: {found:#?}"
        );
        let found = lint_source(
            path,
            &code("Use instead"),
            settings_before.as_ref().unwrap_or(&settings),
        );
        assert!(
            found.is_empty(),
            "{rule:?}: what to use instead has findings: {found:#?}"
        );
    }
}

#[test]
fn codes_and_names_are_unique_and_sorted() {
    let codes: Vec<&str> = all_rules().iter().map(|rule| rule.code).collect();
    assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
    for rule in all_rules() {
        assert_eq!(find_rule(rule.name), Some(*rule));
        assert_eq!(find_rule(rule.code), Some(*rule));
    }
    assert_eq!(select_rules("ALL").len(), all_rules().len());
    assert!(select_rules("AIL9").is_empty());
}
