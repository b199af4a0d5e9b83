//! Where lines go: the logs socket while it holds, standard error otherwise.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::Map;

use super::level::Level;
use super::line::{Line, Masked};
use super::text;
use crate::secrets::Masker;

/// Masks lines and writes them, in the calling thread.
pub(super) struct Writer {
    pub(super) masker: Arc<Masker>,
    pub(super) socket: Option<TcpStream>,
    pub(super) fallback: Box<dyn Write + Send>,
    pub(super) colours: bool,
}

/// The socket is gone: how many lines the kernel had taken whole, and why.
struct Lost {
    sent: usize,
    why: String,
}

impl Writer {
    /// Writes every line, to the socket or, when that is gone, to the fallback.
    pub(super) fn write(&mut self, lines: Vec<Line>) {
        let masked: Vec<Masked> = lines
            .into_iter()
            .map(|line| line.masked(&self.masker))
            .collect();
        let Some(socket) = &mut self.socket else {
            return self.write_text(&masked);
        };
        if let Err(lost) = send(socket, &masked) {
            self.socket = None;
            let notice = format!(
                "The logs socket was lost ({}); log lines go to stderr from here",
                lost.why
            );
            let notice = Line::new(Level::Warning, super::OWN_LOGGER.into(), notice, Map::new());
            self.write_text(&[notice.masked(&self.masker)]);
            self.write_text(&masked[lost.sent..]);
        }
    }

    /// Nothing is left to fall back to: a line that standard error does not take is gone.
    fn write_text(&mut self, lines: &[Masked]) {
        let mut out = String::new();
        for line in lines {
            text::append(line, self.colours, &mut out);
        }
        _ = self.fallback.write_all(out.as_bytes());
        _ = self.fallback.flush();
    }
}

fn send(socket: &mut TcpStream, lines: &[Masked]) -> Result<(), Lost> {
    let mut bytes = Vec::new();
    let mut ends = Vec::with_capacity(lines.len());
    for line in lines {
        line.append_json(&mut bytes);
        ends.push(bytes.len());
    }
    let mut written = 0;
    let lost = |written: usize, error: io::Error| Lost {
        sent: ends.partition_point(|&end| end <= written),
        why: error.to_string(),
    };
    look_for_close(socket).map_err(|error| lost(0, error))?;
    while written < bytes.len() {
        match socket.write(&bytes[written..]) {
            Ok(0) => return Err(lost(written, io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(lost(written, error)),
        }
    }
    Ok(())
}

/// A peer that has closed its end still lets one write through, and its lines would be gone. Reading tells it before: the
/// supervisor never writes to this socket, so there is nothing to read while it lives.
fn look_for_close(socket: &TcpStream) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let seen = socket.peek(&mut [0]);
    socket.set_nonblocking(false)?;
    match seen {
        Ok(0) => Err(io::Error::new(
            io::ErrorKind::ConnectionAborted,
            "closed by the other side",
        )),
        Ok(_) => Ok(()),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(error),
    }
}
