//! A statement and its values.

use std::borrow::Cow;

use super::Value;

/// A statement and its values.
///
/// Names and values of callers belong into [`bind`](Self::bind) or [`value`](Self::value), never
/// into the text.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(super) text: Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

/// Begins a statement.
///
/// ```
/// use aileron_metastore::database::sql;
///
/// let mut statement = sql("select count(*) as n from task_instance where dag_id = ").value("orders");
/// let states = ["failed", "skipped"];
/// statement = statement.push(" and state in ").list(states);
/// assert_eq!(
///     statement.text(),
///     "select count(*) as n from task_instance where dag_id = $1 and state in ($2, $3)"
/// );
/// ```
#[must_use]
pub fn sql(text: impl Into<Cow<'static, str>>) -> Statement {
    Statement {
        text: text.into(),
        values: Vec::new(),
    }
}

impl Statement {
    /// Gives the value of the next `$1`, `$2`.. that stands in the text already.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds text.
    #[must_use]
    pub fn push(mut self, text: &str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Adds a placeholder and its value.
    #[must_use]
    pub fn value(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        let placeholder = format!("${}", self.values.len());
        self.push(&placeholder)
    }

    /// Adds placeholders in parentheses, and their values. Without values it adds a list that
    /// nothing is in.
    #[must_use]
    pub fn list<T: Into<Value>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        let mut first = true;
        for value in values {
            self = self.push(if first { "(" } else { ", " }).value(value);
            first = false;
        }
        self.push(if first { "(null)" } else { ")" })
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl From<&'static str> for Statement {
    fn from(text: &'static str) -> Self {
        sql(text)
    }
}
