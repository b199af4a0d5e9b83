//! `# noqa`: findings that a person has looked at and wants to keep.
//!
//! - `# noqa` on a line: no findings there. `# noqa: AIL101, AIL203`: none of these rules.
//! - `# aileron: noqa` anywhere: no findings in the file. `# aileron: noqa: AIL101`: none of these rules.
//!
//! A finding that spans lines is suppressed on its first and on its last line. Codes of other tools are not looked at.

use std::collections::HashMap;
use std::sync::LazyLock;

use fancy_regex::Regex;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged as _;

use crate::diagnostic::Diagnostic;
use crate::rule::Rule;
use crate::source_text::Lines;

/// What comments suppress in a file.
#[derive(Debug, Default)]
struct Suppressed {
    file: Option<Directive>,
    /// By line, from 1.
    lines: HashMap<usize, Directive>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Directive {
    All,
    Rules(Vec<String>),
}

/// Takes out what `# noqa` suppresses, and says how many those were.
pub(crate) fn apply(source: &str, diagnostics: &mut Vec<Diagnostic>) -> usize {
    // Most files have nothing, and need no second look.
    if diagnostics.is_empty() || !contains_noqa(source) {
        return 0;
    }
    let suppressed = Suppressed::read(source);
    let before = diagnostics.len();
    let lines = Lines::new(source);
    diagnostics.retain(|found| {
        let first = lines.line_of(found.range.start);
        let last = lines.line_of(found.range.end.saturating_sub(1).max(found.range.start));
        !suppressed.covers(found.rule, first) && !suppressed.covers(found.rule, last)
    });
    before - diagnostics.len()
}

fn contains_noqa(source: &str) -> bool {
    source
        .as_bytes()
        .windows(4)
        .any(|window| window.eq_ignore_ascii_case(b"noqa"))
}

impl Suppressed {
    fn read(source: &str) -> Self {
        let mut suppressed = Self::default();
        // A file that does not parse has no comments that can be told from strings.
        let Ok(parsed) = parse_module(source) else {
            return suppressed;
        };
        let lines = Lines::new(source);
        for token in parsed.tokens() {
            if token.kind() != TokenKind::Comment {
                continue;
            }
            let range = token.range();
            let (start, end) = (range.start().to_usize(), range.end().to_usize());
            let Some((whole_file, directive)) = directive(&source[start..end]) else {
                continue;
            };
            if whole_file {
                suppressed.file = Some(match suppressed.file.take() {
                    Some(other) => other.and(directive),
                    None => directive,
                });
            } else {
                suppressed.lines.insert(lines.line_of(start), directive);
            }
        }
        suppressed
    }

    fn covers(&self, rule: &Rule, line: usize) -> bool {
        let of_file = self.file.as_ref();
        let of_line = self.lines.get(&line);
        of_file
            .into_iter()
            .chain(of_line)
            .any(|directive| match directive {
                Directive::All => true,
                Directive::Rules(names) => names
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(rule.code) || name == rule.name),
            })
    }
}

impl Directive {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Rules(mut names), Self::Rules(more)) => {
                names.extend(more);
                Self::Rules(names)
            }
            _ => Self::All,
        }
    }
}

/// What a comment says, and whether for the whole file.
fn directive(comment: &str) -> Option<(bool, Directive)> {
    static NOQA: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)#\s*(aileron:\s*)?noqa\b(?:\s*:\s*(?<names>[a-z0-9, \t-]*))?")
            .expect("a constant pattern is valid")
    });
    let found = NOQA.captures(comment).ok()??;
    let directive = match found.name("names") {
        None => Directive::All,
        Some(names) => Directive::Rules(
            names
                .as_str()
                .split([',', ' ', '\t'])
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        ),
    };
    Some((found.get(1).is_some(), directive))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Directive {
        Directive::Rules(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn comments_are_read_as_people_write_them() {
        for (comment, expected) in [
            ("# noqa", Some((false, Directive::All))),
            ("#NOQA", Some((false, Directive::All))),
            ("# reviewed # noqa", Some((false, Directive::All))),
            ("# noqa: AIL101", Some((false, names(&["AIL101"])))),
            (
                "# noqa:AIL101,AIL102 E501",
                Some((false, names(&["AIL101", "AIL102", "E501"]))),
            ),
            (
                "# noqa: variable-as-cursor",
                Some((false, names(&["variable-as-cursor"]))),
            ),
            ("# aileron: noqa", Some((true, Directive::All))),
            ("# aileron: noqa: AIL2", Some((true, names(&["AIL2"])))),
            ("# noqatall", None),
            ("# nothing", None),
        ] {
            assert_eq!(directive(comment), expected, "{comment}");
        }
    }

    #[test]
    fn a_comment_counts_and_a_string_does_not() {
        let source = "x = '# noqa'\ny = 1  # noqa\n";
        let suppressed = Suppressed::read(source);
        assert!(suppressed.covers(crate::rules::INVALID_SYNTAX, 2));
        assert!(!suppressed.covers(crate::rules::INVALID_SYNTAX, 1));
    }
}
