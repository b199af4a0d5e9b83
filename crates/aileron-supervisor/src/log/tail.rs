//! The last lines that a process printed, for an error message.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use aileron_secrets::Masker;

/// How many lines, and how many bytes of one.
const LINES: usize = 20;
const WIDTH: usize = 500;

/// Keeps the last lines.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    lines: Mutex<VecDeque<String>>,
}

impl Tail {
    pub(super) fn add(&self, line: &[u8]) {
        let line = &line[..line.len().min(WIDTH)];
        let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The lines without secrets, the oldest first.
    pub(crate) fn text(&self, masker: &Masker) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let text: Vec<&str> = lines.iter().map(String::as_str).collect();
        masker.mask(text.join("\n").trim()).into_owned()
    }
}
