//! What the client makes of servers that do not do as they should.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use aileron_client::ClientSettings;
use aileron_execution_api::{ErrorKind, ExecutionApi};
use support::{Server, TOKEN, answer, client, done, json, settings, unavailable, variable};

#[tokio::test]
async fn a_server_that_fails_at_first_is_asked_again() {
    let server = Server::answering(vec![unavailable, || json(500, "{}"), variable]).await;
    let variable = server.client().variable("k").await.unwrap();
    assert_eq!(variable.value.as_deref(), Some("v"));
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    let mut ids: Vec<_> = seen
        .iter()
        .map(|seen| seen.header("correlation-id"))
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each attempt has an id of its own");
}

#[tokio::test]
async fn a_server_that_keeps_failing_ends_in_an_error_that_says_where_and_how_often() {
    let server = Server::answering(vec![unavailable]).await;
    let error = server.client().variable("k").await.unwrap_err();
    assert_eq!(server.seen().len(), 3);
    assert_eq!(
        (error.kind, error.status),
        (ErrorKind::ServerError, Some(503))
    );
    let text = error.to_string();
    for part in [
        "get Variable \"k\"",
        "503",
        "correlation-id",
        "127.0.0.1",
        "3 attempts",
    ] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
}

#[tokio::test]
async fn a_refusal_is_not_repeated_and_keeps_its_detail() {
    for (answer, kind) in [
        (
            (|| json(401, r#"{"detail": "Missing auth token"}"#)) as fn() -> _,
            ErrorKind::Unauthorized,
        ),
        (|| json(403, r#"{"detail": "no"}"#), ErrorKind::Forbidden),
        (
            || {
                json(
                    404,
                    r#"{"detail": {"reason": "not_found", "message": "no"}}"#,
                )
            },
            ErrorKind::NotFound,
        ),
        (
            || json(409, r#"{"detail": {"reason": "r"}}"#),
            ErrorKind::Conflict,
        ),
        (
            || json(410, r#"{"detail": {"reason": "r"}}"#),
            ErrorKind::Gone,
        ),
        (
            || json(422, r#"{"detail": [{"loc": ["body"], "msg": "m"}]}"#),
            ErrorKind::Invalid,
        ),
        (
            || json(429, r#"{"detail": "slow"}"#),
            ErrorKind::OtherClientError,
        ),
        (|| super_html(413), ErrorKind::TooLarge),
    ] {
        let server = Server::answering(vec![answer]).await;
        let error = server.client().variable("k").await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(server.seen().len(), 1, "{error}");
    }
}

fn super_html(status: u16) -> axum::response::Response {
    answer(status, "text/html", "<html><h1>secret page</h1></html>")
}

#[tokio::test]
async fn a_page_of_something_in_between_says_nothing_about_what_is_stored() {
    for page in [
        (|| super_html(404)) as fn() -> _,
        || super_html(410),
        || super_html(409),
        || super_html(200),
        || answer(302, "text/html", "moved"),
    ] {
        let server = Server::answering(vec![page]).await;
        let client = server.client();
        let read = client.variable("k").await.unwrap_err();
        let written = client.delete_variable("k").await.unwrap_err();
        for error in [read, written] {
            assert_eq!(error.kind, ErrorKind::BadAnswer, "{error}");
            let text = error.to_string();
            assert!(text.contains("execution_api_server_url"), "{text}");
            assert!(!text.contains("secret page"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_route_that_is_not_there_is_told_from_a_thing_that_is_not_there() {
    let server = Server::answering(vec![|| json(404, r#"{"detail":"Not Found"}"#)]).await;
    let error = server.client().connection("c").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    const BROKEN: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"key\"";
    const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 24\r\nconnection: close\r\n\r\n{\"key\":\"k\",\"value\":\"v\"}\n";
    let server = Server::saying(vec![BROKEN, WHOLE]).await;
    assert!(server.client().variable("k").await.is_ok());

    let server = Server::saying(vec![BROKEN]).await;
    let error = server.client().variable("k").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("broke off"), "{error}");
}

#[tokio::test]
async fn what_is_no_http_is_an_error_and_no_panic() {
    for nonsense in [
        "\x16\x03\x01",
        "HTTP/1.1 abc\r\n\r\n",
        "\r\n\r\n\r\n",
        "SSH-2.0-x\r\n",
    ] {
        let server = Server::saying(vec![nonsense]).await;
        let error = server.client().variable("k").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable, "{nonsense:?}: {error}");
    }
}

#[tokio::test]
async fn json_that_does_not_fit_is_named_by_place_and_never_shown() {
    for (body, place) in [
        (
            (|| json(200, r#"{"key": "k", "value": ["hunter2"]}"#)) as fn() -> _,
            "value",
        ),
        (|| json(200, r#"{"key": "k"}"#), "does not fit"),
        (
            || json(200, r#"{"key": "k", "value": "hunter2""#),
            "not whole",
        ),
        (
            || json(200, r#"{"key": "k", "value": "v"} hunter2"#),
            "follows",
        ),
        (|| json(200, ""), "not whole"),
    ] {
        let server = Server::answering(vec![body]).await;
        let error = server.client().variable("k").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadAnswer, "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(place) && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_announced_or_not() {
    const UNANNOUNCED: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"";
    const ANNOUNCED: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999999999\r\n\r\n\"";
    for large in [UNANNOUNCED, ANNOUNCED] {
        let server = Server::saying(vec![large]).await;
        let settings = ClientSettings {
            largest_answer: 20,
            ..settings()
        };
        let error = client(&server.url, &settings)
            .variable("k")
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadAnswer, "{error}");
        assert!(error.to_string().contains("20 bytes"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_in_time() {
    const STALLED: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
    let settings = ClientSettings {
        timeout: Duration::from_millis(50),
        ..settings()
    };
    let silent = Server::saying(vec![""]).await;
    let error = client(&silent.url, &settings)
        .variable("k")
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout, "{error}");
    assert!(
        error.to_string().contains("execution_api_timeout"),
        "{error}"
    );

    // One that goes away in the middle of an answer is no better.
    let stalled = Server::saying(vec![STALLED]).await;
    let error = client(&stalled.url, &settings)
        .variable("k")
        .await
        .unwrap_err();
    assert!(error.kind.is_transient(), "{error}");
}

#[tokio::test]
async fn nobody_at_the_port_is_unavailable_and_says_why() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url, &settings()).variable("k").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    let text = error.to_string();
    assert!(
        text.contains("no connection") && text.contains("refused"),
        "{text}"
    );
    assert!(text.contains("3 attempts"), "{text}");
}

#[tokio::test]
async fn the_token_of_an_answer_goes_with_the_next_request() {
    fn refreshed() -> axum::response::Response {
        let mut answer = unavailable();
        let headers = answer.headers_mut();
        headers.insert("Refreshed-API-Token", "second-token".parse().unwrap());
        answer
    }
    let server = Server::answering(vec![refreshed, done]).await;
    let client = server.client();
    client.delete_variable("a").await.unwrap();
    client.delete_variable("b").await.unwrap();
    let tokens: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| seen.header("authorization").to_owned())
        .collect();
    assert_eq!(
        tokens,
        [
            format!("Bearer {TOKEN}"),
            "Bearer second-token".to_owned(),
            "Bearer second-token".to_owned()
        ]
    );
}

#[tokio::test]
async fn no_error_holds_the_token() {
    for answer in [unavailable as fn() -> _, || {
        json(403, r#"{"detail": "no"}"#)
    }] {
        let server = Server::answering(vec![answer]).await;
        let client = server.client();
        let error = client.variable("k").await.unwrap_err();
        let shown = format!("{error} {error:?} {client:?}");
        assert!(!shown.contains(TOKEN), "{shown}");
    }
}

#[tokio::test]
async fn every_request_names_version_and_program() {
    let server = Server::answering(vec![variable]).await;
    server.client().variable("a/b c").await.unwrap();
    let seen = server.seen().remove(0);
    assert_eq!(seen.method, "GET");
    assert_eq!(seen.target, "/execution/variables/a%2Fb%20c");
    assert_eq!(seen.header("airflow-api-version"), "2026-10-30");
    assert!(seen.header("user-agent").starts_with("aileron/"));
    assert_eq!(
        uuid::Uuid::parse_str(seen.header("correlation-id"))
            .unwrap()
            .get_version_num(),
        7
    );
}

#[tokio::test]
async fn a_name_that_no_url_can_say_is_refused_before_anything_is_sent() {
    let server = Server::answering(vec![done]).await;
    let client = server.client();
    for key in ["", ".", ".."] {
        let error = client.delete_task_state(key).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadRequest, "{error}");
    }
    let error = client.variable("keys").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
    assert_eq!(server.seen().len(), 0);
}
