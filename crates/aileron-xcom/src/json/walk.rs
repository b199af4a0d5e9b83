//! Walking through an encoded value, with the punctuation of its JSON text.

use std::io;

use aileron_wire::msgpack::{Token, token};

use super::invalid;

/// Where in an encoded value one is.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    open: Vec<Open>,
    at: usize,
}

impl Walk {
    /// The offset of the next token.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The next token, and whether a value ends with it. Then comes [`Walk::end_value`], before the next.
    ///
    /// # Errors
    /// Those of [`token`]; [`io::ErrorKind::InvalidData`] for a key that is no string.
    #[inline]
    pub(crate) fn next(&mut self, encoded: &[u8]) -> io::Result<(Token, bool)> {
        let (read, next) = token(encoded, self.at).map_err(io::Error::other)?;
        self.at = next;
        let ended = self.enter(&read)?;
        Ok((read, ended))
    }

    /// Goes into a container that is not empty; `true` for all else, which is a value by itself.
    #[inline]
    fn enter(&mut self, read: &Token) -> io::Result<bool> {
        if !matches!(read, Token::String(_)) && self.open.last().is_some_and(Open::wants_key) {
            return Err(invalid("a key that is no string"));
        }
        match *read {
            Token::Array(items @ 1..) => self.open.push(Open::array(items)),
            Token::Map(pairs @ 1..) => self.open.push(Open::map(pairs)),
            _ => return Ok(true),
        }
        Ok(false)
    }

    /// Gives what stands behind a value that has ended, and tells whether that was the last.
    ///
    /// # Errors
    /// Those of `write`.
    #[inline]
    pub(crate) fn end_value(
        &mut self,
        mut write: impl FnMut(&'static [u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        while let Some(innermost) = self.open.last_mut() {
            if let Some(separator) = innermost.advance() {
                write(separator)?;
                return Ok(false);
            }
            write(innermost.end())?;
            self.open.pop();
        }
        Ok(true)
    }
}

/// An array or object that one is in.
#[derive(Debug)]
struct Open {
    map: bool,
    /// How many values are left, keys and values apart, with the one that one is at.
    left: u64,
}

impl Open {
    fn array(items: u32) -> Self {
        Self {
            map: false,
            left: items.into(),
        }
    }

    fn map(pairs: u32) -> Self {
        Self {
            map: true,
            left: 2 * u64::from(pairs),
        }
    }

    fn wants_key(&self) -> bool {
        self.map && self.left.is_multiple_of(2)
    }

    /// What stands before the next value, if there is one.
    fn advance(&mut self) -> Option<&'static [u8]> {
        self.left -= 1;
        match self.left {
            0 => None,
            left if self.map && !left.is_multiple_of(2) => Some(b": "),
            _ => Some(b", "),
        }
    }

    fn end(&self) -> &'static [u8] {
        if self.map { b"}" } else { b"]" }
    }
}

#[cfg(test)]
mod tests {
    use aileron_wire::json::encode;
    use proptest::prelude::*;

    use super::*;
    use crate::json::tests::any_json;
    use crate::json::{write_json, write_range};

    proptest! {
        #[test]
        fn a_value_that_is_cut_anywhere_has_the_same_text(value in any_json(), cut: prop::sample::Index) {
            let encoded = encode(&value).unwrap();
            let mut whole = Vec::new();
            write_json(&encoded, &mut whole).unwrap();
            let mut walk = Walk::default();
            let mut text = Vec::new();
            if !write_range(&mut walk, &encoded, cut.index(encoded.len() + 1), &mut text).unwrap() {
                prop_assert!(write_range(&mut walk, &encoded, usize::MAX, &mut text).unwrap());
            }
            prop_assert_eq!(text, whole);
        }
    }
}
