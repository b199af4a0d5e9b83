//! The peers of the SDK's comm client: sockets that send the bytes of one request and read the bytes of its reply.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream as StdTcpStream;

use aileron_wire::frame::request_frame;
use aileron_wire::message::GetVariable;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// As many bytes as most requests of the SDK's client need for theirs.
const REQUEST_ID: u64 = 1000;

/// One request, encoded once, and room for its reply.
struct Exchange {
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl Exchange {
    fn of(key: &str) -> io::Result<Self> {
        let message = GetVariable {
            key: key.to_owned(),
        };
        Ok(Self {
            request: request_frame(REQUEST_ID, &message, None).map_err(io::Error::other)?,
            reply: Vec::new(),
        })
    }

    /// Asks once, to learn how long the reply is.
    fn learn(mut self, socket: &mut StdTcpStream) -> io::Result<Self> {
        socket.write_all(&self.request)?;
        let mut prefix = [0; 4];
        socket.read_exact(&mut prefix)?;
        self.reply = vec![0; 4 + u32::from_be_bytes(prefix) as usize];
        socket.read_exact(&mut self.reply[4..])?;
        Ok(self)
    }
}

fn connect(address: &str, key: &str) -> io::Result<(StdTcpStream, Exchange)> {
    let mut socket = StdTcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    let exchange = Exchange::of(key)?.learn(&mut socket)?;
    Ok((socket, exchange))
}

/// A bare socket on the async runtime of the task.
pub(crate) struct Tokio {
    socket: TcpStream,
    exchange: Exchange,
}

impl Tokio {
    pub(crate) async fn connect(address: &str, key: &str) -> io::Result<Self> {
        let (socket, exchange) = connect(address, key)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: TcpStream::from_std(socket)?,
            exchange,
        })
    }

    pub(crate) async fn round_trip(&mut self) -> io::Result<()> {
        self.socket.write_all(&self.exchange.request).await?;
        self.socket.read_exact(&mut self.exchange.reply).await?;
        Ok(())
    }

    /// Many requests, each with a write of its own, and then their replies.
    pub(crate) async fn burst(&mut self, size: usize) -> io::Result<()> {
        for _ in 0..size {
            self.socket.write_all(&self.exchange.request).await?;
        }
        let mut replies = vec![0; size * self.exchange.reply.len()];
        self.socket.read_exact(&mut replies).await?;
        Ok(())
    }
}

/// A bare blocking socket.
pub(crate) struct Blocking {
    socket: StdTcpStream,
    exchange: Exchange,
}

impl Blocking {
    pub(crate) fn connect(address: &str, key: &str) -> io::Result<Self> {
        let (socket, exchange) = connect(address, key)?;
        Ok(Self { socket, exchange })
    }

    pub(crate) fn round_trip(&mut self) -> io::Result<()> {
        self.socket.write_all(&self.exchange.request)?;
        self.socket.read_exact(&mut self.exchange.reply)
    }
}
