//! Applying fixes to one file.

use std::path::Path;

use crate::diagnostic::{Applicability, Diagnostic, Fix};
use crate::rules::INVALID_SYNTAX;

/// A file that has more fixes has two that undo each other.
const ROUNDS: usize = 1000;

/// A file after its fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fixed {
    /// The new text.
    pub(crate) text: String,
    /// How many fixes are in it.
    pub(crate) count: usize,
}

/// Applies fixes until there are none left, and says what is still found.
///
/// One at a time: each is made for the text that the others have left, and the last one that needs an import takes it out.
/// `lint` is called with each new text. A fix whose result does not parse is not taken.
pub(crate) fn fix(
    path: &Path,
    source: &str,
    at_least: Applicability,
    mut found: Vec<Diagnostic>,
    lint: impl Fn(&Path, &str) -> Vec<Diagnostic>,
) -> (Option<Fixed>, Vec<Diagnostic>) {
    let mut text = source.to_owned();
    let mut count = 0;
    while count < ROUNDS {
        let next = found
            .iter()
            .filter_map(|found| found.fix.as_ref())
            .filter(|fix| fix.applicability >= at_least)
            .find_map(|fix| applied(path, &text, fix, &lint));
        let Some(next) = next else { break };
        (text, found) = next;
        count += 1;
    }
    let fixed = (count > 0).then_some(Fixed { text, count });
    (fixed, found)
}

/// The text with a fix, and what is found in it; nothing if it changes nothing or makes what does not parse.
fn applied(
    path: &Path,
    text: &str,
    fix: &Fix,
    lint: impl Fn(&Path, &str) -> Vec<Diagnostic>,
) -> Option<(String, Vec<Diagnostic>)> {
    let next = fix.apply(text);
    if next == text {
        return None;
    }
    let found = lint(path, &next);
    let is_damaged = found.iter().any(|found| found.rule == INVALID_SYNTAX);
    (!is_damaged).then_some((next, found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Edit, Severity};
    use crate::rules::UNREADABLE_FILE;

    /// Finds every letter `a`, which shall be a `b`.
    fn lint(text: &str) -> Vec<Diagnostic> {
        let fix = |start: usize, end: usize, content: &str| Diagnostic {
            rule: UNREADABLE_FILE,
            severity: Severity::Warning,
            range: start..end,
            message: String::new(),
            help: String::new(),
            fix: Some(Fix::new(
                "replace",
                Applicability::Unsafe,
                vec![Edit {
                    start,
                    end,
                    content: content.to_owned(),
                }],
            )),
        };
        text.match_indices('a')
            .map(|(at, _)| fix(at, at + 1, "b"))
            .collect()
    }

    fn fixed(text: &str, at_least: Applicability) -> Option<(String, usize)> {
        let (fixed, left) = fix("a.py".as_ref(), text, at_least, lint(text), |_, text| {
            lint(text)
        });
        assert_eq!(left.is_empty(), fixed.is_some() || !text.contains('a'));
        fixed.map(|fixed| (fixed.text, fixed.count))
    }

    #[test]
    fn fixes_that_touch_are_all_applied() {
        assert_eq!(
            fixed("a a aa c", Applicability::Unsafe),
            Some(("b b bb c".to_owned(), 4))
        );
    }

    #[test]
    fn an_unsafe_fix_is_not_a_safe_one() {
        assert_eq!(fixed("a", Applicability::Safe), None);
    }

    #[test]
    fn nothing_to_fix_is_no_change() {
        assert_eq!(fixed("c", Applicability::Unsafe), None);
    }
}
