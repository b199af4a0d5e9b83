//! Tasks that do not behave, and tasks that look closely at their supervisor. They speak the protocol by hand.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, ExitCode, Stdio, id};

use aileron_wire::frame::{Request, Response, encode_request};
use aileron_wire::json;
use serde_json::{Value, json};

use crate::stage::TI_ID;

/// The connections of a task.
pub(crate) struct Player {
    comm: TcpStream,
    logs: TcpStream,
    next: u64,
}

impl Player {
    fn connect(arguments: &[String]) -> Self {
        let address = |flag| arguments.iter().find_map(|a| a.strip_prefix(flag)).unwrap();
        Self {
            comm: TcpStream::connect(address("--comm=")).unwrap(),
            logs: TcpStream::connect(address("--logs=")).unwrap(),
            next: 1,
        }
    }

    /// A body and an error; `None` when the supervisor has gone.
    fn read(&mut self) -> Option<(u64, Value, Value)> {
        let mut length = [0; 4];
        self.comm.read_exact(&mut length).ok()?;
        let mut payload = vec![0; u32::from_be_bytes(length) as usize];
        self.comm.read_exact(&mut payload).ok()?;
        let response = Response::decode(payload.into()).unwrap();
        let value = |part: Option<bytes::Bytes>| match part {
            Some(part) => json::decode(&part).unwrap(),
            None => Value::Null,
        };
        Some((response.id, value(response.body), value(response.error)))
    }

    fn send(&mut self, body: &Value) -> u64 {
        let id = self.next;
        self.next += 1;
        let body = json::encode(body).unwrap();
        self.comm
            .write_all(&encode_request(id, &body, None).unwrap())
            .unwrap();
        id
    }

    /// The answer, body or error.
    fn ask(&mut self, body: &Value) -> Value {
        let id = self.send(body);
        let (answered, body, error) = self.read().expect("an answer");
        assert_eq!(answered, id);
        match error {
            Value::Null => body,
            error => json!({"error": error}),
        }
    }

    fn log(&mut self, line: &str) {
        self.logs.write_all(line.as_bytes()).unwrap();
        self.logs.write_all(b"\n").unwrap();
    }

    fn succeed(&mut self) -> Value {
        self.ask(
            &json!({"type": "SucceedTask", "state": "success", "end_date": "2026-01-01T00:00:00Z"}),
        )
    }
}

fn sleep_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// Starts a process that nobody waits for.
#[allow(clippy::zombie_processes, reason = "that is the point")]
fn leave(script: &str) -> u32 {
    Command::new("sh")
        .args(["-c", script])
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
        .id()
}

fn kill_myself(signal: &str) -> ! {
    let _ = Command::new("kill")
        .args([signal, &id().to_string()])
        .status();
    sleep_for_ever()
}

#[allow(clippy::too_many_lines)]
pub(crate) fn play(name: &str, arguments: &[String]) -> ExitCode {
    if name == "never-connects" {
        println!("I am here");
        eprintln!("but I do not connect");
        sleep_for_ever();
    }
    if name == "exits-at-once" {
        println!("I have no time");
        return ExitCode::from(3);
    }
    if name == "announces" {
        // Says where it could be connected to, and waits to be let go on.
        println!("{}", arguments.join(" "));
        let go = std::env::var("GO").unwrap();
        while !std::path::Path::new(&go).exists() {
            std::thread::yield_now();
        }
    }
    let mut player = Player::connect(arguments);
    let Some((0, startup, Value::Null)) = player.read() else {
        return ExitCode::from(9);
    };
    assert_eq!(startup["type"], "StartupDetails");
    match name {
        "announces" | "succeeds" => {
            player.succeed();
        }
        "tells-startup" => {
            player
                .log(&json!({"event": "startup", "level": "info", "startup": startup}).to_string());
            player.succeed();
        }
        "tells-itself" => {
            // What it can find out about its supervisor.
            let parent = std::fs::read_to_string("/proc/self/stat").unwrap();
            let parent = parent
                .rsplit(')')
                .next()
                .unwrap()
                .split_whitespace()
                .nth(1)
                .unwrap()
                .to_owned();
            let inherited: Vec<String> = std::fs::read_dir("/proc/self/fd")
                .unwrap()
                .flatten()
                .filter_map(|entry| std::fs::read_link(entry.path()).ok())
                .map(|target| target.display().to_string())
                .collect();
            let seen = json!({
                "environment": std::env::vars().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(),
                "arguments": std::env::args().collect::<Vec<_>>(),
                "inherited": inherited,
                "memory": std::fs::File::open(format!("/proc/{parent}/mem")).is_ok(),
                "parent_environment": std::fs::read(format!("/proc/{parent}/environ")).is_ok(),
            });
            player.log(&json!({"event": "seen", "level": "info", "seen": seen}).to_string());
            player.succeed();
        }
        "is-killed" => kill_myself("-9"),
        "is-killed-with-a-child" => {
            println!("child {}", leave("exec sleep 1000"));
            kill_myself("-9");
        }
        "says-success-and-is-killed" => {
            player.succeed();
            kill_myself("-9");
        }
        "skips-and-exits" => {
            player.ask(&json!({"type": "TaskState", "state": "skipped"}));
            return ExitCode::from(arguments.iter().any(|a| a == "badly") as u8 * 5);
        }
        "says-nothing" => {}
        "leaves-before-the-answer" => {
            player.send(
                &json!({"type": "SetTaskStateStore", "ti_id": TI_ID, "key": "k", "value": 1,
                                "expires_at": null}),
            );
            player.send(&json!({"type": "SucceedTask", "end_date": "2026-01-01T00:00:00Z"}));
        }
        "hangs" => {
            // The ones below it ignore SIGTERM as well.
            let below = [
                leave("trap '' TERM; sleep 1000 & wait; wait"),
                leave("trap '' TERM; while :; do sleep 1000; done"),
            ];
            player.log(&json!({"event": "hanging", "level": "info", "below": below}).to_string());
            sleep_for_ever();
        }
        "hangs-after-success" => {
            player.succeed();
            sleep_for_ever();
        }
        "hangs-up" => {
            drop(player);
            println!("hung up");
            sleep_for_ever();
        }
        "leaves-a-child" => {
            println!("child {}", leave("exec sleep 1000"));
            player.succeed();
        }
        "floods" => {
            let count = 20_000;
            let mut logs = player.logs.try_clone().unwrap();
            let writer = std::thread::spawn(move || {
                let mut lines = std::io::BufWriter::new(&mut logs);
                for number in 0..count {
                    writeln!(
                        lines,
                        "{{\"event\":\"log {number}\",\"level\":\"info\",\"logger\":\"f\"}}"
                    )
                    .unwrap();
                }
            });
            let stdout = std::io::stdout().lock();
            let mut lines = std::io::BufWriter::new(stdout);
            for number in 0..count {
                writeln!(lines, "out {number}").unwrap();
            }
            lines.flush().unwrap();
            writer.join().unwrap();
            player.succeed();
        }
        "prints-a-long-line" => {
            let mut stdout = std::io::stdout().lock();
            let megabyte = vec![b'x'; 1 << 20];
            for _ in 0..100 {
                stdout.write_all(&megabyte).unwrap();
            }
            stdout.write_all(b"end\nnext\n").unwrap();
            player.succeed();
        }
        "logs-oddly" => {
            for line in [
                "no json",
                r#"{"event":"unknown level","level":"loud"}"#,
                r#"{"event":"no level"}"#,
                r#"["a list"]"#,
                "",
                r#"{"event":"cut"#,
            ] {
                player.log(line);
            }
            player.succeed();
        }
        "asks-oddly" => {
            let other = uuid::Uuid::from_u128(8);
            let answers = [
                json!({"type": "GetCoffee"}),
                json!({"type": "GetVariable", "key": 7}),
                json!({"no": "type"}),
                json!({"type": "ResendLoggingFD"}),
                json!({"type": "GetTaskStateStore", "ti_id": other, "key": "k"}),
                json!({"type": "GetVariable", "key": "k"}),
                json!({"type": "GetConnection", "conn_id": "c"}),
                json!({"type": "GetXCom", "key": "k", "dag_id": "d", "run_id": "r", "task_id": "t"}),
                json!({"type": "GetXComSequenceItem", "key": "k", "dag_id": "d", "run_id": "r", "task_id": "t", "offset": 0}),
                json!({"type": "GetTaskStateStore", "ti_id": TI_ID, "key": "k"}),
                json!({"type": "GetAssetByName", "name": "a"}),
                json!({"type": "GetAssetStateStoreByUri", "uri": "u", "key": "k"}),
                json!({"type": "GetDag", "dag_id": "d"}),
                json!({"type": "DeleteVariable", "key": "k"}),
                json!({"type": "TriggerDagRun", "dag_id": "d", "run_id": "r"}),
                json!({"type": "TriggerDagRun", "dag_id": "d", "run_id": "r", "reset_dag_run": true}),
                json!({"type": "SetRenderedFields", "rendered_fields": {}}),
            ]
            .map(|question| player.ask(&question));
            player
                .log(&json!({"event": "answers", "level": "info", "answers": answers}).to_string());
            let body = json::encode(&json!({"type": "GetVariable", "key": "k"})).unwrap();
            let frame = |ti_id| Request {
                id: 90,
                body: body.clone().into(),
                context_carrier: None,
                ti_id: Some(ti_id),
            };
            for ti_id in [TI_ID, other] {
                player
                    .comm
                    .write_all(&frame(ti_id).encode().unwrap())
                    .unwrap();
                let (_, body, _) = player.read().unwrap();
                player.log(
                    &json!({"event": "framed", "level": "info", "error": body["error"]})
                        .to_string(),
                );
            }
            player.succeed();
        }
        "sends-rubbish" => {
            player.comm.write_all(b"\0\0\0\x05hello").unwrap();
            sleep_for_ever();
        }
        "stores-in-order" => {
            let set = |key: &str, value: u32| json!({"type": "SetTaskStateStore", "ti_id": TI_ID, "key": key, "value": value, "expires_at": null});
            player.send(&set("k", 1));
            player.send(&set("k", 2));
            player.send(&set("other", 3));
            player.send(&json!({"type": "SucceedTask", "end_date": "2026-01-01T00:00:00Z"}));
            let order: Vec<u64> = (0..4).map(|_| player.read().unwrap().0).collect();
            println!("answered {order:?}");
        }
        "sets-a-limit" => {
            player.ask(&json!({"type": "SetExecutionTimeout", "timeout_seconds": 0.0}));
            sleep_for_ever();
        }
        "masks" => {
            player.ask(
                &json!({"type": "MaskSecret", "value": {"password": "hunter2000"}, "name": null}),
            );
            player.log(r#"{"event":"hunter2000","level":"info","nested":{"a":["hunter2000"]}}"#);
            println!("hunter2000");
            let long = "-".repeat((1 << 20) - 4) + "hunter2000" + &"-".repeat(1 << 20);
            println!("{long}");
            player.succeed();
        }
        "exchanges-much" => {
            let value = "v".repeat(20 << 20);
            player.ask(
                &json!({"type": "SetXCom", "key": "k", "value": {"deep": [value]}, "dag_id": "d",
                               "run_id": "r", "task_id": "t"}),
            );
            let back = player.ask(&json!({"type": "GetXCom", "key": "k", "dag_id": "d", "run_id": "r", "task_id": "t"}));
            assert_eq!(back["value"]["deep"][0].as_str().unwrap().len(), 20 << 20);
            player.succeed();
        }
        other => panic!("nobody knows how to play {other}"),
    }
    ExitCode::SUCCESS
}
