//! What a task asks.

use aileron_supervisor::Ended;
use serde_json::json;

use crate::stage::{Stage, block_on, trials};

trials![
    requests_that_were_sent_together_are_carried_out_together,
    writes_to_one_key_keep_their_order_and_the_end_comes_last,
    a_strange_request_is_answered_and_the_next_one_is_served,
    a_frame_that_cannot_be_read_ends_the_task_with_the_reason,
    a_value_of_many_megabytes_goes_there_and_back,
];

fn requests_that_were_sent_together_are_carried_out_together() {
    let stage = Stage::bundle("asks_twice");
    stage.api.state().variables = [("one", "1"), ("other", "2")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    stage.api.hold("variable one");
    stage.api.hold("variable other");
    let both = async {
        stage.api.called("variable", 2).await;
        stage.api.release("variable other");
        stage.api.release("variable one");
    };
    let (finished, ()) = block_on(async { tokio::join!(stage.run(), both) });
    assert_eq!(finished.unwrap().state.to_string(), "success");
}

fn writes_to_one_key_keep_their_order_and_the_end_comes_last() {
    let stage = Stage::player("stores-in-order");
    stage.api.hold("set_task_state k");
    let release = async {
        // The one for another key does not wait.
        stage.api.called("set_task_state", 2).await;
        while stage.api.state().done.last().unwrap() != "set_task_state other" {
            tokio::task::yield_now().await;
        }
        assert_eq!(stage.api.count("set_task_state k"), 1);
        stage.api.release("set_task_state k");
    };
    let (finished, ()) = block_on(async { tokio::join!(stage.run(), release) });
    finished.unwrap();
    assert_eq!(
        stage.api.state().done[1..],
        [
            "set_task_state other",
            "set_task_state k",
            "set_task_state k",
            "update_state success"
        ]
    );
    assert_eq!(stage.api.state().task_state["k"], "2");
    assert_eq!(stage.log.of("task.stdout"), ["answered [3, 1, 2, 4]"]);
}

fn a_strange_request_is_answered_and_the_next_one_is_served() {
    let stage = Stage::player("asks-oddly");
    stage.api.fail(
        "trigger_dag_run",
        2,
        aileron_execution_api::ErrorKind::Conflict,
    );
    stage.api.fail(
        "set_rendered_fields",
        1,
        aileron_execution_api::ErrorKind::Gone,
    );
    assert_eq!(stage.finished().state.to_string(), "success");
    let lines = stage.log.lines();
    let answers = lines
        .iter()
        .find(|line| line["event"] == "answers")
        .unwrap()["answers"]
        .clone();
    let codes: Vec<String> = answers
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| {
            let status = answer["error"]["detail"]["status_code"].as_i64();
            match (status, answer["error"].as_str(), answer["type"].as_str()) {
                (Some(status), ..) => format!("{status}"),
                (None, Some(error), _) => error.to_owned(),
                (None, None, kind) => kind.unwrap_or("nothing").to_owned(),
            }
        })
        .collect();
    assert_eq!(
        codes,
        [
            "400",
            "400",
            "400",
            "400",
            "PERMISSION_DENIED",
            "VARIABLE_NOT_FOUND",
            "CONNECTION_NOT_FOUND",
            "XComResult",
            "XCOM_NOT_FOUND",
            "TASK_STORE_NOT_FOUND",
            "ASSET_NOT_FOUND",
            "ASSET_STORE_NOT_FOUND",
            "501",
            "OKResponse",
            "DAGRUN_ALREADY_EXISTS",
            "OKResponse",
            "nothing",
        ]
    );
    assert_eq!(answers[7]["value"], json!(null));
    assert_eq!(answers[8]["detail"]["offset"], 0);
    assert_eq!(stage.api.count("clear_dag_run d/r"), 1);
    let framed: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "framed")
        .map(|line| &line["error"])
        .collect();
    assert_eq!(framed, ["VARIABLE_NOT_FOUND", "PERMISSION_DENIED"]);
}

fn a_frame_that_cannot_be_read_ends_the_task_with_the_reason() {
    let stage = Stage::player("sends-rubbish");
    let finished = stage.finished();
    assert!(
        matches!(&finished.ended, Some(Ended::BadFrame(_))),
        "{finished:?}"
    );
    assert_eq!(finished.state.to_string(), "failed");
    assert!(
        stage.log.text().contains("a frame must be an array"),
        "{}",
        stage.log.text()
    );
}

fn a_value_of_many_megabytes_goes_there_and_back() {
    let stage = Stage::player("exchanges-much");
    assert_eq!(stage.finished().state.to_string(), "success");
}
