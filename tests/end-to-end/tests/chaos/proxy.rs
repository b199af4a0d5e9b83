//! A network that breaks: connections are delayed, and cut in the middle of a request or of an answer.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;

/// Stands between a client and whatever server is there now. It ends with the value.
pub(crate) struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    /// Nobody when the server is down.
    server: Mutex<Option<SocketAddr>>,
    chance: Mutex<Rng>,
    /// Whether connections break.
    breaks: AtomicBool,
    cut: AtomicU32,
    over: AtomicBool,
}

/// What becomes of one direction of a connection.
#[derive(Clone, Copy)]
struct Fate {
    /// It is cut after so many bytes.
    bytes: u64,
    delay: Duration,
}

impl Proxy {
    pub(crate) fn start(chance: Rng) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            server: Mutex::new(None),
            chance: Mutex::new(chance),
            breaks: AtomicBool::new(true),
            cut: AtomicU32::new(0),
            over: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.over.load(Ordering::Relaxed) {
                    return;
                }
                accepting.connect(client);
            }
        });
        Ok(Self { address, state })
    }

    /// Where a client finds it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/execution/", self.address)
    }

    /// The server is there now, or nowhere.
    pub(crate) fn lead_to(&self, server: Option<SocketAddr>) {
        *self.state.server.lock().expect("nobody panicked") = server;
    }

    /// From now on nothing breaks. Says how many connections were cut.
    pub(crate) fn calm(&self) -> u32 {
        self.state.breaks.store(false, Ordering::Relaxed);
        self.state.cut.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    fn connect(self: &Arc<Self>, client: TcpStream) {
        let server = *self.server.lock().expect("nobody panicked");
        // Dropping the client's end is what a server looks like that has just been killed.
        let Some(Ok(server)) = server.map(TcpStream::connect) else {
            return;
        };
        let fates = {
            let mut chance = self.chance.lock().expect("nobody panicked");
            [(); 2].map(|()| Fate {
                bytes: match chance.u8(0..3) {
                    0 => chance.u64(0..4000),
                    _ => u64::MAX,
                },
                delay: match chance.u8(0..4) {
                    0 => Duration::from_millis(chance.u64(1..50)),
                    _ => Duration::ZERO,
                },
            })
        };
        let (Ok(from), Ok(to)) = (client.try_clone(), server.try_clone()) else {
            return;
        };
        for (from, to, fate) in [(from, to, fates[0]), (server, client, fates[1])] {
            let state = Arc::clone(self);
            thread::spawn(move || state.copy(from, to, fate));
        }
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream, mut fate: Fate) {
        let mut buffer = [0; 4096];
        // An end and an error are the same: both directions end.
        let _: io::Result<()> = (|| {
            loop {
                let read = from.read(&mut buffer)?;
                if read == 0 {
                    return Ok(());
                }
                let breaks = self.breaks.load(Ordering::Relaxed);
                let mut bytes = &buffer[..read];
                if breaks {
                    thread::sleep(fate.delay);
                    if fate.bytes < read as u64 {
                        bytes = &bytes[..usize::try_from(fate.bytes).unwrap_or(read)];
                        to.write_all(bytes)?;
                        self.cut.fetch_add(1, Ordering::Relaxed);
                        return Ok(());
                    }
                    fate.bytes -= read as u64;
                }
                to.write_all(bytes)?;
            }
        })();
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
