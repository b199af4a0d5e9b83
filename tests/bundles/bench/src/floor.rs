//! An empty task without the SDK: connects, reads the first frame, says that the task succeeded, waits for the reply.
//!
//! What it takes is the cost of any process and its two sockets. With `BENCH_LINES` it logs so many lines before, as fast as it can.

use std::io::{BufWriter, Read as _, Write as _};
use std::net::TcpStream;

use aileron_wire::frame::request_frame;
use aileron_wire::message::SucceedTask;
use anyhow::{Context as _, Result};
use jiff::Timestamp;

fn main() -> Result<()> {
    let mut comm = connect("--comm=")?;
    let logs = connect("--logs=")?;
    read_frame(&mut comm)?;
    if let Ok(lines) = std::env::var("BENCH_LINES") {
        log(&logs, lines.parse()?)?;
    }
    comm.write_all(&request_frame(
        1,
        &SucceedTask::new(Timestamp::now()),
        None,
    )?)?;
    read_frame(&mut comm)
}

/// Lines as an SDK writes them.
fn log(logs: &TcpStream, lines: usize) -> Result<()> {
    let mut logs = BufWriter::with_capacity(64 << 10, logs);
    for number in 0..lines {
        writeln!(
            logs,
            r#"{{"timestamp":"2026-01-02T03:04:05.678901Z","level":"info","event":"line {number} of a task that logs much","logger":"bench::floor","filename":"src/floor.rs","lineno":42,"rows":{number},"table.name":"orders"}}"#
        )?;
    }
    Ok(logs.flush()?)
}

fn connect(flag: &str) -> Result<TcpStream> {
    let argument = std::env::args()
        .find_map(|argument| Some(argument.strip_prefix(flag)?.to_owned()))
        .with_context(|| format!("{flag} is missing"))?;
    let socket = TcpStream::connect(argument)?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

fn read_frame(comm: &mut TcpStream) -> Result<()> {
    let mut prefix = [0; 4];
    comm.read_exact(&mut prefix)?;
    let mut payload = vec![0; u32::from_be_bytes(prefix) as usize];
    comm.read_exact(&mut payload)?;
    Ok(())
}
