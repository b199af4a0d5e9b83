//! The way in: two ports of the loopback interface, on which only the task may connect.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use crate::process::{Owner, owner};

/// So long a connection may take to be seen as the task's.
const VERIFY: Duration = Duration::from_secs(1);
const VERIFY_AGAIN: Duration = Duration::from_millis(10);
/// So many connections are looked at at once; others wait.
const AT_ONCE: usize = 16;

/// A port that one connection is expected on.
pub(crate) struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

impl Door {
    /// Listens on a port that the kernel chooses.
    pub(crate) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a connection of the process `root` or of one that it started. Others are refused, and the wait goes on.
    pub(crate) async fn admit(&self, root: u32) -> io::Result<TcpStream> {
        let mut looked_at = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                Some(admitted) = looked_at.next(), if !looked_at.is_empty() => {
                    if let Some(stream) = admitted {
                        return Ok(stream);
                    }
                }
                arrived = self.listener.accept(), if looked_at.len() < AT_ONCE => match arrived {
                    Ok((stream, peer)) => looked_at.push(self.verify(root, stream, peer)),
                    // It was gone before it was accepted.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    Err(error) => return Err(error),
                },
            }
        }
    }

    async fn verify(&self, root: u32, stream: TcpStream, peer: SocketAddr) -> Option<TcpStream> {
        let deadline = Instant::now() + VERIFY;
        while owner(root, peer, self.address) == Owner::Stranger {
            if Instant::now() >= deadline {
                tracing::warn!(
                    task_process = root,
                    "a connection that does not come from the task was refused"
                );
                return None;
            }
            sleep(VERIFY_AGAIN).await;
        }
        Some(stream)
    }
}
