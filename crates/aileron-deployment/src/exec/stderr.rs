//! What a command prints on standard error: its end is kept, for an error.

use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStderr;
use tokio::task::JoinHandle;

use crate::scrub;

/// How much is kept, in bytes.
const KEPT: usize = 4096;

/// Lines that say nothing to a person: kubectl's choice of a container, and that a probe failed, which it has said itself.
const NOISE: [&str; 2] = ["Defaulted container ", "command terminated with exit code "];

/// The end of what is printed.
#[derive(Debug)]
pub(super) struct Tail(JoinHandle<Vec<u8>>);

impl Tail {
    pub(super) fn follow(mut stderr: ChildStderr) -> Self {
        Self(tokio::spawn(async move {
            let (mut tail, mut buffer) = (Vec::new(), [0; 1024]);
            while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
                tail.extend_from_slice(&buffer[..count]);
                let surplus = tail.len().saturating_sub(KEPT);
                tail.drain(..surplus);
            }
            tail
        }))
    }

    /// The text, once the command has closed it; without credentials.
    pub(super) async fn text(self) -> String {
        let bytes = self.0.await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines = text
            .lines()
            .filter(|line| !NOISE.iter().any(|noise| line.starts_with(noise)));
        scrub(lines.collect::<Vec<_>>().join("\n").trim()).into_owned()
    }
}
