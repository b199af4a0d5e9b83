//! Reading instants: the timestamp extension and RFC 3339 text.

use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// Why bytes or a text are not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// Not the timestamp extension.
    #[error("a MessagePack extension of type {0} is not a timestamp (type -1)")]
    OtherExtension(i8),
    /// A timestamp extension of a length that does not exist.
    #[error("a timestamp has 4, 8 or 12 bytes, and this one has {0}")]
    Length(usize),
    /// The instant is not in the years -9999 to 9999, or has a second or more of nanoseconds.
    #[error("{seconds} s and {nanoseconds} ns since 1970 are out of range")]
    Range {
        /// Seconds since 1970 in UTC.
        seconds: i64,
        /// Nanoseconds behind them.
        nanoseconds: u32,
    },
    /// The text is not RFC 3339 with an offset.
    #[error("{text:?} is not an RFC 3339 instant with an offset: {reason}")]
    Text {
        /// The first characters of the text.
        text: String,
        /// What is wrong.
        reason: String,
    },
}

/// Reads the payload of a timestamp extension: 4, 8 or 12 bytes.
///
/// # Errors
///
/// [`TimestampError::Length`] and [`TimestampError::Range`].
///
/// ```
/// let instant = aileron_wire::time::from_extension_bytes(&[0x65, 0x92, 0x00, 0x80])?;
/// assert_eq!(instant.to_string(), "2024-01-01T00:00:00Z");
/// # Ok::<(), aileron_wire::time::TimestampError>(())
/// ```
pub fn from_extension_bytes(bytes: &[u8]) -> Result<Timestamp, TimestampError> {
    let (seconds, nanoseconds) = match *bytes {
        [a, b, c, d] => (i64::from(u32::from_be_bytes([a, b, c, d])), 0),
        [a, b, c, d, e, f, g, h] => {
            let both = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            // 34 bits of seconds below 30 bits of nanoseconds: both casts keep every bit.
            ((both & 0x3_ffff_ffff).cast_signed(), (both >> 34) as u32)
        }
        [a, b, c, d, e, f, g, h, i, j, k, l] => (
            i64::from_be_bytes([e, f, g, h, i, j, k, l]),
            u32::from_be_bytes([a, b, c, d]),
        ),
        _ => return Err(TimestampError::Length(bytes.len())),
    };
    instant(seconds, nanoseconds).ok_or(TimestampError::Range {
        seconds,
        nanoseconds,
    })
}

fn instant(seconds: i64, nanoseconds: u32) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(nanoseconds)
        .ok()
        .filter(|n| *n < 1_000_000_000)?;
    Timestamp::new(seconds, nanoseconds).ok()
}

fn from_text(text: &str) -> Result<Timestamp, TimestampError> {
    text.parse()
        .map_err(|error: jiff::Error| TimestampError::Text {
            text: text.chars().take(40).collect(),
            reason: error.to_string(),
        })
}

/// Reads the inside of an extension: `rmp-serde` shows it as a pair of its type and its bytes.
pub(crate) fn from_extension<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Timestamp, D::Error> {
    deserializer.deserialize_any(ExtensionVisitor)
}

struct ExtensionVisitor;

impl<'de> Visitor<'de> for ExtensionVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a MessagePack timestamp")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Timestamp, A::Error> {
        let kind: i8 = seq
            .next_element()?
            .ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let Payload(bytes, length) = seq
            .next_element()?
            .ok_or_else(|| A::Error::invalid_length(1, &self))?;
        if kind != -1 {
            return Err(A::Error::custom(TimestampError::OtherExtension(kind)));
        }
        let bytes = bytes
            .get(..length)
            .ok_or_else(|| A::Error::custom(TimestampError::Length(length)))?;
        from_extension_bytes(bytes).map_err(A::Error::custom)
    }
}

/// The bytes of an extension and how many came; only the first twelve are kept.
struct Payload([u8; 12], usize);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PayloadVisitor;

        impl Visitor<'_> for PayloadVisitor {
            type Value = Payload;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of an extension")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Payload, E> {
                let mut kept = [0; 12];
                let length = bytes.len().min(12);
                kept[..length].copy_from_slice(&bytes[..length]);
                Ok(Payload(kept, bytes.len()))
            }
        }

        deserializer.deserialize_bytes(PayloadVisitor)
    }
}

/// Reads an instant in any of its forms.
pub(super) struct InstantVisitor;

impl<'de> Visitor<'de> for InstantVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a timestamp or RFC 3339 text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        from_text(text).map_err(E::custom)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        from_extension(deserializer)
    }
}

/// An instant where `serde` needs a type, inside options and lists.
pub(super) struct Instant(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InstantVisitor).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(encoded: &[u8]) -> Result<Timestamp, rmp_serde::decode::Error> {
        Instant::deserialize(&mut rmp_serde::Deserializer::new(encoded)).map(|instant| instant.0)
    }

    #[test]
    fn all_three_forms_of_the_extension_are_read() {
        for (encoded, expected) in [
            (&b"\xd6\xff\x65\x92\x00\x80"[..], "2024-01-01T00:00:00Z"),
            // 5,000 ns << 34 | seconds
            (
                b"\xd7\xff\x00\x00\x4e\x20\x65\x92\x00\x80",
                "2024-01-01T00:00:00.000005Z",
            ),
            (
                b"\xc7\x0c\xff\x00\x00\x13\x88\xff\xff\xff\xff\x7c\x55\x81\x80",
                "1900-01-01T00:00:00.000005Z",
            ),
        ] {
            assert_eq!(read(encoded).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn text_needs_an_offset_and_may_have_any() {
        for (text, expected) in [
            ("2024-01-01T02:00:00+02:00", "2024-01-01T00:00:00Z"),
            ("2024-01-01T00:00:00.25Z", "2024-01-01T00:00:00.25Z"),
            ("2024-01-01 00:00:00-05:30", "2024-01-01T05:30:00Z"),
        ] {
            assert_eq!(from_text(text).unwrap().to_string(), expected);
        }
        for text in ["2024-01-01T00:00:00", "2024-01-01", "now", ""] {
            assert!(
                matches!(from_text(text), Err(TimestampError::Text { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn broken_extensions_say_what_is_wrong() {
        for (encoded, part) in [
            (&b"\xd6\x05\0\0\0\0"[..], "type 5"),
            (b"\xd5\xff\0\0", "has 2"),
            (b"\xc7\x0d\xff\0\0\0\0\0\0\0\0\0\0\0\0\0", "has 13"),
            (b"\xd7\xff\xff\xff\xff\xff\0\0\0\0", "out of range"),
            (
                b"\xc7\x0c\xff\0\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff",
                "out of range",
            ),
        ] {
            let error = read(encoded).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(read(b"\x07").is_err());
    }
}
