//! What the log of a whole process does. Each case runs in a child: this test program again, with one ignored test.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use aileron::logs::{self, Level};
use serde_json::{Map, Value};

fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        test,
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AIRFLOW__")) {
        command.env_remove(name);
    }
    command
}

fn stderr(command: &mut Command) -> Vec<String> {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn flush() {
    assert!(logs::flush(Duration::from_secs(30)));
}

#[test]
#[ignore = "run as a child by the tests below"]
fn child_logs_to_stderr() {
    logs::init();
    logs::to_stderr().unwrap();
    aileron::secrets::register("hunter2000");
    tracing::info!(target: "orders::extract", "from tracing: hunter2000");
    log::info!(target: "library::part", "from log: hunter2000");
    log::debug!(target: "library::part", "detail from log");
    logs::emit(Level::Critical, "orders", "by hand", Map::new());
    flush();
}

#[test]
fn without_a_supervisor_lines_are_text_on_stderr_without_colours_for_a_pipe() {
    let lines = stderr(&mut child("child_logs_to_stderr"));
    let starts: Vec<&str> = lines.iter().map(|line| &line[28..]).collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(starts[0].starts_with("INFO     orders.extract: from tracing: *** ("));
    assert!(starts[1].starts_with("INFO     library.part: from log: *** ("));
    assert!(starts[1].contains("logs_process.rs:"), "{}", starts[1]);
    assert_eq!(starts[2], "CRITICAL orders: by hand");
}

#[test]
fn the_configured_levels_hold_for_every_way_to_log() {
    let lines = stderr(
        child("child_logs_to_stderr")
            .env("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
            .env("AIRFLOW__LOGGING__NAMESPACE_LEVELS", "library.part=DEBUG"),
    );
    let expected = ["from log: ***", "detail from log", "by hand"];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, part) in lines.iter().zip(expected) {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn a_masking_rule_that_makes_no_sense_is_told() {
    let lines = stderr(
        child("child_logs_to_stderr").env("AIRFLOW__LOGGING__MIN_LENGTH_MASKED_SECRET", "long"),
    );
    assert!(
        lines[0].contains("MIN_LENGTH_MASKED_SECRET"),
        "{}",
        lines[0]
    );
    assert_eq!(lines.len(), 4);
}

#[test]
fn a_level_that_airflow_does_not_know_is_told_and_does_not_stop_the_process() {
    let lines =
        stderr(child("child_logs_to_stderr").env("AIRFLOW__LOGGING__LOGGING_LEVEL", "LOUD"));
    assert!(
        lines[0].contains("WARNING") && lines[0].contains("\"LOUD\""),
        "{}",
        lines[0]
    );
    assert_eq!(lines.len(), 4);
}

#[test]
#[ignore = "run as a child by the tests below"]
fn child_has_its_own_subscriber() {
    tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
    logs::init();
    tracing::info!("for the other subscriber");
    flush();
}

#[test]
fn a_subscriber_that_is_there_already_is_kept_and_a_debug_line_says_so() {
    let lines = stderr(
        child("child_has_its_own_subscriber").env("AIRFLOW__LOGGING__LOGGING_LEVEL", "DEBUG"),
    );
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("its own tracing subscriber; it is kept"));
}

#[test]
#[ignore = "run as a child by the tests below"]
fn child_logs_to_a_socket() {
    logs::init();
    tracing::info!("before the connection");
    let address = std::env::var("LOGS_ADDRESS").unwrap();
    logs::connect(TcpStream::connect(address).unwrap()).unwrap();
    log::warn!(target: "library::part", "through the bridge");
    flush();
    // The parent closes its end when it has read two lines.
    std::io::stdin().lines().next();
    tracing::info!("after the close");
    flush();
}

#[test]
fn a_supervisor_gets_json_and_stderr_gets_the_rest_when_it_is_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut command = child("child_logs_to_a_socket");
    let mut process = command
        .env("LOGS_ADDRESS", address)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(listener.accept().unwrap().0);
    let mut events = Vec::new();
    for _ in 0..2 {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        events.push(serde_json::from_str::<Value>(&line).unwrap());
    }
    drop(reader);
    drop(process.stdin.take());
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(events[0]["event"], "before the connection");
    assert_eq!(events[1]["event"], "through the bridge");
    assert_eq!(events[1]["logger"], "library.part");
    assert_eq!(events[1]["level"], "warning");
    assert!(
        events[1]["filename"]
            .as_str()
            .unwrap()
            .ends_with("logs_process.rs")
    );
    assert!(events[1].get("log.target").is_none());
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains("The logs socket was lost"));
    assert!(lines[1].contains("after the close"));
}

struct Chatty;

impl std::fmt::Debug for Chatty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        tracing::info!("from inside");
        f.write_str("Chatty")
    }
}

#[test]
#[ignore = "run as a child by the test below"]
fn child_prints_a_value_that_logs() {
    logs::init();
    let (done, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let span = tracing::info_span!("outer", chatty = tracing::field::Empty).entered();
        span.record("chatty", tracing::field::debug(Chatty));
        tracing::info!(own = ?Chatty, "last");
        done.send(())
    });
    wait.recv_timeout(Duration::from_secs(20))
        .expect("logging is stuck");
    flush();
}

#[test]
fn a_value_that_logs_while_it_is_printed_does_not_block() {
    let lines = stderr(&mut child("child_prints_a_value_that_logs"));
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(
        lines[2].contains("last own=Chatty chatty=Chatty"),
        "{}",
        lines[2]
    );
}
