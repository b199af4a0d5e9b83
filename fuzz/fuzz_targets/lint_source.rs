//! Any text as a Dag file. What is found lies in the text, and a fix of a file that parses leaves one that parses.

#![no_main]

use std::path::Path;

use aileron_lint::{AirflowVersion, INVALID_SYNTAX, Settings, lint_source, xcom_producers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let path = Path::new("dag.py");
    for target in [AirflowVersion::new(3, 3, 2), AirflowVersion::new(2, 10, 5)] {
        let settings = Settings::new(target);
        for found in lint_source(path, text, &settings) {
            assert!(text.get(found.range.clone()).is_some(), "{found:?}");
            if found.rule == INVALID_SYNTAX {
                continue;
            }
            if let Some(fix) = &found.fix {
                let fixed = fix.apply(text);
                let again = lint_source(path, &fixed, &settings);
                assert!(
                    again.iter().all(|found| found.rule != INVALID_SYNTAX),
                    "{found:?} makes\n{fixed}"
                );
            }
        }
    }
    for producer in xcom_producers(text).unwrap_or_default() {
        assert!(text.get(producer.range.clone()).is_some(), "{producer:?}");
    }
});
