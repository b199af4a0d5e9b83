//! Answering the frames of a task: for the stand-in supervisor, and for the bare sockets beside it.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use aileron_wire::frame::{Request, Response, message_type};
use aileron_wire::message::{GetVariable, Message as _, SetXCom, SucceedTask, VariableResult};
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;

/// A task that says nothing for so long hangs.
const SILENCE: Duration = Duration::from_secs(30);

/// One connection, and what its peer said.
pub(crate) struct Answers {
    reader: BufReader<TcpStream>,
    variable: Bytes,
    /// The value of the last `SetXCom`, encoded.
    pub(crate) xcom: Option<serde_json::Value>,
}

impl Answers {
    pub(crate) fn on(socket: TcpStream) -> Result<Self> {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(SILENCE))?;
        let variable = VariableResult {
            key: "bench_variable".to_owned(),
            value: Some("v".repeat(64)),
        };
        Ok(Self {
            reader: BufReader::with_capacity(64 * 1024, socket),
            variable: variable.encode()?.into(),
            xcom: None,
        })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.reader.get_mut().write_all(bytes)?)
    }

    /// Answers until a message of this type was answered.
    pub(crate) fn until(&mut self, last: &str) -> Result<()> {
        loop {
            let request = self.read()?;
            let kind = message_type(&request.body)?;
            let body = match kind {
                GetVariable::TYPE => Some(self.variable.clone()),
                <SetXCom>::TYPE => {
                    self.xcom = Some(<SetXCom>::decode(&request.body)?.value);
                    None
                }
                SucceedTask::TYPE => None,
                other => bail!("the task sent {other}"),
            };
            let is_last = kind == last;
            let response = Response {
                id: request.id,
                body,
                error: None,
            };
            self.send(&response.encode()?)?;
            if is_last {
                return Ok(());
            }
        }
    }

    fn read(&mut self) -> Result<Request> {
        let mut prefix = [0; 4];
        self.reader
            .read_exact(&mut prefix)
            .context("the task said nothing more")?;
        let mut payload = vec![0; u32::from_be_bytes(prefix) as usize];
        self.reader.read_exact(&mut payload)?;
        Ok(Request::decode(payload.into())?)
    }
}

/// Answers bare sockets in threads of their own, in the same way; its address.
pub(crate) fn echo() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            thread::spawn(move || -> Result<()> {
                // It ends with an error, when the socket is closed.
                Answers::on(socket)?.until(SucceedTask::TYPE)
            });
        }
    });
    Ok(address)
}
