//! What is found: a diagnostic, and the fix it may carry.

use std::ops::Range;

use crate::rule::Rule;

/// How bad a finding is. Ordered: advice is less than a warning, a warning less than an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something to think about; nothing breaks.
    Advice,
    /// It breaks under conditions that happen: a retry, a second environment, two runs at once.
    Warning,
    /// It does not work.
    Error,
}

impl Severity {
    /// `advice`, `warning` or `error`, as settings and output spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Severity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Advice, Self::Warning, Self::Error]
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or(())
    }
}

/// One finding in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// As the settings say; by default the rule's own.
    pub severity: Severity,
    /// Bytes of the source it is about; within the source, on character boundaries.
    pub range: Range<usize>,
    /// What is wrong here and why it breaks: one or two sentences.
    pub message: String,
    /// What to use here: one or two sentences.
    pub help: String,
    /// A change that repairs it.
    pub fix: Option<Fix>,
}

/// Whether a fix may be applied without a person looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// Changes how the program behaves: where a value lives, what survives. For `--unsafe-fixes`.
    Unsafe,
    /// Keeps what the program means. For `--fix`.
    Safe,
}

/// A change that repairs one finding. It is whole: all its edits or none.
///
/// Apply one fix, look at the file again, and go on until nothing is left to fix: several may want the same line, and the last
/// that replaces a name removes its import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a title: "Keep the cursor in `task_state_store`".
    pub title: String,
    /// Sorted by place; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether a person should look.
    pub applicability: Applicability,
}

/// Replaces bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// First byte that is replaced.
    pub start: usize,
    /// Byte after the last that is replaced; the same as `start` for an insertion.
    pub end: usize,
    /// What stands there afterwards.
    pub content: String,
}

impl Fix {
    /// A fix with its edits in order.
    #[must_use]
    pub(crate) fn new(
        title: impl Into<String>,
        applicability: Applicability,
        mut edits: Vec<Edit>,
    ) -> Self {
        edits.sort();
        Self {
            title: title.into(),
            edits,
            applicability,
        }
    }

    /// The source with this fix, and no other, applied.
    ///
    /// # Panics
    ///
    /// If `source` is not the text the fix was made for.
    #[must_use]
    pub fn apply(&self, source: &str) -> String {
        let mut fixed = String::with_capacity(source.len());
        let mut at = 0;
        for edit in &self.edits {
            fixed.push_str(&source[at..edit.start]);
            fixed.push_str(&edit.content);
            at = edit.end;
        }
        fixed.push_str(&source[at..]);
        fixed
    }

    /// The bytes between its first and its last edit.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        let start = self.edits.first().map_or(0, |edit| edit.start);
        let end = self
            .edits
            .iter()
            .map(|edit| edit.end)
            .max()
            .unwrap_or(start);
        start..end
    }
}
