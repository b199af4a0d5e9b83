//! Cutting a stream of bytes into lines, and lines that are too long into parts.

use bytes::{Buf, BytesMut};
use memchr::memchr;

/// What comes out of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A line, without its end.
    Line(BytesMut),
    /// The stream holds a part of a line that is longer than the limit: `bytes` from the front of the buffer, which stay
    /// there until [`Cutter::take_part`].
    Part {
        /// How many bytes.
        bytes: usize,
        /// The number of the part in its line, from 1.
        number: u32,
        /// Whether the line ends behind it.
        last: bool,
    },
}

/// Cuts a growing buffer into lines. A line over the limit comes in parts, so that memory stays bounded.
#[derive(Debug)]
pub(super) struct Cutter {
    /// What was read and not cut yet. Readers append to it.
    pub(super) buffer: BytesMut,
    /// The longest line that comes whole, in bytes.
    limit: usize,
    /// The length of a part, in bytes.
    part: usize,
    /// Up to here there is no end of a line.
    scanned: usize,
    /// How many parts of the present line were cut.
    parts: u32,
}

impl Cutter {
    pub(super) fn new(limit: usize, part: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            limit,
            part,
            scanned: 0,
            parts: 0,
        }
    }

    /// The next piece, or `None` when more bytes have to come. A part comes only when `lookahead` bytes stand behind it, or
    /// the end of the line. At the `end` of the stream the rest is a line too.
    pub(super) fn next(&mut self, lookahead: usize, end: bool) -> Option<Piece> {
        let found = memchr(b'\n', &self.buffer[self.scanned..]).map(|at| self.scanned + at);
        self.scanned = found.unwrap_or(self.buffer.len());
        let length = self.scanned;
        let ends = found.is_some() || (end && (length > 0 || self.parts > 0));
        let part = self.part.max(lookahead);
        if self.parts == 0 && ends && length <= self.limit {
            let mut line = self.buffer.split_to(length);
            self.skip_line_end();
            if line.last() == Some(&b'\r') {
                line.truncate(line.len() - 1);
            }
            return Some(Piece::Line(line));
        }
        let too_long = self.parts > 0 || length > self.limit;
        if too_long && length > part && (ends || length >= part + lookahead) {
            let bytes = self.character_before(part);
            return Some(self.cut(bytes, false));
        }
        (too_long && ends).then(|| self.cut(length, true))
    }

    /// Removes a part from the front of the buffer.
    pub(super) fn take_part(&mut self, bytes: usize, last: bool) {
        self.buffer.advance(bytes);
        self.scanned = self.scanned.saturating_sub(bytes);
        if last {
            self.parts = 0;
            self.skip_line_end();
        }
    }

    fn cut(&mut self, bytes: usize, last: bool) -> Piece {
        self.parts += 1;
        Piece::Part {
            bytes,
            number: self.parts,
            last,
        }
    }

    fn skip_line_end(&mut self) {
        if self.buffer.first() == Some(&b'\n') {
            self.buffer.advance(1);
        }
        self.scanned = 0;
    }

    /// The last place up to `at` that does not cut a character of UTF-8 apart.
    fn character_before(&self, at: usize) -> usize {
        (at.saturating_sub(3)..=at)
            .rev()
            .find(|at| self.buffer[*at] & 0b1100_0000 != 0b1000_0000)
            .unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds `chunks`, and returns the lines, each with how many pieces it came in.
    fn lines(chunks: &[&[u8]], limit: usize, part: usize, lookahead: usize) -> Vec<(Vec<u8>, u32)> {
        let mut cutter = Cutter::new(limit, part);
        let (mut lines, mut long) = (Vec::new(), Vec::new());
        let ends = (0..chunks.len()).map(|_| false).chain([true]);
        for (chunk, end) in chunks.iter().chain([&&b""[..]]).zip(ends) {
            cutter.buffer.extend_from_slice(chunk);
            while let Some(piece) = cutter.next(lookahead, end) {
                match piece {
                    Piece::Line(line) => lines.push((line.to_vec(), 1)),
                    Piece::Part {
                        bytes,
                        number,
                        last,
                    } => {
                        long.extend_from_slice(&cutter.buffer[..bytes]);
                        cutter.take_part(bytes, last);
                        if last {
                            lines.push((std::mem::take(&mut long), number));
                        }
                    }
                }
            }
        }
        assert!(cutter.buffer.is_empty() && long.is_empty());
        lines
    }

    #[test]
    fn a_line_over_the_limit_comes_in_parts_and_the_next_one_is_whole_again() {
        let text = [b"short\n".as_slice(), &[b'x'; 25], b"\nnext\r\nrest"];
        assert_eq!(
            lines(&text, 10, 8, 2),
            [
                (b"short".to_vec(), 1),
                (vec![b'x'; 25], 4),
                (b"next".to_vec(), 1),
                (b"rest".to_vec(), 1)
            ]
        );
    }

    #[test]
    fn a_character_is_not_cut_apart() {
        let mut cutter = Cutter::new(4, 4);
        cutter.buffer.extend_from_slice("aéé日本語\n".as_bytes());
        let mut parts = Vec::new();
        while let Some(Piece::Part { bytes, last, .. }) = cutter.next(0, false) {
            parts.push(
                std::str::from_utf8(&cutter.buffer[..bytes])
                    .unwrap()
                    .to_owned(),
            );
            cutter.take_part(bytes, last);
        }
        assert_eq!(parts.concat(), "aéé日本語");
    }

    proptest! {
        #[test]
        fn whatever_comes_no_byte_is_lost_and_no_line_reordered(
            text in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            limit in 1_usize..40, part in 4_usize..40, lookahead in 0_usize..50,
        ) {
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            at.extend([0, text.len()]);
            at.sort_unstable();
            let chunks: Vec<&[u8]> = at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            let mut expected: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            if expected.last().is_some_and(|line| line.is_empty()) {
                expected.pop();
            }
            let found = lines(&chunks, limit, part, lookahead);
            prop_assert_eq!(found.len(), expected.len());
            for ((line, parts), expected) in found.iter().zip(expected) {
                let whole = if *parts == 1 { expected.strip_suffix(b"\r").unwrap_or(expected) } else { expected };
                prop_assert!(line == whole || line == expected);
            }
        }
    }
}
