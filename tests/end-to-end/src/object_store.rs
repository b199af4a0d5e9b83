//! A server with the interface of S3.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Deadline;
use crate::airflow::free_port;

/// The environment variable that names the Python with moto.
pub const MOTO_PYTHON: &str = "AILERON_MOTO_PYTHON";

/// Ends with its standard input, which is closed even when its owner is killed.
///
/// A token of Google's is nothing that moto can read, and a request that has one counts as anybody's.
const SERVER: &str = "
import os, sys, threading
from moto.server import DomainDispatcherApplication, main
answer = DomainDispatcherApplication.__call__
def answer_anybody(self, environ, start_response):
    if environ.get('HTTP_AUTHORIZATION', '').startswith('Bearer'):
        del environ['HTTP_AUTHORIZATION']
    return answer(self, environ, start_response)
DomainDispatcherApplication.__call__ = answer_anybody
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
";

/// moto, a server that speaks S3's protocol and keeps objects in its memory. It ends with the value.
#[derive(Debug)]
pub struct ObjectStore {
    child: Child,
    url: String,
}

impl ObjectStore {
    /// Starts the server and makes a bucket.
    ///
    /// # Errors
    /// When [`MOTO_PYTHON`] is not set, or the server does not start; it says why on standard error.
    pub fn start(bucket: &str) -> Result<Self> {
        let python = std::env::var_os(MOTO_PYTHON).with_context(|| {
            format!("{MOTO_PYTHON} is not set: `cargo xtask test` prepares it and sets it, `cargo xtask env` prints it")
        })?;
        let port = free_port()?;
        let child = Command::new(&python)
            .args(["-c", SERVER])
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", python.display()))?;
        let mut store = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        let child = &mut store.child;
        Deadline::after(Duration::from_secs(60)).wait_for("the object store listens", || {
            if let Some(status) = child.try_wait()? {
                bail!("moto ended with {status}");
            }
            Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .ok()
                .map(|_| ()))
        })?;
        ureq::put(format!("{}/{bucket}", store.url)).send_empty()?;
        Ok(store)
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// An object, if there is one.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn object(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>> {
        // `+` and `=` stand for themselves in a path; only what a URL cannot hold is encoded.
        let key = key.replace('%', "%25").replace('+', "%2B");
        let request =
            ureq::get(format!("{}/{bucket}/{key}", self.url)).header("authorization", ANYBODY);
        match request.call() {
            Ok(mut answer) => Ok(Some(answer.body_mut().read_to_vec()?)),
            Err(ureq::Error::StatusCode(404)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object, as somebody does who should not.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn delete(&self, bucket: &str, key: &str) -> Result<()> {
        let key = key.replace('%', "%25").replace('+', "%2B");
        let request =
            ureq::delete(format!("{}/{bucket}/{key}", self.url)).header("authorization", ANYBODY);
        request.call()?;
        Ok(())
    }

    /// The keys of all objects below a prefix, sorted.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn keys(&self, bucket: &str, prefix: &str) -> Result<Vec<String>> {
        let url = format!("{}/{bucket}?list-type=2&prefix={prefix}", self.url);
        let listed = ureq::get(url)
            .header("authorization", ANYBODY)
            .call()?
            .body_mut()
            .read_to_string()?;
        let keys = listed.split("<Key>").skip(1);
        Ok(keys
            .filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned()))
            .collect())
    }
}

/// Who says nothing gets nothing; what is said is not verified.
const ANYBODY: &str = "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

impl Drop for ObjectStore {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
