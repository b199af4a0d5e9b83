//! What a command prints on standard error: its end is kept, for an error.

use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStderr;
use tokio::task::JoinHandle;

use super::words::words;

/// How much is kept, in bytes.
const KEPT: usize = 4096;

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
        words(&self.0.await.unwrap_or_default())
    }
}
