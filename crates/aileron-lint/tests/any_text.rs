//! Whatever the text is: there is an answer, and it lies within the text.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::LazyLock;

use aileron_lint::{AirflowVersion, Settings, lint_change, lint_source, xcom_producers};
use proptest::prelude::*;

/// All fixtures, to be cut to pieces.
static FIXTURES: LazyLock<Vec<String>> = LazyLock::new(fixtures);

fn fixtures() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let directories = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = directories
        .flat_map(|directory| {
            std::fs::read_dir(directory)
                .unwrap()
                .map(|entry| entry.unwrap().path())
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

fn assert_sound(source: &str) {
    for target in [AirflowVersion::new(2, 10, 0), AirflowVersion::new(3, 3, 2)] {
        let settings = Settings::new(target);
        for found in lint_source("dag.py".as_ref(), source, &settings) {
            assert!(source.get(found.range.clone()).is_some(), "{found:?}");
            let Some(fix) = found.fix else { continue };
            let ends = fix.edits.iter().map(|edit| edit.end);
            let starts = fix.edits.iter().map(|edit| edit.start).skip(1);
            assert!(ends.zip(starts).all(|(end, start)| end <= start), "{fix:?}");
            let fixed = fix.apply(source);
            let left = lint_source("dag.py".as_ref(), &fixed, &settings);
            assert!(
                left.iter().all(|left| left.rule.code != "AIL001"),
                "{fix:?} made no Python of it:\n{fixed}"
            );
        }
        let _ = lint_change(
            "dag.py".as_ref(),
            source,
            "from airflow.sdk import DAG",
            &settings,
        );
    }
    let _ = xcom_producers(source);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let settings = Settings::new(AirflowVersion::new(3, 3, 2));
    for source in FIXTURES.iter() {
        let found = lint_source("dag.py".as_ref(), source, &settings);
        let windows = format!("\u{feff}{}", source.replace('\n', "\r\n"));
        let found_in_windows = lint_source("dag.py".as_ref(), &windows, &settings);
        let codes = |found: &[aileron_lint::Diagnostic]| {
            found
                .iter()
                .map(|found| found.rule.code)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(&found), codes(&found_in_windows), "{source}");
        assert_sound(&windows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn lines_left_out_of_dags_are_no_trouble(file in any::<prop::sample::Index>(), gone in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let source = file.get(&FIXTURES);
        let mut lines: Vec<&str> = source.lines().collect();
        for gone in gone {
            if !lines.is_empty() {
                let index = gone.index(lines.len());
                lines.remove(index);
            }
        }
        assert_sound(&lines.join("\n"));
    }

    #[test]
    fn words_changed_in_dags_are_no_trouble(file in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let source = file.get(&FIXTURES);
        let words: Vec<&str> = source.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
        assert_sound(&source.replace(from.get(&words), to.get::<&str>(&words)));
    }

    #[test]
    fn text_that_is_no_python_is_no_trouble(text in "\\PC{0,200}") {
        assert_sound(&format!("import airflow\n{text}"));
    }
}
