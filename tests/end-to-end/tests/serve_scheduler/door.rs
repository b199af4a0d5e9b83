//! A port that leads to one server now, and to another one later.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

/// What `[core] execution_api_server_url` names in this test: the workers of one Airflow are sent to Airflow's own server
/// first, and to `aileron serve` afterwards, without a restart. It passes on bytes and knows nothing else.
pub(crate) struct Door {
    address: SocketAddr,
    server: Arc<Mutex<Option<u16>>>,
}

impl Door {
    pub(crate) fn make() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = Arc::new(Mutex::new(None));
        let leads_to = Arc::clone(&server);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let port: Option<u16> = *leads_to.lock().unwrap_or_else(PoisonError::into_inner);
                // A client that comes too early is told so by a closed connection, and comes again.
                if let Some(Ok(server)) =
                    port.map(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)))
                {
                    let _ = connect(client, server);
                }
            }
        });
        Ok(Self { address, server })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/execution/", self.address)
    }

    /// New connections lead to this port from now on.
    pub(crate) fn lead_to(&self, port: u16) {
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(port);
    }
}

fn connect(client: TcpStream, server: TcpStream) -> io::Result<()> {
    for (from, to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        thread::spawn(move || copy(from, to));
    }
    Ok(())
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    // An end and an error are the same: nothing more comes this way.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
