//! Read-only by construction: what the database itself logged, and what it refuses.

use aileron_deployment::{Exec, Failure, Limits, Probe};
use end_to_end::{Kept, Live, LiveAirflow, Postgres};
use serde_json::Value;

use crate::pod::Pod;
use crate::reader::{aileron, ran};

/// What SQLAlchemy and its driver ask a server before anything else.
const OF_SQLALCHEMY: &[&str] = &[
    "select pg_catalog.version()",
    "select current_schema()",
    "show standard_conforming_strings",
    "show transaction isolation level",
    "begin read only",
    "begin",
    "rollback",
];

/// Statements that a server logged, in small letters and with single spaces.
fn statements(log: &str) -> Vec<String> {
    let logged = log.replace("\n\t", " ");
    let statements = logged.lines().filter_map(|line| {
        let (_, statement) = line.split_once("LOG:  ")?;
        let statement = statement
            .strip_prefix("statement: ")
            .or_else(|| Some(statement.strip_prefix("execute ")?.split_once(": ")?.1))?;
        Some(
            statement
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .to_lowercase(),
        )
    });
    statements.collect()
}

/// Everything that happened on the server while this was done.
fn during(server: &Postgres, work: impl FnOnce()) -> Vec<String> {
    let before = server.log().len();
    work();
    statements(&server.log()[before..])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_the_database_has_one_select_in_a_transaction_that_reads_only() {
    let server = Postgres::start().unwrap();
    let live = Live::new(LiveAirflow::V3, Some(&server)).unwrap();
    let run_id = live
        .fill(Kept::Plain, &["2026-06-01"], 0)
        .unwrap()
        .remove(0);
    let database = live.postgres().unwrap();
    database
        .sql(&format!(
            "alter database {} set log_statement = 'all'",
            database.name()
        ))
        .unwrap();
    let pod = Pod::of(&live, Kept::Plain);
    let pull = [
        "xcom",
        "pull",
        "--dag-id",
        "diagnostic",
        "--run-id",
        &run_id,
        "--format",
        "ndjson",
        "--statement-timeout",
        "7",
    ];
    let runs = [
        "xcom",
        "runs",
        "--dag-id",
        "diagnostic",
        "--format",
        "ndjson",
        "--statement-timeout",
        "7",
    ];
    for (arguments, select) in [(&pull[..], "select x.task_id"), (&runs, "select r.")] {
        let by_probe = during(&server, || {
            assert!(!ran(pod.aileron().args(arguments)).lines().is_empty())
        });
        let by_database = during(&server, || {
            assert!(
                !ran(aileron().args(arguments).env("AILERON_DB", live.url()))
                    .lines()
                    .is_empty()
            );
        });
        for mut said in [by_probe, by_database] {
            let begin = said
                .iter()
                .position(|statement| statement.starts_with("begin read only"));
            let limit = said
                .iter()
                .position(|statement| statement.contains("set local statement_timeout = 7000"));
            let asked = said
                .iter()
                .position(|statement| statement.starts_with(select));
            assert!(
                begin.is_some() && begin <= limit && limit < asked,
                "{said:#?}"
            );
            said.retain(|statement| {
                !statement.starts_with(select)
                    && !OF_SQLALCHEMY.contains(&statement.as_str())
                    && statement != "set local statement_timeout = 7000"
                    && statement != "begin read only; set local statement_timeout = 7000"
            });
            assert!(said.is_empty(), "more was said to the database: {said:#?}");
        }
    }
    writes_are_refused(&live).await;
    nothing_of_the_connection_string_crosses(&live).await;
}

/// Even a probe that tries to write cannot.
async fn writes_are_refused(live: &Live) {
    const WRITE: Probe = Probe::new(
        "def probe(request, database):\n    yield from database().rows(\"DELETE FROM xcom WHERE key = :key RETURNING key\", {'key': 'return_value'})\n",
    );
    let exec = exec(live, live.url());
    let mut rows = exec
        .run(&WRITE, &Value::Null, &Limits::default())
        .await
        .unwrap();
    let failure = rows.next().await.unwrap_err();
    assert!(matches!(failure, Failure::Database { .. }), "{failure:?}");
    assert!(
        failure
            .to_string()
            .contains("cannot execute DELETE in a read-only transaction"),
        "{failure}"
    );
    assert_ne!(
        live.postgres()
            .unwrap()
            .sql("select count(*) from xcom")
            .unwrap()
            .trim(),
        "0"
    );
}

/// No error text of SQLAlchemy or a driver brings user, password, host or name of the database along.
async fn nothing_of_the_connection_string_crosses(live: &Live) {
    const OPEN: Probe = Probe::new(
        "def probe(request, database):\n    yield from database().rows('SELECT nothing FROM nowhere', {})\n",
    );
    let good = live.url();
    let port = good
        .rsplit_once(':')
        .unwrap()
        .1
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    for (url, code, words) in [
        (good.to_owned(), 17, "relation \"nowhere\" does not exist"),
        (
            format!("postgresql+psycopg2://ada:hun%2Fter2@localhost:{port}/secretbase"),
            17,
            "authentication failed",
        ),
        (
            "postgresql+psycopg2://ada:hun%2Fter2@127.0.0.1:1/secretbase".to_owned(),
            17,
            "Connection refused",
        ),
        (
            "postgresql+psycopg2://ada:hun%2Fter2@no-such-host.invalid/secretbase".to_owned(),
            17,
            "could not translate host name",
        ),
        (
            "postgresql+nodriver://ada:hun%2Fter2@db/secretbase".to_owned(),
            17,
            "NoSuchModuleError",
        ),
        (
            "ada:hun%2Fter2@db secretbase".to_owned(),
            17,
            "Could not parse",
        ),
        ("oracle://ada:hun%2Fter2@db/secretbase".to_owned(), 15, ""),
    ] {
        let mut rows = exec(live, &url)
            .run(&OPEN, &Value::Null, &Limits::default())
            .await
            .unwrap();
        let failure = rows.next().await.unwrap_err();
        let text = failure.to_string();
        assert!(text.contains(words), "{text}");
        assert_eq!(failure.exit_code(), code, "{text}");
        let secrets = [
            "hunter2",
            "hun%2Fter2",
            "hun/ter2",
            "ada",
            "secretbase",
            "sesame-4711",
            "no-such-host",
            "127.0.0.1",
        ];
        // The place is the command of this test, which names no secret.
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} has crossed: {text}");
        }
    }
}

/// A Python of the deployment with another connection string, which a file holds so that the command does not.
fn exec(live: &Live, url: &str) -> Exec {
    let path = live.home().join("open.sh");
    let python = live.airflow().python().unwrap();
    let script = format!(
        "export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN='{url}'\nexec '{}' \"$@\"\n",
        python.display()
    );
    std::fs::write(&path, script).unwrap();
    // What the last word names is only the name of the script; what is added to the command goes to the Python in it.
    Exec::new(vec![
        "sh".into(),
        "-c".into(),
        format!(". '{}'", path.display()),
        "python".into(),
    ])
}

#[test]
fn the_probes_have_one_select_each_and_no_other_word_of_sql() {
    let probes = [
        include_str!("../../../../crates/aileron-deployment/src/xcom/pull.py"),
        include_str!("../../../../crates/aileron-deployment/src/xcom/runs.py"),
    ];
    for source in probes {
        let statement: Vec<&str> = source
            .lines()
            .filter(|line| line.contains("SELECT = "))
            .collect();
        assert_eq!(statement.len(), 1, "{source}");
        let calls: Vec<&str> = source
            .lines()
            .filter(|line| line.contains(".rows(") || line.contains("execute("))
            .collect();
        assert_eq!(calls.len(), 1, "{calls:?}");
    }
    let frame = include_str!("../../../../crates/aileron-deployment/src/probe/frame.py");
    for source in probes.into_iter().chain([frame]) {
        for word in [
            "INSERT",
            "UPDATE ",
            "DELETE",
            "DROP",
            "ALTER",
            "TRUNCATE",
            "CREATE ",
            "COMMIT",
            ".commit(",
            "open(mode=\"w",
        ] {
            assert!(!source.contains(word), "{word}");
        }
    }
}
