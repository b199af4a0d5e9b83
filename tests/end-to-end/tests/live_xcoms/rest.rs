//! The REST API of a real Airflow, v2 and v1.

use std::process::Command;

use end_to_end::{Live, RestServer};
use serde_json::{Value, json};

use crate::reader::{aileron, ran};

const PULL: [&str; 6] = [
    "xcom",
    "pull",
    "--dag-id",
    "diagnostic",
    "--format",
    "ndjson",
];

/// What both APIs have to answer; `login` adds who asks.
fn same_as_the_database(
    live: &Live,
    server: &RestServer,
    run_id: &str,
    login: impl Fn(&mut Command),
) -> Vec<Value> {
    let by_api = |arguments: &[&str]| {
        let mut command = aileron();
        login(command.args(arguments).args(["--api-url", &server.url()]));
        ran(&mut command)
    };
    let pull = [&PULL[..], &["--run-id", run_id]].concat();
    let rows = by_api(&pull).lines();
    assert_eq!(rows.len(), 6);
    let cell = [
        &pull[..],
        &["--task-id", "discriminate_cell", "--map-index", "2"],
    ]
    .concat();
    let one = by_api(&cell).lines();
    assert_eq!(
        one,
        ran(aileron().args(&cell).env("AILERON_DB", live.url())).lines()
    );
    assert_eq!(
        by_api(&[&pull[..], &["--limit", "2"]].concat()).lines(),
        rows[..2]
    );

    let runs = [
        "xcom",
        "runs",
        "--dag-id",
        "diagnostic",
        "--format",
        "ndjson",
    ];
    assert_eq!(
        by_api(&runs).lines(),
        ran(aileron().args(runs).env("AILERON_DB", live.url())).lines()
    );

    let empty = by_api(&[&PULL[..], &["--run-id", run_id, "--key", "other"]].concat());
    assert!(
        empty.stderr.contains("try another --key"),
        "{}",
        empty.stderr
    );
    assert!(empty.lines().is_empty());
    rows
}

/// Airflow 3: everything, as the database has it.
pub(crate) fn airflow_3(live: &Live, run_id: &str) {
    let server = RestServer::start(live).unwrap();
    let rows = same_as_the_database(live, &server, run_id, |command| {
        command.env("AILERON_API_TOKEN", server.token());
    });
    let pull = [&PULL[..], &["--run-id", run_id]].concat();
    assert_eq!(
        rows,
        ran(aileron().args(&pull).env("AILERON_DB", live.url())).lines()
    );
    for (token, words) in [
        (None, "AILERON_API_TOKEN is where"),
        (Some("nonsense"), "not valid"),
    ] {
        let mut command = aileron();
        command.args(&pull).args(["--api-url", &server.url()]);
        command.envs(token.map(|token| ("AILERON_API_TOKEN", token)));
        let refused = ran(&mut command);
        assert_eq!(refused.code, Some(18), "{refused:?}");
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
}

/// Airflow 2: it has its own words for wrapped Python types.
pub(crate) fn airflow_2(live: &Live, run_id: &str) {
    let server = RestServer::start(live).unwrap();
    let rows = same_as_the_database(live, &server, run_id, |command| {
        command
            .env("AILERON_API_USER", RestServer::USER)
            .env("AILERON_API_PASSWORD", RestServer::PASSWORD);
    });
    let crypto: Vec<&Value> = rows
        .iter()
        .filter(|row| row["task_id"] == "discriminate_cell")
        .map(|row| &row["value"]["crypto"])
        .collect();
    assert!(crypto.contains(&&json!("dögé 🐕")), "{crypto:?}");
}
