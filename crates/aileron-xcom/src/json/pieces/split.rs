//! Finding where the elements of a list end, in JSON text that comes in pieces.

use aileron_wire::json::JsonDecodeError;
use memchr::memchr2;

use crate::decode::holds_wrapped;
use crate::integer::beyond_64_bits;
use crate::json::beyond_64_bits_reason;

/// Whole elements, each with its comma or the bracket that ends the list, as they came.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(super) text: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

impl Cut {
    /// How many elements there are. The one of an empty list is blank.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Looks at the text.
    pub(crate) fn window(self) -> Result<Window, NoList> {
        let text = String::from_utf8(self.text).map_err(|_| NoList::NotText)?;
        if let Some(digits) = beyond_64_bits(text.as_bytes()) {
            return Err(NoList::Beyond64Bits(digits.to_owned()));
        }
        Ok(Window {
            wrapped: holds_wrapped(text.as_bytes()),
            text,
            ends: self.ends,
        })
    }
}

/// What comes out of a list: whole elements, each with its comma or the bracket that ends the list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(super) text: String,
    /// Where each element ends: the offsets of the commas and of the bracket.
    pub(super) ends: Vec<usize>,
    /// Whether one may hold a wrapped value.
    pub(super) wrapped: bool,
}

/// Why no more windows come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoList {
    /// The list does not end, or something comes behind it.
    Broken,
    /// The text is not UTF-8.
    NotText,
    /// It would lose digits.
    Beyond64Bits(String),
}

impl NoList {
    /// The error of a list of which so many elements were whole.
    pub(crate) fn behind(self, elements: usize) -> JsonDecodeError {
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
pub(crate) struct Splitter {
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
    pub(crate) fn new(first: &[u8]) -> Option<Self> {
        let text = first.trim_ascii_start().strip_prefix(b"[")?;
        Some(Self::behind_comma(text))
    }

    /// Goes on in the middle of a list.
    pub(crate) fn behind_comma(text: &[u8]) -> Self {
        Self {
            text: text.to_vec(),
            at: 0,
            depth: 1,
            in_string: false,
            ends: Vec::new(),
        }
    }

    /// What came behind the last cut, if the list goes on there.
    pub(crate) fn rest(&self, cut: &Cut) -> Option<&[u8]> {
        cut.text.ends_with(b",").then_some(&self.text[..])
    }

    /// Takes another piece.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.text.extend_from_slice(piece);
    }

    /// The elements that are whole, if there are any.
    pub(crate) fn cut(&mut self) -> Option<Cut> {
        self.scan();
        let rest = self.text.split_off(self.ends.last()? + 1);
        let text = std::mem::replace(&mut self.text, rest);
        self.at -= text.len();
        Some(Cut {
            text,
            ends: std::mem::take(&mut self.ends),
        })
    }

    /// Whether nothing came behind the last cut, after which the list goes on.
    pub(crate) fn has_nothing_left(&self) -> bool {
        self.depth == 1 && self.text.is_empty()
    }

    /// Checks that the list has ended, and nothing comes behind it.
    pub(crate) fn end(self) -> Result<(), NoList> {
        let ended = self.depth == 0 && self.text.iter().all(u8::is_ascii_whitespace);
        ended.then_some(()).ok_or(NoList::Broken)
    }

    /// Looks at what came.
    fn scan(&mut self) {
        let text = &self.text[..];
        // Of its own, where the compiler keeps them in registers: this is a third of the work of reading a list row by row.
        let (mut at, mut depth, mut in_string) = (self.at, self.depth, self.in_string);
        while depth > 0 && at < text.len() {
            if in_string {
                match behind_string(text, at) {
                    Ok(behind) => (at, in_string) = (behind, false),
                    Err(reached) => {
                        at = reached;
                        break;
                    }
                }
                continue;
            }
            let plain = text[at..]
                .iter()
                .position(|byte| STRUCTURE[usize::from(*byte)]);
            at += plain.unwrap_or(text.len() - at);
            let Some(byte) = text.get(at) else {
                break;
            };
            match byte {
                b'"' => in_string = true,
                b'[' | b'{' => depth += 1,
                b',' if depth > 1 => {}
                b',' => self.ends.push(at),
                // A bracket or a brace that closes.
                _ => {
                    depth -= 1;
                    if depth == 0 && *byte == b']' {
                        self.ends.push(at);
                    }
                }
            }
            at += 1;
        }
        (self.at, self.depth, self.in_string) = (at, depth, in_string);
    }
}

/// The bytes that mean something outside of strings.
const STRUCTURE: [bool; 256] = {
    let mut table = [false; 256];
    let mut each = b"[]{},\"".as_slice();
    while let [byte, rest @ ..] = each {
        table[*byte as usize] = true;
        each = rest;
    }
    table
};

/// Where the string ends that this place is in. When its end has not come: how far it was looked at.
fn behind_string(text: &[u8], mut at: usize) -> Result<usize, usize> {
    while let Some(found) = memchr2(b'"', b'\\', &text[at..]) {
        at += found;
        if text[at] == b'"' {
            return Ok(at + 1);
        }
        if at + 1 == text.len() {
            // What is escaped has not come.
            return Err(at);
        }
        at += 2;
    }
    Err(text.len())
}
