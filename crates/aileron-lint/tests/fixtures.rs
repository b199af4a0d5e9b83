//! What each rule finds, what it leaves alone, and what its fixes make of a file.
//!
//! `fixtures/CODE-name/` has the files of a rule: `found*.py` with their snapshots, and `clean*.py`, near misses in which no rule
//! may find anything. `fixtures/antipatterns/` are whole Dags with snapshots, `fixtures/clean/` whole Dags without findings.
//! `SNAPSHOTS=overwrite` writes the snapshots anew.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aileron_lint::{AirflowVersion, Diagnostic, Settings, all_rules, lint_change, lint_source};
use snapbox::{Data, assert_data_eq};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn python_files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    files.sort();
    files
}

/// The target is 3.3.2, unless the first line says `# target: 2.10`.
fn settings(source: &str) -> Settings {
    let target = source
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# target: "));
    Settings::new(target.map_or(AirflowVersion::new(3, 3, 2), |target| {
        target.parse().unwrap()
    }))
}

/// `found.before` beside `found.py` is what the file was before a change.
fn lint(path: &Path, source: &str) -> Vec<Diagnostic> {
    match std::fs::read_to_string(path.with_extension("before")) {
        Ok(before) => lint_change(path, &before, source, &settings(source)),
        Err(_) => lint_source(path, source, &settings(source)),
    }
}

/// Applies fixes one at a time until none is left.
fn fix_all(path: &Path, source: &str) -> String {
    let mut source = source.to_owned();
    for _ in 0..100 {
        let found = lint(path, &source);
        assert!(
            found.iter().all(|found| found.rule.code != "AIL001"),
            "{}:\n{source}",
            path.display()
        );
        let Some(fix) = found.into_iter().find_map(|found| found.fix) else {
            return source;
        };
        source = fix.apply(&source);
    }
    panic!("{}: fixing does not come to an end", path.display());
}

fn report(source: &str, found: &[Diagnostic]) -> String {
    let mut text = String::new();
    for found in found {
        let before = &source[..found.range.start];
        let line = before.matches('\n').count() + 1;
        let shown = source[found.range.clone()]
            .lines()
            .next()
            .unwrap_or_default();
        writeln!(
            text,
            "{line}: {} {} `{shown}`",
            found.rule.code, found.severity
        )
        .unwrap();
        writeln!(text, "    {}", found.message).unwrap();
        writeln!(text, "    {}", found.help).unwrap();
        if let Some(fix) = &found.fix {
            writeln!(text, "    {:?} fix: {}", fix.applicability, fix.title).unwrap();
        }
    }
    text
}

fn assert_snapshot(path: &Path, actual: String) {
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        std::fs::write(path, actual).unwrap();
    } else {
        assert_data_eq!(actual, Data::read_from(path, None).raw());
    }
}

/// Everything of 3.3 that a message could recommend.
const OF_3_3: [&str; 4] = [
    "task_state_store",
    "asset_state_store",
    "ResumableJobMixin",
    "NEVER_EXPIRE",
];

#[test]
fn nothing_recommends_the_stores_to_dags_for_an_airflow_before_3_3() {
    let settings = Settings::new(AirflowVersion::new(3, 2, 9));
    let directories = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for path in directories.flat_map(|directory| python_files(&directory)) {
        let source = std::fs::read_to_string(&path).unwrap();
        for found in lint_source(&path, &source, &settings) {
            let fix = found.fix.map(|fix| fix.apply(&source)).unwrap_or_default();
            for name in OF_3_3 {
                assert!(
                    !found.help.contains(name),
                    "{}: {}",
                    path.display(),
                    found.help
                );
                assert!(
                    !fix.contains(name) || source.contains(name),
                    "{}: {fix}",
                    path.display()
                );
            }
        }
    }
}

fn check_found(path: &Path) -> Vec<Diagnostic> {
    let source = std::fs::read_to_string(path).unwrap();
    let found = lint(path, &source);
    assert_snapshot(&path.with_extension("txt"), report(&source, &found));
    if found.iter().any(|found| found.fix.is_some()) {
        assert_snapshot(&path.with_extension("fixed"), fix_all(path, &source));
    }
    found
}

fn assert_clean(path: &Path) {
    let source = std::fs::read_to_string(path).unwrap();
    let found = lint(path, &source);
    assert!(
        found.is_empty(),
        "{}:\n{}",
        path.display(),
        report(&source, &found)
    );
}

#[test]
fn every_rule_finds_what_its_fixtures_show_and_nothing_in_the_near_misses() {
    for rule in all_rules().iter().filter(|rule| rule.code != "AIL002") {
        let directory = fixtures().join(format!("{}-{}", rule.code, rule.name));
        let mut has_found = false;
        let mut has_clean = false;
        for path in python_files(&directory) {
            if path
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("clean")
            {
                has_clean = true;
                assert_clean(&path);
            } else {
                has_found |= check_found(&path).iter().any(|found| found.rule == *rule);
            }
        }
        assert!(
            has_found && has_clean,
            "{} needs a found.py and a clean.py that show it",
            directory.display()
        );
    }
}

#[test]
fn the_anti_pattern_dags_are_found_exactly_and_fixed_to_the_end() {
    for path in python_files(&fixtures().join("antipatterns")) {
        check_found(&path);
        let fixed = fix_all(&path, &std::fs::read_to_string(&path).unwrap());
        let left = lint(&path, &fixed);
        assert!(
            left.is_empty(),
            "{}:\n{}",
            path.display(),
            report(&fixed, &left)
        );
    }
}

#[test]
fn nothing_is_found_in_dags_that_do_it_right() {
    for path in python_files(&fixtures().join("clean")) {
        assert_clean(&path);
    }
}
