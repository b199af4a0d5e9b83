//! Strings as Python writes them: nothing but printable ASCII.

use std::io::{self, Write};

use super::invalid;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes the bytes of a string between quotes.
pub(super) fn write_string<W: Write>(text: &[u8], out: &mut W) -> io::Result<()> {
    out.write_all(b"\"")?;
    let plain = plain_length(text);
    out.write_all(&text[..plain])?;
    if plain < text.len() {
        write_rest(text, plain, out)?;
    }
    out.write_all(b"\"")
}

/// Writes what comes behind so many plain bytes.
fn write_rest<W: Write>(text: &[u8], mut from: usize, out: &mut W) -> io::Result<()> {
    let text = std::str::from_utf8(text).map_err(|_| invalid("text that is not UTF-8"))?;
    while from < text.len() {
        // Plain bytes are characters of their own, so this is where one begins.
        let c = text[from..]
            .chars()
            .next()
            .ok_or_else(|| invalid("such text"))?;
        write_escaped(c, out)?;
        from += c.len_utf8();
        let plain = plain_length(&text.as_bytes()[from..]);
        out.write_all(&text.as_bytes()[from..from + plain])?;
        from += plain;
    }
    Ok(())
}

/// How many bytes from the start on are written as they are.
fn plain_length(text: &[u8]) -> usize {
    const WORD: usize = size_of::<u64>();
    let (words, _) = text.as_chunks::<WORD>();
    let skipped = words
        .iter()
        .take_while(|word| all_plain(u64::from_ne_bytes(**word)))
        .count()
        * WORD;
    let rest = text[skipped..].iter();
    skipped + rest.take_while(|byte| is_plain(**byte)).count()
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Whether all eight bytes are plain: looked at together, because most text is.
fn all_plain(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES * 0x80;
    // The high bit of a byte becomes set where the byte, below 0x80, is below 0x20, is 0x7f, or is that character. A borrow or carry out
    // of one byte comes only from one that is set already.
    let below_space = word.wrapping_sub(ONES * 0x20);
    let is_delete = word.wrapping_add(ONES);
    let zero_at = |character: u8| {
        let difference = word ^ (ONES * u64::from(character));
        difference.wrapping_sub(ONES) & !difference
    };
    (word | below_space | is_delete | zero_at(b'"') | zero_at(b'\\')) & HIGH == 0
}

fn write_escaped<W: Write>(c: char, out: &mut W) -> io::Result<()> {
    let short: &[u8; 2] = match c {
        '"' => b"\\\"",
        '\\' => b"\\\\",
        '\n' => b"\\n",
        '\r' => b"\\r",
        '\t' => b"\\t",
        '\u{8}' => b"\\b",
        '\u{c}' => b"\\f",
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let digit = |shift: u16| HEX[usize::from(*unit >> shift & 0xf)];
                out.write_all(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)])?;
            }
            return Ok(());
        }
    };
    out.write_all(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_are_plain_when_each_is() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut word = *b"aZ 09~!#";
                word[place] = byte;
                let together = all_plain(u64::from_ne_bytes(word));
                assert_eq!(together, is_plain(byte), "{byte:#x} at {place}");
            }
        }
    }
}
