//! Reading what a task says, line by line.

use std::io;
use std::sync::Arc;

use aileron_secrets::Masker;
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::cutter::{Cutter, Piece};
use super::json_line::JsonLines;
use super::level::Level;
use super::tail::Tail;
use super::text_line::{Part, Source, write_part, write_text};

/// The longest line of text that is kept whole, in bytes, and the length of the parts of a longer one.
const TEXT_LIMIT: usize = 1 << 20;
/// The longest line of JSON that is read, in bytes. A longer one is kept as text, in parts.
const JSON_LIMIT: usize = 8 << 20;
/// Lines are handed on when there are so many bytes of them.
const BATCH: usize = 256 << 10;
/// The room for one read, in bytes: it grows while a task says much.
const READ: std::ops::RangeInclusive<usize> = (4 << 10)..=(128 << 10);

/// How often is read after being told to close, so that a process that never stops to print does not keep the log open.
const LAST_READS: usize = 64;

/// One of the ways a task can say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// The log socket.
    Log,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// What Airflow calls it in a log file.
    fn source(self) -> Source {
        let (level, logger) = match self {
            Self::Log => (Level::Info, "task"),
            Self::Stdout => (Level::Info, "task.stdout"),
            Self::Stderr => (Level::Error, "task.stderr"),
        };
        Source { level, logger }
    }
}

/// Reads one stream until it ends.
pub(super) struct Pump {
    pub(super) stream: Stream,
    pub(super) masker: Arc<Masker>,
    pub(super) lines: mpsc::Sender<Bytes>,
    /// Keeps the last lines of text for an error message.
    pub(super) tail: Option<Arc<Tail>>,
    /// Nothing more is read once this is cancelled.
    pub(super) close: CancellationToken,
}

impl Pump {
    /// Reads until the other end is closed, or until told to close.
    pub(super) async fn run(self, mut reader: impl AsyncRead + Unpin) {
        let limit = match self.stream {
            Stream::Log => JSON_LIMIT,
            Stream::Stdout | Stream::Stderr => TEXT_LIMIT,
        };
        let mut cutter = Cutter::new(limit, TEXT_LIMIT);
        let mut writer = Lines {
            pump: &self,
            json: JsonLines::new(),
            covered: 0,
            out: Vec::new(),
        };
        let mut room = *READ.start();
        let mut closing = 0;
        loop {
            cutter.buffer.reserve(room);
            let read = tokio::select! {
                biased;
                () = self.close.cancelled(), if closing == 0 => {
                    closing = 1;
                    continue;
                }
                read = reader.read_buf(&mut cutter.buffer) => read,
                // Whoever holds the other end open has said nothing for now.
                () = std::future::ready(()), if closing > 0 => Ok(0),
            };
            let count = match read {
                Ok(_) if closing > LAST_READS => 0,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // A task that was killed leaves a reset connection. What came before is in the buffer.
                Err(_) => 0,
            };
            closing += usize::from(closing > 0);
            writer.write(&mut cutter, count == 0).await;
            if count == 0 {
                return;
            }
            room =
                if count >= room { room * 2 } else { room / 2 }.clamp(*READ.start(), *READ.end());
            if cutter.buffer.is_empty() && cutter.buffer.capacity() > 2 * READ.end() {
                cutter.buffer = BytesMut::new();
            }
        }
    }
}

/// Turns what was cut into lines of the log.
struct Lines<'a> {
    pump: &'a Pump,
    json: JsonLines,
    /// How many bytes at the front belong to a secret of the part before.
    covered: usize,
    out: Vec<u8>,
}

impl Lines<'_> {
    async fn write(&mut self, cutter: &mut Cutter, end: bool) {
        let now = now();
        loop {
            let lookahead = self.pump.masker.longest();
            match cutter.next(lookahead, end) {
                None => break,
                Some(Piece::Line(line)) => self.line(&line, &now),
                Some(Piece::Part {
                    bytes,
                    number,
                    last,
                }) => {
                    self.part(
                        &cutter.buffer,
                        bytes,
                        Part { number, last },
                        lookahead,
                        &now,
                    );
                    cutter.take_part(bytes, last);
                }
            }
            if self.out.len() >= BATCH {
                self.hand_on().await;
            }
        }
        self.hand_on().await;
    }

    fn line(&mut self, line: &[u8], now: &str) {
        let masker = &self.pump.masker;
        let out = &mut self.out;
        if self.pump.stream == Stream::Log {
            let blank = line.trim_ascii().is_empty();
            if blank || self.json.write(out, line, now, masker) {
                return;
            }
        }
        write_text(out, now, self.pump.stream.source(), line, masker);
        if let Some(tail) = &self.pump.tail {
            tail.add(line);
        }
    }

    fn part(&mut self, buffer: &[u8], bytes: usize, part: Part, lookahead: usize, now: &str) {
        // What is behind the end of the line is not part of the text.
        let window = if part.last {
            bytes
        } else {
            (bytes + lookahead).min(buffer.len())
        };
        let masker = &self.pump.masker;
        let (masked, covered) = masker.mask_part(&buffer[..window], bytes, self.covered);
        self.covered = if part.last { 0 } else { covered };
        write_part(&mut self.out, now, self.pump.stream.source(), &masked, part);
    }

    /// Waits while the sinks are behind, and so lets the task wait.
    async fn hand_on(&mut self) {
        if !self.out.is_empty() {
            let lines = Bytes::from(std::mem::take(&mut self.out));
            // The writer is gone only when nobody wants the log any more.
            let _ = self.pump.lines.send(lines).await;
        }
    }
}

/// The present moment as Airflow writes it.
pub(super) fn now() -> String {
    format!("{:.6}", Timestamp::now())
}
