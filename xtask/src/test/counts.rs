//! Counting tests in what `cargo test` prints.

/// How many tests passed, failed and were ignored.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
    pub(super) failed_names: Vec<String>,
    pub(super) passed_names: Vec<String>,
}

impl Counts {
    /// What a phase that gave no counts is worth.
    pub(super) fn one_failed() -> Self {
        Self {
            failed: 1,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.failed_names.extend(other.failed_names);
        self.passed_names.extend(other.passed_names);
    }

    /// Takes a line of the output of `cargo test` into account.
    pub(super) fn read_line(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += number_before(result, " passed");
            self.failed += number_before(result, " failed");
            self.ignored += number_before(result, " ignored");
        } else if let Some(name) = test_that(line, "FAILED") {
            self.failed_names.push(name.to_owned());
        } else if let Some(name) = test_that(line, "ok") {
            self.passed_names.push(name.to_owned());
        }
    }
}

fn number_before(result: &str, word: &str) -> u64 {
    let before = result
        .split(word)
        .next()
        .filter(|before| before.len() < result.len());
    before
        .and_then(|before| before.rsplit(' ').next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

fn test_that<'a>(line: &'a str, ended: &str) -> Option<&'a str> {
    line.strip_prefix("test ")?
        .strip_suffix(ended)?
        .trim_end()
        .strip_suffix("...")
        .map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_lines_of_all_test_binaries_are_added_up() {
        let mut counts = Counts::default();
        for line in [
            "running 4 tests",
            "test frame::round_trip ... ok",
            "test frame::truncated  ... FAILED",
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 13.93s",
            "test result: ok. 12 passed; 0 failed; 2 ignored; 0 measured; 7 filtered out; finished in 0.00s",
        ] {
            counts.read_line(line);
        }
        assert_eq!((counts.passed, counts.failed, counts.ignored), (15, 1, 2));
        assert_eq!(counts.failed_names, ["frame::truncated"]);
        assert_eq!(counts.passed_names, ["frame::round_trip"]);
    }

    #[test]
    fn what_a_test_prints_is_not_counted() {
        let mut counts = Counts::default();
        counts.read_line("note: 7 passed; 3 failed");
        counts.read_line("test result is unclear");
        assert_eq!(counts, Counts::default());
    }
}
