//! The idempotency token, and what a remote system can do with it.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Names one submission, before it is made. It stays the same until the job it names has failed.
///
/// It is `aileron-` and 32 hexadecimal digits: 40 characters, valid as a DNS label, as a client token of the large
/// clouds, and in most systems as a job name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// A token that nobody has used.
    pub(crate) fn random() -> Self {
        Self(format!("aileron-{}", Uuid::new_v4().simple()))
    }

    #[cfg(test)]
    pub(crate) fn numbered(number: u32) -> Self {
        Self(number.to_string())
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Token {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// What the remote system can do with a [`Token`]. It decides what is known after a process was killed between
/// submitting a job and storing its id; the table in the [module documentation](crate::jobs#guarantee) says what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenSupport {
    /// Submitting twice with one token makes one job, and gives its id both times.
    Idempotent,
    /// A job can be found by the token it was submitted with: as its name, a label, a tag.
    Searchable,
    /// Nothing.
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_unique_and_fits_where_names_are_narrow() {
        let (a, b) = (Token::random(), Token::random());
        assert_ne!(a, b);
        assert_eq!(a.as_str().len(), 40);
        assert!(a.as_str().starts_with(|c: char| c.is_ascii_lowercase()));
        assert!(
            a.as_str()
                .chars()
                .all(|c| c == '-' || c.is_ascii_digit() || c.is_ascii_lowercase())
        );
    }
}
