//! Walking encoded MessagePack without building a tree.
//!
//! The walker keeps its own stack, so no input can exhaust the thread's stack. It reads one
//! [`Token`] at a time; strings, binaries and extensions are ranges into the input.
//!
//! Source of the format: the MessagePack specification.

use std::fmt;
use std::ops::Range;

/// How many maps and arrays may lie inside each other.
///
/// Airflow's own JSON encoder stops at Python's recursion limit, about a thousand; nothing that a
/// person writes comes near this.
pub const MAX_DEPTH: usize = 256;

/// What kind of value was found; errors name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `nil`.
    Nil,
    /// A boolean.
    Bool,
    /// A signed or unsigned integer.
    Integer,
    /// A 32 or 64 bit float.
    Float,
    /// A string.
    String,
    /// Raw bytes.
    Binary,
    /// An array.
    Array,
    /// A map.
    Map,
    /// An extension, with its type number; -1 is the timestamp.
    Extension(i8),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Bool => f.write_str("a boolean"),
            Self::Integer => f.write_str("an integer"),
            Self::Float => f.write_str("a float"),
            Self::String => f.write_str("a string"),
            Self::Binary => f.write_str("bytes"),
            Self::Array => f.write_str("an array"),
            Self::Map => f.write_str("a map"),
            Self::Extension(-1) => f.write_str("a timestamp"),
            Self::Extension(kind) => write!(f, "an extension of type {kind}"),
        }
    }
}

/// Why encoded MessagePack cannot be walked. Offsets count bytes from the start of the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// The input ends inside a value.
    #[error("the MessagePack value that starts at byte {offset} runs past the end")]
    Cut {
        /// Where the unfinished value starts.
        offset: usize,
    },
    /// Byte 0xc1, which the format never uses.
    #[error("byte {offset} is 0xc1, which MessagePack never uses")]
    Reserved {
        /// Where the byte is.
        offset: usize,
    },
    /// A string that is not UTF-8.
    #[error("the string at byte {offset} is not UTF-8")]
    NotUtf8 {
        /// Where the string value starts.
        offset: usize,
    },
    /// More than [`MAX_DEPTH`] maps and arrays inside each other.
    #[error("more than {MAX_DEPTH} maps and arrays inside each other at byte {offset}")]
    TooDeep {
        /// Where the value that is one too deep starts.
        offset: usize,
    },
}

/// One value, or the head of a map or array.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// `nil`.
    Nil,
    /// A boolean.
    Bool(bool),
    /// An integer of any width.
    Integer(i128),
    /// A float of either width.
    Float(f64),
    /// A string; the range of its bytes.
    String(Range<usize>),
    /// Raw bytes; their range.
    Binary(Range<usize>),
    /// An extension; its type and the range of its payload.
    Extension(i8, Range<usize>),
    /// An array of this many values, which follow.
    Array(u32),
    /// A map of this many pairs, which follow.
    Map(u32),
}

impl Token {
    /// The kind of the value, for errors.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Nil,
            Self::Bool(_) => Kind::Bool,
            Self::Integer(_) => Kind::Integer,
            Self::Float(_) => Kind::Float,
            Self::String(_) => Kind::String,
            Self::Binary(_) => Kind::Binary,
            Self::Extension(kind, _) => Kind::Extension(*kind),
            Self::Array(_) => Kind::Array,
            Self::Map(_) => Kind::Map,
        }
    }
}

/// Reads the token at `at` and returns it with the offset behind it.
///
/// For a map or an array that offset is where its first child starts.
///
/// # Errors
///
/// [`WalkError::Cut`] when the input ends first, [`WalkError::Reserved`] for byte 0xc1.
// In the caller, or the token goes through memory on its way: half of the time of a walk.
#[inline]
pub fn token(buf: &[u8], at: usize) -> Result<(Token, usize), WalkError> {
    let cut = WalkError::Cut { offset: at };
    let marker = *buf.get(at).ok_or_else(|| cut.clone())?;
    let head = Head {
        buf,
        at: at + 1,
        cut,
    };
    match marker {
        0x00..=0x7f => Ok((Token::Integer(i128::from(marker)), at + 1)),
        0xe0..=0xff => Ok((Token::Integer(i128::from(marker.cast_signed())), at + 1)),
        0x80..=0x8f => Ok((Token::Map(u32::from(marker & 0x0f)), at + 1)),
        0x90..=0x9f => Ok((Token::Array(u32::from(marker & 0x0f)), at + 1)),
        0xa0..=0xbf => head.string(0, u64::from(marker & 0x1f)),
        0xc0 => Ok((Token::Nil, at + 1)),
        0xc1 => Err(WalkError::Reserved { offset: at }),
        0xc2 | 0xc3 => Ok((Token::Bool(marker == 0xc3), at + 1)),
        0xc4..=0xc6 => head.binary(1 << (marker - 0xc4)),
        0xc7..=0xc9 => head.extension(1 << (marker - 0xc7)),
        0xca | 0xcb => head.float(marker == 0xcb),
        0xcc..=0xcf => head.unsigned(1 << (marker - 0xcc)),
        0xd0..=0xd3 => head.signed(1 << (marker - 0xd0)),
        0xd4..=0xd8 => head.fixed_extension(1 << (marker - 0xd4)),
        0xd9..=0xdb => {
            let width = 1 << (marker - 0xd9);
            let length = head.number(width)?;
            head.string(width, length)
        }
        0xdc | 0xdd => {
            let width = 2 << (marker - 0xdc);
            Ok((Token::Array(head.count(width)?), at + 1 + width))
        }
        0xde | 0xdf => {
            let width = 2 << (marker - 0xde);
            Ok((Token::Map(head.count(width)?), at + 1 + width))
        }
    }
}

/// The bytes behind a marker.
struct Head<'a> {
    buf: &'a [u8],
    at: usize,
    cut: WalkError,
}

impl Head<'_> {
    fn bytes(&self, skip: usize, length: u64) -> Result<Range<usize>, WalkError> {
        let start = self.at + skip;
        usize::try_from(length)
            .ok()
            .and_then(|length| start.checked_add(length))
            .filter(|end| *end <= self.buf.len())
            .map(|end| start..end)
            .ok_or_else(|| self.cut.clone())
    }

    /// A big-endian number of `width` bytes.
    fn number(&self, width: usize) -> Result<u64, WalkError> {
        let range = self.bytes(0, width as u64)?;
        Ok(self.buf[range]
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn count(&self, width: usize) -> Result<u32, WalkError> {
        // At most four bytes are read, so the cast loses nothing.
        Ok(self.number(width)? as u32)
    }

    fn unsigned(&self, width: usize) -> Result<(Token, usize), WalkError> {
        Ok((
            Token::Integer(i128::from(self.number(width)?)),
            self.at + width,
        ))
    }

    fn signed(&self, width: usize) -> Result<(Token, usize), WalkError> {
        let spare = 64 - 8 * width as u32;
        let value = (self.number(width)? << spare).cast_signed() >> spare;
        Ok((Token::Integer(i128::from(value)), self.at + width))
    }

    fn float(&self, double: bool) -> Result<(Token, usize), WalkError> {
        if double {
            Ok((Token::Float(f64::from_bits(self.number(8)?)), self.at + 8))
        } else {
            let bits = self.count(4)?;
            Ok((Token::Float(f64::from(f32::from_bits(bits))), self.at + 4))
        }
    }

    fn string(&self, skip: usize, length: u64) -> Result<(Token, usize), WalkError> {
        let range = self.bytes(skip, length)?;
        let end = range.end;
        Ok((Token::String(range), end))
    }

    fn binary(&self, width: usize) -> Result<(Token, usize), WalkError> {
        let range = self.bytes(width, self.number(width)?)?;
        let end = range.end;
        Ok((Token::Binary(range), end))
    }

    fn extension(&self, width: usize) -> Result<(Token, usize), WalkError> {
        let length = self.number(width)?;
        self.extension_body(width, length)
    }

    fn fixed_extension(&self, length: u64) -> Result<(Token, usize), WalkError> {
        self.extension_body(0, length)
    }

    fn extension_body(&self, width: usize, length: u64) -> Result<(Token, usize), WalkError> {
        let kind = self.buf[self.bytes(width, 1)?][0].cast_signed();
        let range = self.bytes(width + 1, length)?;
        let end = range.end;
        Ok((Token::Extension(kind, range), end))
    }
}

/// The text of a string token.
///
/// # Errors
///
/// [`WalkError::NotUtf8`].
pub(crate) fn text(buf: &[u8], range: Range<usize>) -> Result<&str, WalkError> {
    let offset = range.start;
    std::str::from_utf8(&buf[range]).map_err(|_| WalkError::NotUtf8 { offset })
}

/// Returns the offset behind the value that starts at `at`.
///
/// # Errors
///
/// Any [`WalkError`].
///
/// ```
/// // {"a": [1, 2]} and one byte more
/// let encoded = [0x81, 0xa1, b'a', 0x92, 1, 2, 0xc0];
/// assert_eq!(aileron_wire::msgpack::skip(&encoded, 0)?, 6);
/// # Ok::<(), aileron_wire::msgpack::WalkError>(())
/// ```
pub fn skip(buf: &[u8], at: usize) -> Result<usize, WalkError> {
    let mut walk = Walk::new(buf, at);
    while walk.step()?.is_some() {}
    Ok(walk.at)
}

/// Where a token stands in the value that is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The value itself, an array item, or the value of a map key.
    Value,
    /// A map key.
    Key,
}

/// A map or array that is being walked.
#[derive(Debug)]
struct Open {
    is_map: bool,
    /// Tokens that still have to come; a pair of a map counts two.
    left: u64,
    /// Tokens that came; tells a key from a value.
    seen: u64,
    /// Where the last key starts.
    key_at: usize,
}

/// Steps through one value, token by token.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    buf: &'a [u8],
    at: usize,
    started: bool,
    open: Vec<Open>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(buf: &'a [u8], at: usize) -> Self {
        Self {
            buf,
            at,
            started: false,
            open: Vec::new(),
        }
    }

    /// The next token, or `None` behind the end of the value.
    pub(crate) fn step(&mut self) -> Result<Option<(Token, Place)>, WalkError> {
        while self.open.last().is_some_and(|open| open.left == 0) {
            self.open.pop();
        }
        let place = match self.open.last_mut() {
            None if self.started => return Ok(None),
            None => Place::Value,
            Some(open) => {
                open.left -= 1;
                open.seen += 1;
                if open.is_map && open.seen % 2 == 1 {
                    open.key_at = self.at;
                    Place::Key
                } else {
                    Place::Value
                }
            }
        };
        self.started = true;
        let (token, next) = token(self.buf, self.at)?;
        match token {
            Token::Array(count) => self.enter(false, u64::from(count))?,
            Token::Map(count) => self.enter(true, 2 * u64::from(count))?,
            _ => {}
        }
        self.at = next;
        Ok(Some((token, place)))
    }

    fn enter(&mut self, is_map: bool, left: u64) -> Result<(), WalkError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(WalkError::TooDeep { offset: self.at });
        }
        self.open.push(Open {
            is_map,
            left,
            seen: 0,
            key_at: self.at,
        });
        Ok(())
    }

    /// The way to the token that was read last, such as `value.rows[3].id`.
    ///
    /// Call it before the next step. The map or array that the last token opened is not part of it.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for open in self.open.iter().filter(|open| open.seen > 0) {
            if open.is_map {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&self.key_text(open.key_at));
            } else {
                path.push_str(&format!("[{}]", open.seen - 1));
            }
        }
        path
    }

    fn key_text(&self, at: usize) -> String {
        match token(self.buf, at) {
            Ok((Token::String(range), _)) => String::from_utf8_lossy(&self.buf[range]).into_owned(),
            Ok((Token::Integer(key), _)) => key.to_string(),
            Ok((other, _)) => format!("<{}>", other.kind()),
            Err(_) => String::from("<?>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_integer_width_keeps_its_sign() {
        for value in [
            0_i64, 127, 128, 255, 256, 65_535, 65_536, -1, -32, -33, -129, -32_769,
        ] {
            let mut buf = Vec::new();
            rmp::encode::write_sint(&mut buf, value).unwrap();
            let (token, end) = token(&buf, 0).unwrap();
            assert_eq!(token, Token::Integer(i128::from(value)));
            assert_eq!(end, buf.len());
        }
        let (token, _) = token(&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], 0).unwrap();
        assert_eq!(token, Token::Integer(i128::from(i64::MIN)));
    }

    #[test]
    fn a_value_cut_at_any_byte_is_an_error() {
        let value = serde_json::json!({
            "s": "x".repeat(300), "a": [1, -200, 70_000, 1.5, null, true], "m": {"k": []}
        });
        let encoded = rmp_serde::to_vec(&value).unwrap();
        assert_eq!(skip(&encoded, 0).unwrap(), encoded.len());
        for end in 0..encoded.len() {
            assert!(
                matches!(skip(&encoded[..end], 0), Err(WalkError::Cut { .. })),
                "cut at {end}"
            );
        }
    }

    #[test]
    fn bombs_of_length_and_depth_are_refused() {
        // An array that claims 2^32-1 items, with none there.
        assert!(matches!(
            skip(&[0xdd, 0xff, 0xff, 0xff, 0xff], 0),
            Err(WalkError::Cut { .. })
        ));
        let deep = vec![0x91; 1_000_000];
        assert_eq!(
            skip(&deep, 0),
            Err(WalkError::TooDeep { offset: MAX_DEPTH })
        );
    }

    #[test]
    fn the_path_names_keys_and_positions() {
        let value = serde_json::json!({"rows": [{"id": 1}, {"id": 2.5}]});
        let encoded = rmp_serde::to_vec(&value).unwrap();
        let mut walk = Walk::new(&encoded, 0);
        while let Some((token, _)) = walk.step().unwrap() {
            if matches!(token, Token::Float(_)) {
                assert_eq!(walk.path(), "rows[1].id");
                return;
            }
        }
        panic!("the float was not met");
    }
}
