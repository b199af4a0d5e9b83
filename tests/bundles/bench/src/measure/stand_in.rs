//! A supervisor that only does what the protocol asks: two sockets, the process, the first frame, replies.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Instant;

use aileron_wire::frame::response_frame;
use aileron_wire::message::{Message as _, StartupDetails};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The sockets, which serve one process after the other.
pub(crate) struct StandIn {
    comm: TcpListener,
    logs: TcpListener,
}

/// A process that has been told what to do.
pub(crate) struct Running {
    /// Taken just before the process was started.
    pub(crate) started: Instant,
    pub(crate) comm: TcpStream,
    pub(crate) child: Child,
    // Open for as long as the process runs. The empty task's lines fit into the kernel's buffer.
    _logs: TcpStream,
}

impl StandIn {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            comm: TcpListener::bind("127.0.0.1:0")?,
            logs: TcpListener::bind("127.0.0.1:0")?,
        })
    }

    /// Starts the program, lets it connect and sends the first frame.
    pub(crate) fn start(&self, program: &Path, first_frame: &[u8]) -> Result<Running> {
        let mut command = Command::new(program);
        command
            .arg(format!("--comm={}", self.comm.local_addr()?))
            .arg(format!("--logs={}", self.logs.local_addr()?));
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let (comm, _) = self.comm.accept()?;
        let (logs, _) = self.logs.accept()?;
        comm.set_nodelay(true)?;
        (&comm).write_all(first_frame)?;
        Ok(Running {
            started,
            comm,
            child,
            _logs: logs,
        })
    }
}

/// The first frame for a task of the Dag `bench`, with this `conf`.
pub(crate) fn first_frame(task_id: &str, conf: Value) -> Result<Vec<u8>> {
    let no_id = "00000000-0000-0000-0000-000000000000";
    let now = Timestamp::now().to_string();
    let details = json!({
        "type": StartupDetails::TYPE,
        "ti": {
            "id": no_id,
            "task_id": task_id,
            "dag_id": "bench",
            "run_id": "manual__bench",
            "try_number": 1,
            "dag_version_id": no_id,
        },
        "dag_rel_path": "bench.py",
        "bundle_info": {"name": "dags-folder"},
        "start_date": now,
        "ti_context": {
            "dag_run": {
                "dag_id": "bench",
                "run_id": "manual__bench",
                "logical_date": now,
                "data_interval_start": now,
                "data_interval_end": now,
                "run_after": now,
                "start_date": now,
                "end_date": null,
                "run_type": "manual",
                "state": "running",
                "conf": conf,
                "consumed_asset_events": [],
                "partition_key": null,
            },
            "max_tries": 0,
        },
        "sentry_integration": "",
    });
    Ok(response_frame(0, &details)?)
}
