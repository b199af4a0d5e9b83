//! Finding what JSON cannot say in encoded MessagePack.

use std::fmt;

use crate::msgpack::{Kind, Place, Token, Walk, WalkError};

/// What JSON cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A map key that is not a string.
    Key(Kind),
    /// Raw bytes.
    Binary,
    /// An extension, with its type; -1 is the timestamp.
    Extension(i8),
    /// NaN or an infinity.
    NonFinite,
    /// The value is not MessagePack, or is nested too deeply.
    Corrupt(WalkError),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(kind) => write!(f, "a map key must be a string, and this one is {kind}"),
            Self::Binary => f.write_str("JSON has no raw bytes"),
            Self::Extension(kind) => write!(
                f,
                "JSON has no MessagePack extensions, and this is {}",
                Kind::Extension(*kind)
            ),
            Self::NonFinite => f.write_str("JSON has no NaN and no infinity"),
            Self::Corrupt(error) => write!(f, "{error}"),
        }
    }
}

/// A value that JSON cannot say, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at {}: {problem}", if .path.is_empty() { "the top" } else { .path })]
pub struct NotJson {
    /// The way to the value, such as `rows[3].id`; empty for the top.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// Checks that an encoded value is JSON: string keys, no bytes, no extensions, finite numbers.
///
/// # Errors
///
/// The first [`NotJson`] in reading order.
///
/// ```
/// use aileron_wire::json::{check, Problem};
///
/// // {"rows": [1, NaN]}
/// let mut encoded = b"\x81\xa4rows\x92\x01\xcb".to_vec();
/// encoded.extend_from_slice(&f64::NAN.to_be_bytes());
/// let error = check(&encoded).unwrap_err();
/// assert_eq!((error.path.as_str(), error.problem), ("rows[1]", Problem::NonFinite));
/// ```
pub fn check(encoded: &[u8]) -> Result<(), NotJson> {
    find(encoded, problem_of)
}

/// Like [`check`], but looks for NaN and infinities only.
pub(super) fn check_finite(encoded: &[u8]) -> Result<(), NotJson> {
    find(encoded, |token, _| match token {
        Token::Float(value) if !value.is_finite() => Some(Problem::NonFinite),
        _ => None,
    })
}

fn find(
    encoded: &[u8],
    problem_of: impl Fn(&Token, Place) -> Option<Problem>,
) -> Result<(), NotJson> {
    let mut walk = Walk::new(encoded, 0);
    loop {
        match walk.step() {
            Ok(None) => return Ok(()),
            Ok(Some((token, place))) => {
                if let Some(problem) = problem_of(&token, place) {
                    return Err(NotJson {
                        path: walk.path(),
                        problem,
                    });
                }
            }
            Err(error) => {
                return Err(NotJson {
                    path: walk.path(),
                    problem: Problem::Corrupt(error),
                });
            }
        }
    }
}

fn problem_of(token: &Token, place: Place) -> Option<Problem> {
    match (token, place) {
        (Token::String(_), _) => None,
        (other, Place::Key) => Some(Problem::Key(other.kind())),
        (Token::Binary(_), _) => Some(Problem::Binary),
        (Token::Extension(kind, _), _) => Some(Problem::Extension(*kind)),
        (Token::Float(value), _) if !value.is_finite() => Some(Problem::NonFinite),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(encoded: &[u8]) -> (String, Problem) {
        let error = check(encoded).unwrap_err();
        (error.path, error.problem)
    }

    #[test]
    fn every_kind_of_non_json_is_found_with_its_path() {
        assert_eq!(
            problem(b"\x81\xa1a\x81\x07\xc0"),
            ("a.7".into(), Problem::Key(Kind::Integer))
        );
        assert_eq!(
            problem(b"\x92\xc0\xc4\x01z"),
            ("[1]".into(), Problem::Binary)
        );
        assert_eq!(
            problem(b"\xd6\xff\0\0\0\0"),
            (String::new(), Problem::Extension(-1))
        );
        assert_eq!(
            problem(b"\x91\xca\x7f\x80\0\0"),
            ("[0]".into(), Problem::NonFinite)
        );
        assert!(matches!(
            problem(b"\x91"),
            (_, Problem::Corrupt(WalkError::Cut { .. }))
        ));
    }

    #[test]
    fn json_passes() {
        let value = serde_json::json!({"a": [1, -2, 1.5, "s", null, true, {"b": {}}]});
        assert_eq!(check(&rmp_serde::to_vec(&value).unwrap()), Ok(()));
    }
}
