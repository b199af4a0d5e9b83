//! What a task says.

use aileron_supervisor::FileSink;
use aileron_wire::message::ConnectionResponse;
use bytes::Bytes;
use memchr::memmem;
use serde_json::json;

use crate::stage::{Stage, block_on, trials};

trials![
    every_stream_has_the_form_of_airflows_log_files,
    a_flood_is_kept_whole_and_in_order,
    a_line_of_a_hundred_megabytes_comes_in_parts,
    what_is_no_json_is_kept_as_text,
    secrets_that_a_task_is_given_are_masked_wherever_it_says_them,
    secrets_that_a_task_registers_are_masked_even_where_a_long_line_is_cut,
    a_full_disk_does_not_end_the_task_and_is_told,
];

fn every_stream_has_the_form_of_airflows_log_files() {
    let stage = Stage::bundle("answers");
    stage.finished();
    let text = stage.log.text();
    for line in text.lines() {
        assert!(line.starts_with("{\"timestamp\":\"20"), "{line}");
    }
    let lines = stage.log.lines();
    let with = |event: &str| lines.iter().find(|line| line["event"] == event).unwrap();
    assert_eq!(with("printed")["logger"], "task.stdout");
    assert_eq!(with("printed")["level"], "info");
    assert_eq!(with("complained")["logger"], "task.stderr");
    assert_eq!(with("complained")["level"], "error");
    assert_eq!(with("in the body")["level"], "info");
}

fn a_flood_is_kept_whole_and_in_order() {
    let stage = Stage::player("floods");
    stage.finished();
    for (logger, word) in [("f", "log"), ("task.stdout", "out")] {
        let lines = stage.log.of(logger);
        assert_eq!(lines.len(), 20_000);
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(*line, format!("{word} {number}"));
        }
    }
}

fn a_line_of_a_hundred_megabytes_comes_in_parts() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let sink = move |lines: &[u8]| {
        let mut lines = Bytes::copy_from_slice(lines);
        while let Some(end) = memchr::memchr(b'\n', &lines) {
            sender.send(lines.split_to(end + 1)).unwrap();
        }
    };
    block_on(Stage::player("prints-a-long-line").run_with(sink)).unwrap();
    let lines: Vec<Bytes> = receiver.iter().collect();
    let (next, parts) = lines.split_last().unwrap();
    assert!(next.ends_with(b"\"event\":\"next\",\"logger\":\"task.stdout\"}\n"));
    let mut length = 0;
    for (number, line) in parts.iter().enumerate() {
        let begin = memmem::find(line, b"\"event\":\"").unwrap() + 9;
        let end = memmem::rfind(line, b"\",\"logger\"").unwrap();
        length += end - begin;
        let last = number + 1 == parts.len();
        let rest = format!("\"part\":{},\"last_part\":{last}}}\n", number + 1);
        assert!(line.ends_with(rest.as_bytes()), "{:?}", &line[end..]);
    }
    assert_eq!(length, (100 << 20) + 3);
}

fn what_is_no_json_is_kept_as_text() {
    let stage = Stage::player("logs-oddly");
    stage.finished();
    let lines = stage.log.lines();
    let events: Vec<&str> = lines
        .iter()
        .map(|line| line["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        [
            "no json",
            "unknown level",
            "no level",
            "[\"a list\"]",
            "{\"event\":\"cut"
        ]
    );
    assert!(
        lines
            .iter()
            .all(|line| line["level"] == "info" && line["logger"] == "task")
    );
    assert_eq!(lines[1]["unknown_level"], "loud");
}

fn secrets_that_a_task_is_given_are_masked_wherever_it_says_them() {
    let stage = Stage::bundle("blabs");
    stage
        .api
        .state()
        .variables
        .insert("api_token".to_owned(), "correct horse".to_owned());
    let connection = json!({"conn_id": "db", "conn_type": "x", "host": null, "schema": null, "login": null,
                            "password": "battery staple", "port": null, "extra": "{\"k\": \"deep secret\"}"});
    let connection: ConnectionResponse = serde_json::from_value(connection).unwrap();
    stage
        .api
        .state()
        .connections
        .insert("db".to_owned(), connection);
    stage.finished();
    assert_eq!(stage.log.of("task.stdout"), ["the password is ***"]);
    assert_eq!(stage.log.of("task.stderr"), ["the token is Some(\"***\")"]);
}

fn secrets_that_a_task_registers_are_masked_even_where_a_long_line_is_cut() {
    let stage = Stage::player("masks");
    stage.finished();
    let text = stage.log.text();
    assert!(!text.contains("hunter2000"));
    assert!(
        !text.contains("hunt") && !text.contains("2000\""),
        "a part of it shows"
    );
    assert!(text.contains("\"nested\":{\"a\":[\"***\"]}"));
}

fn a_full_disk_does_not_end_the_task_and_is_told() {
    let stage = Stage::bundle("answers");
    let finished = block_on(stage.run_with(FileSink::new("/dev/full"))).unwrap();
    assert_eq!(finished.state.to_string(), "success");
    assert_eq!(finished.log_problems.len(), 1);
    assert!(
        finished.log_problems[0].contains("the log file /dev/full"),
        "{:?}",
        finished.log_problems
    );
}
