//! Probes run in a real Python on this machine; each failure on the way has its own kind and its own words.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

use std::time::{Duration, Instant};

use aileron_deployment::{EXIT_CODES, Exec, Failure, Limits, Probe, Rows};
use serde_json::{Value, json};

const ECHO: Probe = Probe::new("def probe(request, database):\n    yield request\n");

async fn start(
    command: &str,
    probe: &Probe,
    request: Value,
    limits: &Limits,
) -> Result<Rows, Failure> {
    Exec::parse(command)
        .unwrap()
        .run(probe, &request, limits)
        .await
}

/// How a probe ends, after all its rows.
async fn outcome(command: &str, probe: &Probe) -> Result<Vec<Value>, Failure> {
    all(start(command, probe, Value::Null, &quick()).await?).await
}

async fn all(mut rows: Rows) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    while let Some(row) = rows.next().await? {
        all.push(row.read()?);
    }
    Ok(all)
}

fn quick() -> Limits {
    Limits {
        silence: Duration::from_secs(20),
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent_and_rows_come_back_as_they_were_yielded() {
    let request = json!({"text": "\"quoted\" $HOME `x` 'y' \\ \n é 😀 \u{0}", "numbers": [1.5, null, -3], "deep": {"": {}}});
    for command in ["python3", "env python3", "sh -c 'exec \"$0\" \"$@\"'"] {
        let rows = start(command, &ECHO, request.clone(), &quick())
            .await
            .unwrap();
        assert_eq!(
            all(rows).await.unwrap(),
            std::slice::from_ref(&request),
            "{command}"
        );
    }
}

#[tokio::test]
async fn many_and_large_rows_come_in_order_and_a_reader_may_leave_early() {
    let many = Probe::new(
        "def probe(request, database):\n    for n in range(20000):\n        yield [n, 'x' * (n % 7)]\n",
    );
    let rows = outcome("python3", &many).await.unwrap();
    assert!(rows.iter().enumerate().all(|(at, row)| row[0] == at) && rows.len() == 20_000);
    let large = Probe::new("def probe(request, database):\n    yield 'é' * 3_000_000\n");
    let rows = outcome("python3", &large).await.unwrap();
    assert_eq!(rows[0].as_str().unwrap().chars().count(), 3_000_000);
    let endless = Probe::new("def probe(request, database):\n    while True:\n        yield 1\n");
    let mut rows = start("python3", &endless, Value::Null, &quick())
        .await
        .unwrap();
    assert!(rows.next().await.unwrap().is_some());
}

#[tokio::test]
async fn what_a_probe_or_its_modules_print_does_not_mix_with_its_rows() {
    let noisy = Probe::new(
        "def probe(request, database):\n    print('noise')\n    os.system('echo noise')\n    yield 1\n",
    );
    assert_eq!(outcome("python3", &noisy).await.unwrap(), [json!(1)]);
}

#[tokio::test]
async fn a_command_that_is_not_there_says_so() {
    let failure = outcome("no-such-command-at-all exec", &ECHO)
        .await
        .unwrap_err();
    assert!(
        matches!(&failure, Failure::NotStarted { program, .. } if program == "no-such-command-at-all"),
        "{failure}"
    );
    assert_eq!(failure.exit_code(), 10);
}

#[tokio::test]
async fn a_command_that_fails_is_told_with_its_words_and_without_credentials() {
    let command = "sh -c 'echo unable to reach postgresql://me:hunter2@db/x >&2; exit 7' --";
    let failure = outcome(command, &ECHO).await.unwrap_err();
    let text = failure.to_string();
    assert!(
        text.contains("ended with exit code 7: unable to reach postgresql://***@db/x"),
        "{text}"
    );
    assert_eq!(failure.exit_code(), 13);
    let failure = outcome("env /no/such/python", &ECHO).await.unwrap_err();
    assert!(
        failure
            .to_string()
            .contains("there is no such Python there"),
        "{failure}"
    );
    assert_eq!(failure.exit_code(), 13);
}

#[tokio::test]
async fn what_is_no_answer_of_a_probe_is_never_taken_for_an_empty_one() {
    for (command, words) in [
        (
            "sh -c 'echo Welcome to postgresql://me:hunter2@db; cat > /dev/null' --",
            "\"Welcome to postgresql://***@db\"",
        ),
        ("sh -c 'exit 0' --", "standard input"),
        ("sh -c 'cat > /dev/null' --", "standard input"),
        (
            "sh -c 'echo \"{\\\"row\\\":1}\"; cat > /dev/null' --",
            "ended after 1 rows",
        ),
        (
            "sh -c 'echo \"{\\\"end\\\":3}\"; cat > /dev/null' --",
            "0 of 3 rows came",
        ),
        (
            "sh -c 'echo \"[]\"; cat > /dev/null' --",
            "is not the answer of the probe",
        ),
    ] {
        let failure = outcome(command, &ECHO).await.unwrap_err();
        assert!(failure.to_string().contains(words), "{command}: {failure}");
        assert!(!failure.to_string().contains("hunter2"));
        assert_eq!(failure.exit_code(), 15, "{command}");
    }
}

#[tokio::test]
async fn silence_ends_the_command() {
    let limits = Limits {
        silence: Duration::from_millis(300),
        ..Limits::default()
    };
    let started = Instant::now();
    let failure = all(
        start("sh -c 'exec sleep 60' --", &ECHO, Value::Null, &limits)
            .await
            .unwrap(),
    )
    .await
    .unwrap_err();
    assert!(
        matches!(failure, Failure::Silence { .. }) && failure.exit_code() == 16,
        "{failure}"
    );
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_missing_connection_string_names_both_variables_and_a_secrets_backend_is_refused() {
    let open = Probe::new("def probe(request, database):\n    database()\n    yield 1\n");
    for (environment, words) in [
        (
            "A=1",
            "neither AIRFLOW__DATABASE__SQL_ALCHEMY_CONN nor AIRFLOW__CORE__SQL_ALCHEMY_CONN is set",
        ),
        (
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET=conn",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET is set, and only Airflow",
        ),
        (
            "AIRFLOW__CORE__SQL_ALCHEMY_CONN_SECRET=conn",
            "AIRFLOW__CORE__SQL_ALCHEMY_CONN_SECRET is set",
        ),
        (
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD=false",
            "the command of AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD ended",
        ),
    ] {
        let command = format!(
            "env -u AIRFLOW__DATABASE__SQL_ALCHEMY_CONN -u AIRFLOW__CORE__SQL_ALCHEMY_CONN {environment}"
        );
        let failure = outcome(&command, &open).await.unwrap_err();
        assert!(failure.to_string().contains(words), "{failure}");
        assert_eq!(failure.exit_code(), 14);
    }
}

#[tokio::test]
async fn a_probe_that_breaks_says_how_and_shows_no_credentials() {
    let broken = Probe::new(
        "def probe(request, database):\n    yield 1\n    raise ValueError('at postgresql://me:hunter2@db/x')\n",
    );
    let failure = outcome("python3", &broken).await.unwrap_err();
    assert!(
        failure
            .to_string()
            .contains("ValueError: at postgresql://***@db/x"),
        "{failure}"
    );
    let refusing = Probe::new(
        "def probe(request, database):\n    raise Refused('database', 'no')\n    yield\n",
    );
    assert_eq!(
        outcome("python3", &refusing).await.unwrap_err().exit_code(),
        17
    );
}

#[test]
fn the_table_has_a_line_for_every_exit_code() {
    let codes: Vec<&str> = EXIT_CODES
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(
        codes,
        ["10", "11", "12", "13", "14", "15", "16", "17", "18", "19"]
    );
}
