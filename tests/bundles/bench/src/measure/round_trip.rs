//! Comm round trips: the SDK's client and bare sockets, all inside one task.
//!
//! One thread serves them all. With a thread for each socket, it would be luck which of them shares a processor with the
//! task, and that alone makes a factor of two.

use std::net::{TcpListener as StdTcpListener, TcpStream as StdTcpStream};
use std::time::Duration;

use aileron_wire::frame::FrameDecoder;
use anyhow::{Context as _, Result, ensure};
use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::answers::Answers;
use crate::percentile::Sorted;
use crate::stand_in::{StandIn, first_frame};
use crate::{Numbers, sibling};

const ROUND_TRIPS: usize = 200;
const BURSTS: usize = 10;
const BURST_SIZE: usize = 64;

pub(crate) fn measure(turns: usize) -> Result<Numbers> {
    let timings = timings(turns)?;
    let sorted = |name: &str| -> Result<Sorted> {
        let nanoseconds: Vec<u64> = serde_json::from_value(timings[name].clone())?;
        let times: Vec<_> = nanoseconds.into_iter().map(Duration::from_nanos).collect();
        Ok(Sorted::of(times))
    };
    let mut numbers = Numbers::new();
    for name in ["sdk", "bare_tokio", "bare_blocking"] {
        let sorted = sorted(name)?;
        for (percentile, share) in [("p50", 0.5), ("p99", 0.99)] {
            let name = format!("round_trip.{name}.{percentile}_us");
            numbers.insert(name, sorted.at(share) * 1e6);
        }
    }
    for name in ["sdk", "bare_tokio"] {
        let burst = sorted(&format!("{name}_burst"))?.median();
        let name = format!("round_trip.{name}.burst_per_s");
        numbers.insert(name, BURST_SIZE as f64 / burst);
    }
    Ok(numbers)
}

/// What the task returned.
fn timings(turns: usize) -> Result<Value> {
    let echo = StdTcpListener::bind("127.0.0.1:0")?;
    let plan = json!({
        "echo": echo.local_addr()?.to_string(),
        "turns": turns,
        "round_trips": ROUND_TRIPS,
        "bursts": BURSTS,
        "burst_size": BURST_SIZE,
    });
    let frame = first_frame("round_trips", json!({"plan": plan}))?;
    let mut running = StandIn::new()?.start(&sibling("bench-bundle")?, &frame)?;
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let comm = running.comm.try_clone()?;
    let timings = LocalSet::new().block_on(&runtime, serve(comm, echo))?;
    let status = running.child.wait()?;
    ensure!(status.success(), "the task ended with {status}");
    timings.context("the task returned nothing")
}

/// Serves the task's comm socket to its end, and the bare ones; what the task returned.
async fn serve(comm: StdTcpStream, echo: StdTcpListener) -> Result<Option<Value>> {
    echo.set_nonblocking(true)?;
    let echo = TcpListener::from_std(echo)?;
    tokio::task::spawn_local(async move {
        while let Ok((socket, _)) = echo.accept().await {
            tokio::task::spawn_local(answer(socket));
        }
    });
    comm.set_nonblocking(true)?;
    answer(TcpStream::from_std(comm)?).await
}

/// Answers until the socket is closed.
async fn answer(mut socket: TcpStream) -> Result<Option<Value>> {
    socket.set_nodelay(true)?;
    let mut answers = Answers::new()?;
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    let decoder = FrameDecoder::default();
    loop {
        while let Some(payload) = decoder.next_frame(&mut buffer)? {
            socket.write_all(&answers.to(payload)?.1).await?;
        }
        decoder.reserve(&mut buffer);
        if socket.read_buf(&mut buffer).await? == 0 {
            return Ok(answers.xcom);
        }
    }
}
