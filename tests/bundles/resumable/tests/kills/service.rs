//! The job service as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running job service. It is killed with the value; its jobs stay in their file.
pub(crate) struct Service {
    child: Child,
    file: PathBuf,
    latency: u64,
    pub(crate) address: SocketAddr,
}

impl Service {
    /// Starts one with the jobs of this file. Each submission takes up to `latency` milliseconds before there is a job and
    /// as long after it.
    pub(crate) fn start(file: &Path, latency: u64) -> Self {
        Self::start_at(file, latency, 0)
    }

    fn start_at(file: &Path, latency: u64, port: u16) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_job-service"))
            .arg(file)
            .args([port.to_string(), latency.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            file: file.to_owned(),
            latency,
            address: line.trim().parse().expect("the service prints its address"),
        }
    }

    /// Kills the service and starts it again at the same address.
    pub(crate) fn restart(&mut self) {
        self.kill();
        *self = Self::start_at(&self.file.clone(), self.latency, self.address.port());
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// All jobs of this name.
    pub(crate) fn jobs(&self, name: &str) -> Vec<Value> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let request = format!(
            "GET /jobs HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut jobs: Vec<Value> = serde_json::from_str(body).unwrap();
        jobs.retain(|job| job["name"] == name);
        jobs
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}
