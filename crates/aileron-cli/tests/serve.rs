//! `aileron serve`: starting, refusing to start, and ending.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use support::Sandbox;
use support::database;

const SECRET: (&str, &str) = (
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "hunter2 hunter2 hunter2 hunter2",
);

/// The command with nothing of this machine's Airflow.
fn command(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aileron"));
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .env_clear()
        .env("AIRFLOW_HOME", sandbox.path("airflow"))
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn refused(sandbox: &Sandbox, arguments: &[&str], variables: &[(&str, &str)], code: i32) -> String {
    let output = command(sandbox, arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(!stderr.contains("hunter2"), "{stderr}");
    stderr
}

/// The server, and where it listens.
fn started(sandbox: &Sandbox, arguments: &[&str]) -> (Child, String) {
    let database = sandbox.path(".aileron/airflow.db");
    let mut child = command(sandbox, &["--db", database.to_str().unwrap()])
        .args(arguments)
        .env(SECRET.0, SECRET.1)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    log.read_line(&mut line).unwrap();
    let address = line
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
    // What comes later is not looked at, but it must find room.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    (child, address)
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_until_it_is_told_to_end() {
    let sandbox = Sandbox::new();
    database::make(&sandbox);
    let (mut child, address) = started(&sandbox, &["--log-format", "json"]);
    assert!(get(&address, "/execution/health").contains(r#"{"status":"healthy"}"#));
    assert!(get(&address, "/health/ready").contains("200 OK"));
    assert!(get(&address, "/execution/variables/x").contains("401 Unauthorized"));
    assert!(get(&address, "/metrics").contains(r#"route="GetVariable",status="401""#));
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn without_a_secret_it_does_not_start() {
    let sandbox = Sandbox::new();
    let error = refused(&sandbox, &[], &[], 1);
    assert!(error.contains("AIRFLOW__API_AUTH__JWT_SECRET"), "{error}");
}

#[test]
fn without_a_database_it_does_not_start() {
    let sandbox = Sandbox::new();
    let error = refused(&sandbox, &[], &[SECRET], 1);
    assert!(
        error.contains("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"),
        "{error}"
    );
    let error = refused(&sandbox, &["--db", "nothing.db"], &[SECRET], 1);
    assert!(error.contains("nothing.db"), "{error}");
    for url in ["mysql://ada:hunter2@db/airflow", "ada:hunter2@db"] {
        let error = refused(
            &sandbox,
            &[],
            &[SECRET, ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)],
            1,
        );
        assert!(error.contains("sql_alchemy_conn"), "{error}");
    }
}

#[test]
fn an_upstream_that_is_no_url_is_a_wrong_command_line() {
    let sandbox = Sandbox::new();
    let error = refused(&sandbox, &["--upstream", "airflow"], &[SECRET], 2);
    assert!(error.contains("--upstream"), "{error}");
}
