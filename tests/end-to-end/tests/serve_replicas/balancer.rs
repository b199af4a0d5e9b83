//! What stands before several servers: each connection is led to the next of them that takes it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// A listener in this process, in the place of a load balancer.
pub(crate) struct Balancer {
    address: SocketAddr,
    servers: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    /// Starts one that knows no server yet. It ends with the runtime.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let servers = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&servers);
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((mut near, _)) = listener.accept().await {
                number += 1;
                let known = Arc::clone(&known);
                tokio::spawn(async move {
                    let servers = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    let tries = servers.len();
                    for server in servers.iter().cycle().skip(number).take(tries) {
                        if let Ok(mut far) = TcpStream::connect(server).await {
                            // An end of either side is the end of both.
                            let _ = copy_bidirectional(&mut near, &mut far).await;
                            return;
                        }
                    }
                });
            }
        });
        Ok(Self { address, servers })
    }

    /// The servers that there are now.
    pub(crate) fn lead_to(&self, servers: Vec<SocketAddr>) {
        *self.servers.lock().unwrap_or_else(PoisonError::into_inner) = servers;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/execution/", self.address)
    }
}
