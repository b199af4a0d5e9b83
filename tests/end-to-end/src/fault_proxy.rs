//! What can go wrong on the way to an object store.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

/// What happens to a request that the proxy lets fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The answer is this status, and nothing reaches the server.
    Status(u16),
    /// The answer comes in small pieces, with pauses.
    Slow,
    /// The connection closes in the middle of the answer's body.
    Truncated,
    /// A byte of the answer's body is another one.
    Damaged,
}

/// A fault, and the requests that it happens to.
#[derive(Debug, Clone)]
struct Plan {
    fault: Fault,
    method: &'static str,
    /// How many requests pass before.
    after: usize,
    /// To how many it happens.
    times: usize,
}

/// A proxy before an HTTP server of this machine, which lets requests fail as it is told. It ends with the process.
#[derive(Debug)]
pub struct FaultProxy {
    url: String,
    plan: Arc<Mutex<Option<Plan>>>,
}

impl FaultProxy {
    /// Starts one before the server at this URL.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(server: &str) -> Result<Self> {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let url = format!("http://{}", listener.local_addr()?);
        let plan: Arc<Mutex<Option<Plan>>> = Arc::default();
        let shared = Arc::clone(&plan);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (plan, server) = (Arc::clone(&shared), server.clone());
                // A connection that breaks is what this is for.
                std::thread::spawn(move || serve(client, &server, &plan));
            }
        });
        Ok(Self { url, plan })
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets requests with this method fail: the first so many pass, to the next so many it happens.
    pub fn fail(&self, method: &'static str, fault: Fault, after: usize, times: usize) {
        let plan = Plan {
            fault,
            method,
            after,
            times,
        };
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(plan);
    }

    /// Lets everything pass again.
    pub fn heal(&self) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn serve(mut client: TcpStream, server: &str, plan: &Mutex<Option<Plan>>) -> Result<()> {
    // One request for each connection keeps this simple.
    let request = Message::read(&mut client)?;
    let fault = next(plan, &request.head);
    if let Some(Fault::Status(status)) = fault {
        let answer =
            format!("HTTP/1.1 {status} Fault\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        client.write_all(answer.as_bytes())?;
        return Ok(());
    }
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(request.closing().as_bytes())?;
    upstream.write_all(&request.body)?;
    let mut answer = Message::read(&mut upstream)?;
    let half = answer.body.len() / 2;
    if fault == Some(Fault::Damaged)
        && let Some(byte) = answer.body.get_mut(half)
    {
        *byte ^= 1;
    }
    client.write_all(answer.closing().as_bytes())?;
    match fault {
        Some(Fault::Truncated) => client.write_all(&answer.body[..half])?,
        Some(Fault::Slow) => {
            for piece in answer.body.chunks(answer.body.len() / 8 + 1) {
                std::thread::sleep(Duration::from_millis(50));
                client.write_all(piece)?;
            }
        }
        _ => client.write_all(&answer.body)?,
    }
    Ok(())
}

/// What happens to the request with this head.
fn next(plan: &Mutex<Option<Plan>>, head: &str) -> Option<Fault> {
    let mut plan = plan.lock().unwrap_or_else(PoisonError::into_inner);
    let plan = plan.as_mut()?;
    if !head.starts_with(plan.method) {
        return None;
    }
    if plan.after > 0 {
        plan.after -= 1;
        return None;
    }
    plan.times = plan.times.checked_sub(1)?;
    Some(plan.fault)
}

/// A request or an answer.
struct Message {
    /// The first line and the headers, with the empty line.
    head: String,
    body: Vec<u8>,
}

impl Message {
    fn read(stream: &mut TcpStream) -> Result<Self> {
        let mut read = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        let end = loop {
            if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            read.extend_from_slice(&buffer[..count]);
        };
        let mut body = read.split_off(end);
        let head = String::from_utf8(read)?;
        let length = header(&head, "content-length");
        let empty = head.starts_with("HEAD ") || head.contains(" 204 ");
        match length.map(|length| length.parse::<usize>()).transpose()? {
            _ if empty => {}
            Some(length) => {
                while body.len() < length {
                    let count = stream.read(&mut buffer)?;
                    if count == 0 {
                        break;
                    }
                    body.extend_from_slice(&buffer[..count]);
                }
            }
            None if head.starts_with("HTTP/") => {
                stream
                    .read_to_end(&mut body)
                    .context("an answer without a length")?;
            }
            None => {}
        }
        Ok(Self { head, body })
    }

    /// The head, for a connection that closes behind the body.
    fn closing(&self) -> String {
        let mut lines: Vec<&str> = self.head.trim_end().split("\r\n").collect();
        lines.retain(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        format!("{}\r\nconnection: close\r\n\r\n", lines.join("\r\n"))
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| value.trim()))
}
