//! What is known about a rule, all of it from the rule's own file.

use crate::checker::Checker;
use crate::diagnostic::Severity;
use crate::version::AirflowVersion;

/// A rule. Its file declares it with the macro `rule!`; the doc comment there is the published documentation, for a person and
/// for whatever is generated.
///
/// The doc comment has a first paragraph (what the rule finds), and the sections `Why it breaks`, `Example` and `Use instead`.
/// The Python in `Example` is found by the rule and the Python in `Use instead` is not: a test holds every rule to that.
pub struct Rule {
    /// Stable: `AIL101`.
    pub code: &'static str,
    /// Stable, for people: `variable-as-cursor`.
    pub name: &'static str,
    /// How bad its findings are, unless settings say otherwise.
    pub severity: Severity,
    /// The first Airflow it is about. Dags for an older one are not looked at.
    pub since: Option<AirflowVersion>,
    /// The doc comment, with the space that `///` leaves before each line.
    doc: &'static str,
    pub(crate) check: fn(&mut Checker<'_>),
}

impl Rule {
    pub(crate) const fn new(
        code: &'static str,
        name: &'static str,
        severity: Severity,
        since: Option<AirflowVersion>,
        doc: &'static str,
        check: fn(&mut Checker<'_>),
    ) -> Self {
        Self {
            code,
            name,
            severity,
            since,
            doc,
            check,
        }
    }

    /// The rule's documentation.
    #[must_use]
    pub fn documentation(&self) -> Documentation {
        Documentation::parse(self.doc)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.name)
    }
}

/// A rule's doc comment, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documentation {
    /// All of it, as Markdown.
    pub markdown: String,
    /// The first paragraph: what the rule finds. On one line.
    pub summary: String,
    sections: Vec<(String, String)>,
}

impl Documentation {
    fn parse(doc: &str) -> Self {
        let markdown: String = doc
            .lines()
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned();
        let mut sections: Vec<(String, Vec<&str>)> = Vec::new();
        let mut in_code = false;
        for line in markdown.lines() {
            in_code ^= line.starts_with("```");
            match line.strip_prefix("## ") {
                Some(title) if !in_code => sections.push((title.to_owned(), Vec::new())),
                _ => {
                    if let Some((_, lines)) = sections.last_mut() {
                        lines.push(line);
                    }
                }
            }
        }
        let summary = markdown
            .lines()
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let sections = sections
            .into_iter()
            .map(|(title, lines)| (title, lines.join("\n").trim().to_owned()))
            .collect();
        Self {
            markdown,
            summary,
            sections,
        }
    }

    /// The text under a heading: `Why it breaks`, `Example`, `Use instead`, and what else a rule has.
    #[must_use]
    pub fn section(&self, title: &str) -> Option<&str> {
        self.sections
            .iter()
            .find(|(known, _)| known == title)
            .map(|(_, text)| text.as_str())
    }

    /// The Python under a heading: the code blocks of a section, one after the other.
    #[must_use]
    pub fn python(&self, title: &str) -> Option<String> {
        let mut code = String::new();
        let mut inside = false;
        for line in self.section(title)?.lines() {
            if line.starts_with("```") {
                inside = line == "```python";
            } else if inside {
                code.push_str(line);
                code.push('\n');
            }
        }
        Some(code).filter(|code| !code.is_empty())
    }
}

/// Declares the rule of a file: its doc comment, code, name and severity, and the first Airflow it is about, if not any.
///
/// The function `check` beside it is what looks.
macro_rules! rule {
    ($(#[doc = $doc:literal])+ $code:ident, $name:literal, $severity:ident) => {
        $crate::rule::rule! { @all $(#[doc = $doc])+ $code, $name, $severity, None }
    };
    ($(#[doc = $doc:literal])+ $code:ident, $name:literal, $severity:ident, since $since:ident) => {
        $crate::rule::rule! { @all $(#[doc = $doc])+ $code, $name, $severity, Some($crate::version::AirflowVersion::$since) }
    };
    (@all $(#[doc = $doc:literal])+ $code:ident, $name:literal, $severity:ident, $since:expr) => {
        $(#[doc = $doc])+
        pub(crate) static RULE: $crate::rule::Rule = $crate::rule::Rule::new(
            stringify!($code),
            $name,
            $crate::diagnostic::Severity::$severity,
            $since,
            concat!($($doc, "\n"),+),
            check,
        );
    };
}
pub(crate) use rule;
