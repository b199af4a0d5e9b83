//! Finding what JSON cannot say in encoded MessagePack.

use std::fmt;

use super::plain::plainly_json;
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
    if plainly_json(encoded) {
        return Ok(());
    }
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

    proptest::proptest! {
        #[test]
        fn the_fast_look_agrees_with_the_thorough_one(bytes: Vec<u8>) {
            proptest::prop_assert_eq!(plainly_json(&bytes), find(&bytes, problem_of).is_ok());
        }
    }

    #[test]
    fn the_fast_look_agrees_at_every_damage_of_a_value() {
        let value = serde_json::json!({
            "s": "x".repeat(300), "long": "y".repeat(70_000), "e": {}, "f": [],
            "a": [1, -1, 200, -200, 70_000, -70_000, 5_000_000_000_u64, -5_000_000_000_i64, 1.5, null, true],
            "many": vec![0; 20], "map": (0..20).map(|i| (i.to_string(), i.into())).collect::<crate::json::JsonMap>(),
        });
        let encoded = rmp_serde::to_vec(&value).unwrap();
        assert!(plainly_json(&encoded));
        // The long text is the same everywhere.
        for at in (0..400).chain(encoded.len() - 300..encoded.len()) {
            let cut = &encoded[..at];
            assert_eq!(
                plainly_json(cut),
                find(cut, problem_of).is_ok(),
                "cut at {at}"
            );
            for byte in 0..=255 {
                let mut damaged = encoded.clone();
                damaged[at] = byte;
                let ok = find(&damaged, problem_of).is_ok();
                assert_eq!(plainly_json(&damaged), ok, "{byte:#x} at {at}");
            }
        }
    }

    #[test]
    fn the_fast_look_agrees_about_depth_and_floats() {
        use crate::msgpack::MAX_DEPTH;
        for depth in [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1] {
            let mut nested = vec![0x91; depth];
            nested.push(1);
            assert_eq!(plainly_json(&nested), depth <= MAX_DEPTH, "{depth}");
            assert_eq!(find(&nested, problem_of).is_ok(), depth <= MAX_DEPTH);
        }
        for (float, finite) in [(1.5, true), (f64::NAN, false), (f64::NEG_INFINITY, false)] {
            let narrow = [&[0xca][..], &(float as f32).to_be_bytes()].concat();
            let wide = [&[0xcb][..], &float.to_be_bytes()].concat();
            assert_eq!([narrow, wide].map(|f| plainly_json(&f)), [finite; 2]);
        }
    }

    #[test]
    fn json_passes() {
        let value = serde_json::json!({"a": [1, -2, 1.5, "s", null, true, {"b": {}}]});
        assert_eq!(check(&rmp_serde::to_vec(&value).unwrap()), Ok(()));
    }
}
