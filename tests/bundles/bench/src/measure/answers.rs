//! What a supervisor answers to the frames of the benchmarks' tasks.

use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use aileron_wire::frame::{Request, Response, message_type};
use aileron_wire::message::{GetVariable, Message as _, SetXCom, SucceedTask, VariableResult};
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;

/// A task that says nothing for so long hangs.
const SILENCE: Duration = Duration::from_secs(30);

/// The answers to one task.
pub(crate) struct Answers {
    variable: Bytes,
    /// The value of the last `SetXCom`.
    pub(crate) xcom: Option<serde_json::Value>,
}

impl Answers {
    pub(crate) fn new() -> Result<Self> {
        let variable = VariableResult {
            key: "bench_variable".to_owned(),
            value: Some("v".repeat(64)),
        };
        Ok(Self {
            variable: variable.encode()?.into(),
            xcom: None,
        })
    }

    /// The `type` of a request and the frame that answers it.
    pub(crate) fn to(&mut self, payload: Bytes) -> Result<(&'static str, Vec<u8>)> {
        let request = Request::decode(payload)?;
        let (kind, body) = match message_type(&request.body)? {
            GetVariable::TYPE => (GetVariable::TYPE, Some(self.variable.clone())),
            <SetXCom>::TYPE => {
                self.xcom = Some(<SetXCom>::decode(&request.body)?.value);
                (<SetXCom>::TYPE, None)
            }
            SucceedTask::TYPE => (SucceedTask::TYPE, None),
            other => bail!("the task sent {other}"),
        };
        let response = Response {
            id: request.id,
            body,
            error: None,
        };
        Ok((kind, response.encode()?))
    }
}

/// Answers a task until a message of this type was answered.
pub(crate) fn answer(socket: &TcpStream, last: &str) -> Result<()> {
    socket.set_read_timeout(Some(SILENCE))?;
    let mut answers = Answers::new()?;
    let mut reader = BufReader::new(socket);
    loop {
        let mut prefix = [0; 4];
        let read = reader.read_exact(&mut prefix);
        read.context("the task said nothing more")?;
        let mut payload = vec![0; u32::from_be_bytes(prefix) as usize];
        reader.read_exact(&mut payload)?;
        let (kind, reply) = answers.to(payload.into())?;
        (&*socket).write_all(&reply)?;
        if kind == last {
            return Ok(());
        }
    }
}
