//! Log lines made by the SDK, read by Airflow's own code: the supervisor's log reader and the log page's.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aileron::logs::{Level, Levels, LogPipe, QUEUE_LIMIT, layer_to};
use aileron::secrets::Masker;
use anyhow::{Context, Result, ensure};
use end_to_end::AirflowVersion;
use serde_json::{Map, Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

/// Passes lines through the supervisor's reader, then through the model that Airflow reads its log files with.
const READ_LINES: &str = r#"
import io, sys
import structlog
from airflow.sdk.execution_time.supervisor import process_log_messages_from_subprocess
from airflow.sdk.log import logging_processors
from airflow.utils.log.file_task_handler import StructuredLogMessage

out = io.BytesIO()
task_log = structlog.wrap_logger(structlog.BytesLogger(out), processors=logging_processors(json_output=True)).bind()
reader = process_log_messages_from_subprocess((task_log,))
next(reader)
for line in sys.stdin.buffer:
    reader.send(line)
for line in out.getvalue().splitlines():
    print(StructuredLogMessage.model_validate_json(line).model_dump_json())
"#;

/// What `log` sends to the logs socket.
fn sent(log: impl FnOnce(&Arc<LogPipe>)) -> Result<Vec<u8>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let ours = TcpStream::connect(listener.local_addr()?)?;
    let mut theirs = listener.accept()?.0;
    let masker = Arc::new(Masker::default());
    masker.register("hunter2000");
    let pipe = Arc::new(LogPipe::with_fallback(
        masker,
        std::io::stderr(),
        QUEUE_LIMIT,
    ));
    pipe.connect(ours)?;
    log(&pipe);
    ensure!(pipe.flush(Duration::from_secs(30)), "lines are not written");
    drop(pipe);
    let mut bytes = Vec::new();
    theirs.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_by_airflow(version: AirflowVersion, lines: &[u8]) -> Result<Vec<Value>> {
    let home = tempfile::tempdir()?;
    let mut python = Command::new(version.python()?)
        .args(["-c", READ_LINES])
        .env("AIRFLOW_HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("Python does not start")?;
    let mut stdin = python.stdin.take().context("there is a pipe")?;
    stdin.write_all(lines)?;
    drop(stdin);
    let output = python.wait_with_output()?;
    ensure!(output.status.success(), "Airflow failed on the lines");
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

fn log_everything(pipe: &Arc<LogPipe>) {
    let subscriber =
        tracing_subscriber::registry().with(layer_to(Arc::clone(pipe), Levels::at(Level::Debug)));
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(target: "orders::extract", rows = 3, http.method = "GET", "Line\nwith \"é\u{1F511}\u{2028} hunter2000");
        tracing::error!(
            target: "t", target = 1, msg = 2, self = 3, method_name = 4, positional_args = 5, event = 6, level = 7,
            timestamp = 8, exc_info = true, stack_info = true, exception = "e", error_detail = "d", logger_name = 9,
            "Reserved"
        );
        tracing::warn!(target: "t", nan = f64::NAN, big = u128::MAX);
    });
    let detail = json!([{"exc_type": "E", "exc_value": "v", "exc_notes": [], "is_cause": false, "frames": [
        {"filename": "src/main.rs", "lineno": 7, "name": "extract"},
    ]}]);
    let fields = Map::from_iter([("error_detail".to_owned(), detail)]);
    pipe.emit(Level::Critical, "task", "Task failed", fields);
}

fn check(version: AirflowVersion) -> Result<()> {
    let lines = read_by_airflow(version, &sent(log_everything)?)?;
    let levels: Vec<&Value> = lines.iter().map(|line| &line["level"]).collect();
    assert_eq!(
        levels,
        ["info", "error", "warning", "critical"],
        "{version}"
    );

    assert_eq!(lines[0]["event"], "Line\nwith \"é\u{1F511}\u{2028} ***");
    assert_eq!(lines[0]["logger"], "orders.extract");
    assert_eq!(lines[0]["http.method"], "GET");
    assert_eq!(lines[0]["rows"], 3);
    assert!(lines[0]["lineno"].is_u64());

    for (name, value) in [
        ("target_", json!(1)),
        ("msg_", json!(2)),
        ("self_", json!(3)),
        ("method_name_", json!(4)),
        ("positional_args_", json!(5)),
        ("event_", json!(6)),
        ("level_", json!(7)),
        ("timestamp_", json!(8)),
        ("exc_info_", json!(true)),
        ("stack_info_", json!(true)),
        ("exception_", json!("e")),
        ("error_detail_", json!("d")),
        ("logger_name_", json!(9)),
    ] {
        assert_eq!(lines[1][name], value, "{version}: {name}");
    }
    assert_eq!(lines[2]["nan"], "NaN");
    assert_eq!(lines[3]["error_detail"][0]["frames"][0]["name"], "extract");
    Ok(())
}

#[test]
fn airflow_reads_every_line_and_loses_no_field() -> Result<()> {
    AirflowVersion::ALL.into_iter().try_for_each(check)
}
