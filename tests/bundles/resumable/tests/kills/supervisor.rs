//! A stand-in for Airflow: its supervisor's protocol, a task state store that outlives the task's processes, and retries.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use aileron_wire::frame::{Request, Response};
use aileron_wire::message::ToSupervisor;
use serde_json::{Value, json};
use uuid::Uuid;

/// No try takes longer.
const LIMIT: Duration = Duration::from_secs(30);

/// A task instance: what Airflow keeps of it from try to try.
pub(crate) struct TaskInstance {
    pub(crate) task_id: &'static str,
    pub(crate) run_id: String,
    pub(crate) conf: Value,
    pub(crate) service: SocketAddr,
    /// The task state store: value and expiry by key.
    pub(crate) store: BTreeMap<String, (Value, Value)>,
    pub(crate) xcoms: BTreeMap<String, Value>,
    /// A type of request that is answered with an error, and the key it is about.
    pub(crate) broken: Option<&'static str>,
    pub(crate) tries: u32,
}

/// When a request is hit by the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It has arrived and nothing was done.
    Arrived,
    /// It was done and not acknowledged.
    Done,
    /// It was acknowledged.
    Acknowledged,
}

/// What ends the process of a try from outside.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kill {
    /// Nothing.
    Never,
    /// SIGKILL so long after the start of the process.
    After(Duration),
    /// SIGKILL at the request of this type (of this state of the record, for the store), and so long after that moment.
    At(&'static str, Option<&'static str>, Moment, Duration),
    /// SIGKILL so long after the terminal message, with the log not being read meanwhile.
    InFlush(Duration),
    /// SIGTERM so long after the id was stored.
    Terminate(Duration),
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// The process was killed.
    Killed,
    /// Airflow counts the task as successful.
    Success,
    /// Airflow would try again, for this reason.
    Retry(String),
    /// Airflow would not try again.
    Failed,
}

/// A try that has ended.
pub(crate) struct Try {
    pub(crate) end: End,
    pub(crate) requests: Vec<Value>,
    pub(crate) logs: String,
    pub(crate) seconds: f64,
}

/// The ends of the sockets and the process.
struct Process {
    child: Arc<Mutex<Child>>,
    listeners: [TcpListener; 2],
    started: Instant,
}

impl TaskInstance {
    pub(crate) fn new(task_id: &'static str, run_id: &str, service: SocketAddr) -> Self {
        Self {
            task_id,
            run_id: run_id.to_owned(),
            conf: json!({}),
            service,
            store: BTreeMap::new(),
            xcoms: BTreeMap::new(),
            broken: None,
            tries: 0,
        }
    }

    /// What the service calls the job of this task instance.
    pub(crate) fn job_name(&self) -> String {
        format!("{}/{}", self.run_id, self.task_id)
    }

    /// The state in the record of the job.
    pub(crate) fn record(&self) -> Option<&str> {
        let (record, _) = self.store.get("remote_job_id")?;
        record["state"].as_str()
    }

    /// Runs one try.
    pub(crate) fn run(&mut self, kill: &Kill) -> Try {
        self.tries += 1;
        let id = Uuid::new_v4();
        let process = Process::start();
        let killer = match kill {
            Kill::After(delay) => Some(process.kill_after(*delay)),
            _ => None,
        };
        let [mut comm, logs] = process.connect();
        let (mut requests, mut terminal) = (Vec::new(), None);
        // A log that is not read keeps the process from ending.
        let hold = matches!(kill, Kill::InFlush(_));
        let mut logs = logs.map(Logs::new);
        if !hold && let Some(logs) = &mut logs {
            logs.read();
        }
        if let Some(comm) = &mut comm
            && comm.write_all(&self.startup(id)).is_ok()
        {
            while let Some(request) = receive(comm) {
                let body: Value = aileron_wire::json::decode(&request.body).unwrap();
                ToSupervisor::decode(&request.body)
                    .expect("every request is a message of the schema");
                let now = self.hit(kill, &body);
                if now == Some(Moment::Arrived) {
                    process.hit(kill);
                    break;
                }
                let answer = self.answer(id, &body);
                if now == Some(Moment::Done) {
                    process.hit(kill);
                    break;
                }
                let response = Response {
                    id: request.id,
                    body: answer.map(|body| aileron_wire::json::encode(&body).unwrap().into()),
                    error: None,
                };
                let sent = comm.write_all(&response.encode().unwrap());
                if matches!(kind(&body), "SucceedTask" | "RetryTask" | "TaskState") {
                    terminal = Some(body.clone());
                }
                requests.push(body);
                if sent.is_err() {
                    break;
                }
                if now == Some(Moment::Acknowledged) {
                    process.hit(kill);
                }
            }
        }
        if let Some(killer) = killer {
            killer.join().unwrap();
        }
        let code = process.wait();
        if hold && let Some(logs) = &mut logs {
            logs.read();
        }
        Try {
            end: ending(code, terminal),
            requests,
            logs: logs.map(Logs::text).unwrap_or_default(),
            seconds: process.started.elapsed().as_secs_f64(),
        }
    }

    /// Whether the kill is meant for this request, and when.
    fn hit(&self, kill: &Kill, request: &Value) -> Option<Moment> {
        let kind = kind(request);
        let of_record =
            |state: Option<&str>| state.is_none() || request["value"]["state"].as_str() == state;
        match kill {
            Kill::At(wanted, state, moment, _) if *wanted == kind && of_record(*state) => {
                Some(*moment)
            }
            Kill::InFlush(_) if kind == "SucceedTask" => Some(Moment::Acknowledged),
            Kill::Terminate(_) if of_record(Some("submitted")) && kind == "SetTaskStateStore" => {
                Some(Moment::Acknowledged)
            }
            _ => None,
        }
    }

    fn answer(&mut self, id: Uuid, request: &Value) -> Option<Value> {
        let kind = kind(request);
        let key = || request["key"].as_str().unwrap().to_owned();
        if self.broken == Some(kind) {
            return Some(json!({"type": "ErrorResponse", "error": "API_SERVER_ERROR",
                               "detail": {"status_code": 503, "message": "no database"}}));
        }
        if kind.ends_with("TaskStateStore") {
            assert_eq!(request["ti_id"], id.to_string(), "a try names itself");
        }
        match kind {
            "GetConnection" => Some(json!({"type": "ConnectionResult", "conn_id": "job_service",
                "conn_type": "http", "host": self.service.ip().to_string(), "port": self.service.port(),
                "schema": null, "login": null, "password": null, "extra": null})),
            "GetTaskStateStore" => Some(match self.store.get(&key()) {
                Some((value, _)) => json!({"type": "TaskStateStoreResult", "value": value}),
                None => json!({"type": "ErrorResponse", "error": "TASK_STORE_NOT_FOUND",
                               "detail": {"key": key()}}),
            }),
            "SetTaskStateStore" => {
                let value = (request["value"].clone(), request["expires_at"].clone());
                self.store.insert(key(), value);
                Some(json!({"type": "OKResponse", "ok": true}))
            }
            "DeleteTaskStateStore" => {
                self.store.remove(&key());
                Some(json!({"type": "OKResponse", "ok": true}))
            }
            "SetXCom" => {
                self.xcoms.insert(key(), request["value"].clone());
                None
            }
            "SucceedTask" | "RetryTask" | "TaskState" => None,
            other => panic!("an unexpected request: {other}"),
        }
    }

    fn startup(&self, id: Uuid) -> Vec<u8> {
        let uuid = Uuid::nil();
        let body = json!({
            "type": "StartupDetails",
            "ti": {"id": id, "task_id": self.task_id, "dag_id": "jobs", "run_id": self.run_id,
                   "try_number": self.tries, "dag_version_id": uuid, "map_index": -1},
            "dag_rel_path": "stub.py", "bundle_info": {"name": "dags", "version": null},
            "start_date": "2026-01-01T00:00:00Z", "sentry_integration": "",
            "ti_context": {"dag_run": {"dag_id": "jobs", "run_id": self.run_id, "logical_date": null,
                "data_interval_start": null, "data_interval_end": null, "run_after": "2026-01-01T00:00:00Z",
                "start_date": null, "end_date": null, "run_type": "manual", "state": "running", "conf": self.conf,
                "consumed_asset_events": [], "partition_key": null},
                "max_tries": 100, "should_retry": true, "xcom_keys_to_clear": []},
        });
        let frame = Response {
            id: 0,
            body: Some(aileron_wire::json::encode(&body).unwrap().into()),
            error: None,
        };
        frame.encode().unwrap()
    }
}

/// How Airflow's supervisor takes the end of a process: the terminal message counts only with the exit code 0.
fn ending(code: Option<i32>, terminal: Option<Value>) -> End {
    match (code, terminal) {
        (None, _) => End::Killed,
        (Some(0), Some(terminal)) => match kind(&terminal) {
            "SucceedTask" => End::Success,
            "RetryTask" => End::Retry(terminal["retry_reason"].as_str().unwrap().to_owned()),
            _ => End::Failed,
        },
        (code, terminal) => panic!("the process ended with {code:?} after {terminal:?}"),
    }
}

fn kind(body: &Value) -> &str {
    body["type"].as_str().unwrap()
}

/// The next request, or `None` when the process is gone.
fn receive(comm: &mut TcpStream) -> Option<Request> {
    let mut length = [0; 4];
    comm.read_exact(&mut length).ok()?;
    let mut payload = vec![0; u32::from_be_bytes(length) as usize];
    comm.read_exact(&mut payload).ok()?;
    Some(Request::decode(payload.into()).unwrap())
}

impl Process {
    fn start() -> Self {
        let listeners = [listen(), listen()];
        let [comm, logs] = listeners.each_ref().map(|l| l.local_addr().unwrap());
        let child = Command::new(env!("CARGO_BIN_EXE_resumable"))
            .args([format!("--comm={comm}"), format!("--logs={logs}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            child: Arc::new(Mutex::new(child)),
            listeners,
            started: Instant::now(),
        }
    }

    /// Takes the connections, unless the process is killed before it makes them.
    fn connect(&self) -> [Option<TcpStream>; 2] {
        self.listeners
            .each_ref()
            .map(|listener| self.accept(listener))
    }

    fn accept(&self, listener: &TcpListener) -> Option<TcpStream> {
        while self.started.elapsed() < LIMIT {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).unwrap();
                    stream.set_read_timeout(Some(LIMIT)).unwrap();
                    return Some(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
            if self.exited().is_some() {
                return None;
            }
            thread::sleep(Duration::from_micros(200));
        }
        panic!("the process did not connect");
    }

    fn exited(&self) -> Option<std::process::ExitStatus> {
        self.child.lock().unwrap().try_wait().unwrap()
    }

    fn kill_after(&self, delay: Duration) -> JoinHandle<()> {
        let child = self.child.clone();
        thread::spawn(move || {
            thread::sleep(delay);
            // One that has ended meanwhile is not there to be killed.
            let _ = child.lock().unwrap().kill();
        })
    }

    /// Carries out the kill of a request.
    fn hit(&self, kill: &Kill) {
        match kill {
            Kill::At(.., delay) | Kill::InFlush(delay) => {
                thread::sleep(*delay);
                let _ = self.child.lock().unwrap().kill();
            }
            Kill::Terminate(delay) => {
                thread::sleep(*delay);
                let id = self.child.lock().unwrap().id().to_string();
                let status = Command::new("kill").args(["-TERM", &id]).status().unwrap();
                assert!(status.success());
            }
            Kill::Never | Kill::After(_) => {}
        }
    }

    /// The exit code; `None` for a process that was killed.
    fn wait(&self) -> Option<i32> {
        while self.started.elapsed() < LIMIT {
            if let Some(status) = self.exited() {
                assert!(
                    status.code().is_some() || status.signal() == Some(9),
                    "{status}"
                );
                return status.code();
            }
            thread::sleep(Duration::from_micros(200));
        }
        self.child.lock().unwrap().kill().unwrap();
        panic!("the process did not end");
    }
}

fn listen() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// The supervisor's end of the log socket.
struct Logs {
    stream: Option<TcpStream>,
    reader: Option<JoinHandle<String>>,
}

impl Logs {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream: Some(stream),
            reader: None,
        }
    }

    fn read(&mut self) {
        let stream = self.stream.take().unwrap();
        self.reader = Some(thread::spawn(move || {
            let lines = BufReader::new(stream).lines();
            // The last line of a killed process may be cut.
            lines
                .map_while(Result::ok)
                .fold(String::new(), |all, line| all + &line + "\n")
        }));
    }

    fn text(self) -> String {
        self.reader
            .map_or_else(String::new, |reader| reader.join().unwrap())
    }
}
