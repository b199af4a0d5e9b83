//! A supervisor of a few lines, for test programs that are the bundle as well.
//!
//! The program starts itself with `--comm` and `--logs`; its `main` serves the bundle then, and runs the tests otherwise.

// Each test program uses a part of it.
#![allow(dead_code, unused_imports, unused_macros)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use aileron_wire::frame::{Request, Response, response_frame};
use aileron_wire::message::{Message, ToSupervisor};
use serde_json::{Value, json};

/// The trace context of the task instance in [`details`].
pub(crate) const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// What the supervisor does with a request.
pub(crate) enum Answer {
    /// An empty reply, or the XCom `[1, 2]`.
    Usual,
    /// This body.
    Body(Value),
    /// Hangs up.
    HangUp,
}

/// A bundle process and the supervisor's ends of its sockets.
pub(crate) struct Session {
    pub(crate) child: Child,
    pub(crate) comm: TcpStream,
    pub(crate) logs: TcpStream,
}

/// How a process ended.
pub(crate) struct Ended {
    /// Every request, in order, as JSON.
    pub(crate) requests: Vec<Value>,
    /// The trace context of every request.
    pub(crate) carriers: Vec<Option<BTreeMap<String, String>>>,
    /// Every log line.
    pub(crate) logs: Vec<Value>,
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
}

impl Session {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts the process with these environment variables.
    pub(crate) fn start_with(environment: &[(&str, &str)]) -> Self {
        let (comm, logs) = (listen(), listen());
        let child = Command::new(std::env::current_exe().unwrap())
            .arg(format!("--comm={}", comm.local_addr().unwrap()))
            .arg(format!("--logs={}", logs.local_addr().unwrap()))
            .env("AIRFLOW__LOGGING__LOGGING_LEVEL", "DEBUG")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            child,
            comm: comm.accept().unwrap().0,
            logs: logs.accept().unwrap().0,
        }
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.comm.write_all(bytes).unwrap();
    }

    pub(crate) fn say<M: Message + serde::Serialize>(&mut self, id: u64, message: &M) {
        self.send_raw(&response_frame(id, message).unwrap());
    }

    /// Sends the first frame: [`details`], with what the test changed.
    pub(crate) fn begin(&mut self, details: &Value) {
        self.reply(0, Some(details));
    }

    fn reply(&mut self, id: u64, body: Option<&Value>) {
        let frame = Response {
            id,
            body: body.map(|body| aileron_wire::json::encode(body).unwrap().into()),
            error: None,
        };
        self.send_raw(&frame.encode().unwrap());
    }

    /// The next request, or `None` when the process has closed the connection.
    pub(crate) fn request(&mut self) -> Option<Request> {
        let mut length = [0; 4];
        match self.comm.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return None,
            Err(error) => panic!("{error}"),
        }
        let mut payload = vec![0; u32::from_be_bytes(length) as usize];
        self.comm.read_exact(&mut payload).unwrap();
        Some(Request::decode(payload.into()).unwrap())
    }

    /// Answers until the process is gone, as the request's type says.
    pub(crate) fn serve(self, answer: impl Fn(&str) -> Answer) -> Ended {
        self.answer(|request| answer(request["type"].as_str().unwrap()))
    }

    /// Answers until the process is gone, as the whole request says.
    pub(crate) fn answer(mut self, mut answer: impl FnMut(&Value) -> Answer) -> Ended {
        let (mut requests, mut carriers) = (Vec::new(), Vec::new());
        while let Some(request) = self.request() {
            let body: Value = aileron_wire::json::decode(&request.body).unwrap();
            ToSupervisor::decode(&request.body).expect("every request is a message of the schema");
            let answer = answer(&body);
            carriers.push(request.context_carrier);
            requests.push(body);
            let body = &requests[requests.len() - 1];
            match answer {
                Answer::HangUp => break,
                Answer::Body(reply) => self.reply(request.id, Some(&reply)),
                Answer::Usual if body["type"] == "GetXCom" => {
                    let reply = json!({"type": "XComResult", "key": body["key"], "value": [1, 2]});
                    self.reply(request.id, Some(&reply));
                }
                Answer::Usual => self.reply(request.id, None),
            }
        }
        self.end(requests, carriers)
    }

    /// Closes the connection without reading what has come: the process finds it reset.
    pub(crate) fn hang_up(self) -> Ended {
        self.end(Vec::new(), Vec::new())
    }

    fn end(self, requests: Vec<Value>, carriers: Vec<Option<BTreeMap<String, String>>>) -> Ended {
        let Self { child, comm, logs } = self;
        drop(comm);
        let logs = BufReader::new(logs)
            .lines()
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
            .collect();
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        Ended {
            requests,
            carriers,
            logs,
            code: status.code(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Waits for a log line with that text.
    pub(crate) fn wait_for_line(&mut self, text: &str) {
        let mut line = String::new();
        let mut byte = [0];
        while !line.contains(text) || !line.ends_with('\n') {
            if line.ends_with('\n') {
                line.clear();
            }
            self.logs.read_exact(&mut byte).unwrap();
            line.push(byte[0] as char);
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Ended {
    /// The terminal message: the last request.
    pub(crate) fn terminal(&self) -> &Value {
        self.requests.last().expect("a terminal message")
    }

    /// The types of all requests.
    pub(crate) fn types(&self) -> Vec<&str> {
        self.requests
            .iter()
            .map(|request| request["type"].as_str().unwrap())
            .collect()
    }

    pub(crate) fn logged(&self, text: &str) -> bool {
        self.logs.iter().any(|line| {
            line["event"]
                .as_str()
                .is_some_and(|event| event.contains(text))
        })
    }
}

pub(crate) fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// `StartupDetails` for a task at its first and only try, as JSON that a test may change.
pub(crate) fn details(dag_id: &str, task_id: &str) -> Value {
    let uuid = "00000000-0000-4000-8000-000000000000";
    json!({
        "type": "StartupDetails",
        "ti": {"id": uuid, "task_id": task_id, "dag_id": dag_id, "run_id": "run", "try_number": 1,
               "dag_version_id": uuid, "map_index": -1,
               "context_carrier": {"traceparent": TRACEPARENT}},
        "dag_rel_path": "stub.py", "bundle_info": {"name": "dags", "version": null},
        "start_date": "2026-01-01T00:00:00Z", "sentry_integration": "",
        "ti_context": {"dag_run": {"dag_id": dag_id, "run_id": "run", "logical_date": null,
            "data_interval_start": null, "data_interval_end": null, "run_after": "2026-01-01T00:00:00Z",
            "start_date": null, "end_date": null, "run_type": "manual", "state": "running",
            "consumed_asset_events": [], "partition_key": null},
            "max_tries": 1, "should_retry": false, "xcom_keys_to_clear": []},
    })
}

/// Functions as tests of their own names.
macro_rules! trials {
    ($($name:ident),+ $(,)?) => {
        vec![$(libtest_mimic::Trial::test(stringify!($name), || { $name(); Ok(()) })),+]
    };
}
pub(crate) use trials;
