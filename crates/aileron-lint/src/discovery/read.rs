//! Reading one file as Python would.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::LazyLock;

use fancy_regex::Regex;

use super::ProblemKind;
use super::depth::is_too_deep;

/// The text of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The text, without a byte order mark.
    pub text: String,
    /// Whether the file begins with a byte order mark, which a fix must keep.
    pub byte_order_mark: bool,
}

impl Source {
    /// A file's bytes with this text.
    #[must_use]
    pub fn bytes_of(&self, text: &str) -> Vec<u8> {
        let mark: &[u8] = if self.byte_order_mark { MARK } else { b"" };
        [mark, text.as_bytes()].concat()
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a file of at most `limit` bytes.
///
/// # Errors
///
/// The file cannot be read, is larger, is not UTF-8 text, or has an expression that is too long.
pub fn read(path: &Path, limit: u64) -> Result<Source, ProblemKind> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > limit {
        return Err(ProblemKind::Huge { size, limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // A device or a file that grows has no end.
    let read = file.take(limit + 1).read_to_end(&mut bytes)? as u64;
    if read > limit {
        return Err(ProblemKind::Huge { size: read, limit });
    }
    let source = decode(bytes)?;
    if is_too_deep(&source.text) {
        return Err(ProblemKind::TooDeep);
    }
    Ok(source)
}

/// The text of a Python file.
fn decode(bytes: Vec<u8>) -> Result<Source, ProblemKind> {
    if memchr::memchr(0, &bytes).is_some() {
        return Err(ProblemKind::Binary);
    }
    let byte_order_mark = bytes.starts_with(MARK);
    let bytes = match byte_order_mark {
        true => bytes[MARK.len()..].to_vec(),
        false => bytes,
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source {
            text,
            byte_order_mark,
        }),
        Err(error) => Err(match declared_encoding(error.as_bytes()) {
            Some(name) => ProblemKind::OtherEncoding(name),
            None => ProblemKind::NotUtf8 {
                at: error.utf8_error().valid_up_to(),
            },
        }),
    }
}

/// `# -*- coding: latin-1 -*-` in one of the first two lines (PEP 263).
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
            .expect("a constant pattern is valid")
    });
    bytes
        .split(|byte| *byte == b'\n')
        .take(2)
        .find_map(|line| {
            let line = String::from_utf8_lossy(line);
            let found = DECLARED.captures(&*line).ok()??;
            Some(found[1].to_owned())
        })
        .filter(|name| {
            !name
                .to_ascii_lowercase()
                .replace('_', "-")
                .starts_with("utf-8")
        })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<Source, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dag.py");
        fs::write(&path, bytes).unwrap();
        read(&path, 1000).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_byte_order_mark_is_kept_for_writing() {
        let source = read_bytes(b"\xef\xbb\xbfx = 1\n").unwrap();
        assert_eq!(source.text, "x = 1\n");
        assert_eq!(source.bytes_of("y = 2\n"), b"\xef\xbb\xbfy = 2\n");
    }

    #[test]
    fn what_is_not_text_is_said() {
        for (bytes, words) in [
            (&b"PK\x03\x04\x00"[..], "zero bytes"),
            (b"x = '\xe9'\n", "not UTF-8 at byte 5"),
            (
                b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\nx = '\xe9'\n",
                "encoding latin-1",
            ),
            (b"# coding: utf-8\nx = '\xe9'\n", "not UTF-8"),
            (&[b'#'; 1001], "more than max-file-size = 1000"),
        ] {
            let problem = read_bytes(bytes).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        }
    }
}
