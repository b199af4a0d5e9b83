//! Finding where the elements of a list end, in JSON text that comes in pieces.

use aileron_wire::json::JsonDecodeError;
use memchr::memchr2;

use crate::decode::holds_wrapped;
use crate::json::beyond_64_bits_reason;

/// What comes out of a list: whole elements, each with its comma or the bracket that ends the list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) text: String,
    /// Where each element ends: the offsets of the commas and of the bracket.
    pub(super) ends: Vec<usize>,
    /// Whether one may hold a wrapped value.
    pub(super) wrapped: bool,
}

/// Why no more windows come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoList {
    /// The list does not end, or something comes behind it.
    Broken,
    /// The text is not UTF-8.
    NotText,
    /// It would lose digits.
    Beyond64Bits(String),
}

impl NoList {
    /// The error of a list of which so many elements were whole.
    pub(super) fn behind(self, elements: usize) -> JsonDecodeError {
        JsonDecodeError::NotJson(match self {
            Self::Broken => {
                format!("the list breaks off or goes wrong behind {elements} whole elements")
            }
            Self::NotText => format!("the list is not UTF-8 behind {elements} elements"),
            Self::Beyond64Bits(digits) => beyond_64_bits_reason(&digits),
        })
    }
}

/// Takes pieces and gives windows.
#[derive(Debug)]
pub(super) struct Splitter {
    /// What came and is in no window yet; the list's first bracket is never in it.
    text: Vec<u8>,
    /// How much of it was looked at.
    at: usize,
    /// How many brackets and braces are open.
    depth: usize,
    in_string: bool,
    ends: Vec<usize>,
}

impl Splitter {
    /// Begins with the piece that has the list's first bracket; `None` for a text that is no list.
    pub(super) fn new(first: &[u8]) -> Option<Self> {
        let text = first.trim_ascii_start().strip_prefix(b"[")?;
        Some(Self {
            text: text.to_vec(),
            at: 0,
            depth: 1,
            in_string: false,
            ends: Vec::new(),
        })
    }

    /// Takes another piece.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.text.extend_from_slice(piece);
    }

    /// The elements that are whole, if there are any.
    pub(super) fn window(&mut self) -> Result<Option<Window>, NoList> {
        self.scan();
        let Some(last) = self.ends.last() else {
            return Ok(None);
        };
        let rest = self.text.split_off(last + 1);
        let text = std::mem::replace(&mut self.text, rest);
        self.at -= text.len();
        Ok(Some(Window {
            wrapped: holds_wrapped(&text),
            text: String::from_utf8(text).map_err(|_| NoList::NotText)?,
            ends: std::mem::take(&mut self.ends),
        }))
    }

    /// Checks that the list has ended, and nothing comes behind it.
    pub(super) fn end(self) -> Result<(), NoList> {
        let ended = self.depth == 0 && self.text.iter().all(u8::is_ascii_whitespace);
        ended.then_some(()).ok_or(NoList::Broken)
    }

    /// Looks at what came.
    fn scan(&mut self) {
        while self.depth > 0 && self.at < self.text.len() {
            if self.in_string {
                if self.scan_string() {
                    continue;
                }
                return;
            }
            match self.text[self.at] {
                b'"' => self.in_string = true,
                b'[' | b'{' => self.depth += 1,
                b'}' => self.depth -= 1,
                b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.ends.push(self.at);
                    }
                }
                b',' if self.depth == 1 => self.ends.push(self.at),
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Goes behind the string that it is in; `false` when the string's end has not come.
    fn scan_string(&mut self) -> bool {
        while let Some(found) = memchr2(b'"', b'\\', &self.text[self.at..]) {
            let at = self.at + found;
            if self.text[at] == b'"' {
                self.in_string = false;
                self.at = at + 1;
                return true;
            }
            if at + 1 == self.text.len() {
                // What is escaped has not come.
                self.at = at;
                return false;
            }
            self.at = at + 2;
        }
        self.at = self.text.len();
        false
    }
}
