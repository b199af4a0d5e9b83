//! The channel against a supervisor made of one thread and one socket.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream as StdTcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use aileron_wire::frame::{self, Request, Response};
use aileron_wire::message::{
    ErrorResponse, ErrorType, GetVariable, Message, ToSupervisor, VariableResult,
};
use bytes::Bytes;
use tokio::net::TcpStream;

use super::socket::{FirstFrame, SocketChannel};
use super::{Channel, CommError};

/// Runs `test` with a channel whose other end `supervisor` holds.
fn with_supervisor<T: Send + 'static, F: Future<Output = ()>>(
    carrier: Option<BTreeMap<String, String>>,
    supervisor: impl FnOnce(StdTcpStream) -> T + Send + 'static,
    test: impl FnOnce(SocketChannel) -> F,
) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let supervisor: JoinHandle<T> =
        std::thread::spawn(move || supervisor(listener.accept().unwrap().0));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stream = TcpStream::connect(address).await.unwrap();
        let channel = FirstFrame::new(stream).into_channel(carrier);
        let limit = Duration::from_secs(20);
        tokio::time::timeout(limit, test(channel))
            .await
            .expect("nothing here takes long");
    });
    drop(runtime);
    supervisor.join().unwrap()
}

fn read_request(stream: &mut StdTcpStream) -> Request {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut payload = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut payload).unwrap();
    Request::decode(payload.into()).unwrap()
}

fn key(request: &Request) -> String {
    match ToSupervisor::decode(&request.body).unwrap() {
        ToSupervisor::GetVariable(get) => get.key,
        other => panic!("not a GetVariable: {other:?}"),
    }
}

fn answer(stream: &mut StdTcpStream, request: &Request) {
    let body = VariableResult {
        key: key(request),
        value: Some(format!("value of {}", key(request))),
    };
    respond(stream, request.id, Some(body.encode().unwrap()), None);
}

fn respond(stream: &mut StdTcpStream, id: u64, body: Option<Vec<u8>>, error: Option<Vec<u8>>) {
    let response = Response {
        id,
        body: body.map(Bytes::from),
        error: error.map(Bytes::from),
    };
    stream.write_all(&response.encode().unwrap()).unwrap();
}

async fn get(channel: &SocketChannel, key: &str) -> Result<Option<String>, CommError> {
    let channel: &dyn Channel = channel;
    let request = GetVariable {
        key: key.to_owned(),
    };
    channel
        .ask::<_, VariableResult>(&request)
        .await
        .map(|variable| variable.value)
}

#[test]
fn many_requests_at_once_each_get_their_own_reply() {
    const COUNT: usize = 300;
    with_supervisor(
        None,
        |mut stream| {
            let mut requests: Vec<Request> =
                (0..COUNT).map(|_| read_request(&mut stream)).collect();
            // Any other order than that of the requests.
            requests.sort_by_key(|request| (request.id * 7919) % 101);
            for request in &requests {
                answer(&mut stream, request);
            }
        },
        |channel| async move {
            let keys: Vec<String> = (0..COUNT).map(|n| format!("key-{n}")).collect();
            let values =
                futures_util::future::join_all(keys.iter().map(|key| get(&channel, key))).await;
            for (key, value) in keys.iter().zip(values) {
                assert_eq!(value.unwrap().unwrap(), format!("value of {key}"));
            }
        },
    );
}

#[test]
fn requests_from_other_threads_share_the_connection() {
    with_supervisor(
        None,
        |mut stream| {
            for _ in 0..40 {
                let request = read_request(&mut stream);
                answer(&mut stream, &request);
            }
        },
        |channel| async move {
            let handle = tokio::runtime::Handle::current();
            let threads = (0..4).map(|thread| {
                let (channel, handle) = (channel.clone(), handle.clone());
                tokio::task::spawn_blocking(move || {
                    for n in 0..10 {
                        let key = format!("{thread}/{n}");
                        let value = handle.block_on(get(&channel, &key)).unwrap();
                        assert_eq!(value.unwrap(), format!("value of {key}"));
                    }
                })
            });
            for thread in threads.collect::<Vec<_>>() {
                thread.await.unwrap();
            }
        },
    );
}

#[test]
fn a_dropped_waiter_loses_nobody_elses_reply() {
    with_supervisor(
        None,
        |mut stream| {
            let requests: Vec<Request> = (0..3).map(|_| read_request(&mut stream)).collect();
            for request in requests.iter().rev() {
                answer(&mut stream, request);
            }
            let last = read_request(&mut stream);
            answer(&mut stream, &last);
        },
        |channel| async move {
            let (first, third) = (get(&channel, "first"), get(&channel, "third"));
            let dropped = async {
                let short = Duration::from_millis(50);
                // Both supervisor and channel are still busy: nothing is answered before the third request.
                assert!(
                    tokio::time::timeout(short, get(&channel, "dropped"))
                        .await
                        .is_err()
                );
                third.await
            };
            let (first, third) = tokio::join!(first, dropped);
            assert_eq!(first.unwrap().unwrap(), "value of first");
            assert_eq!(third.unwrap().unwrap(), "value of third");
            assert_eq!(
                get(&channel, "last").await.unwrap().unwrap(),
                "value of last"
            );
        },
    );
}

#[test]
fn a_caller_dropped_in_the_middle_of_a_large_frame_does_not_tear_it() {
    const LARGE: usize = 30_000_000;
    let (start, wait) = std::sync::mpsc::channel();
    let lengths = with_supervisor(
        None,
        move |mut stream| {
            // Reads nothing until the caller is gone, so that most of the frame is still to be written then.
            wait.recv().unwrap();
            let large = read_request(&mut stream);
            let small = read_request(&mut stream);
            answer(&mut stream, &small);
            (key(&large).len(), key(&small))
        },
        |channel| async move {
            let large = "x".repeat(LARGE);
            let short = Duration::from_millis(50);
            assert!(
                tokio::time::timeout(short, get(&channel, &large))
                    .await
                    .is_err()
            );
            start.send(()).unwrap();
            assert_eq!(
                get(&channel, "small").await.unwrap().unwrap(),
                "value of small"
            );
        },
    );
    assert_eq!(lengths, (LARGE, "small".to_owned()));
}

#[test]
fn a_large_reply_arrives_whole() {
    const LARGE: usize = 20_000_000;
    with_supervisor(
        None,
        |mut stream| {
            let request = read_request(&mut stream);
            let body = VariableResult {
                key: "k".to_owned(),
                value: Some("é".repeat(LARGE / 2)),
            };
            respond(&mut stream, request.id, Some(body.encode().unwrap()), None);
        },
        |channel| async move {
            let value = get(&channel, "k").await.unwrap().unwrap();
            assert_eq!(value.len(), LARGE);
            assert!(value.chars().all(|c| c == 'é'));
        },
    );
}

#[test]
fn a_closed_socket_fails_every_waiter_and_every_later_request_alike() {
    with_supervisor(
        None,
        |mut stream| {
            for _ in 0..5 {
                read_request(&mut stream);
            }
        },
        |channel| async move {
            let waiting = futures_util::future::join_all(
                (0..5).map(|n| get(&channel, ["a", "b", "c", "d", "e"][n])),
            );
            for outcome in waiting.await {
                let error = outcome.unwrap_err();
                assert_eq!(
                    error.to_string(),
                    "the connection to the supervisor is closed: the supervisor hung up"
                );
            }
            let later = get(&channel, "later").await.unwrap_err();
            assert!(matches!(later, CommError::Closed { .. }), "{later}");
            assert!(channel.closed().await.to_string().contains("hung up"));
        },
    );
}

#[test]
fn what_is_not_a_frame_ends_the_channel_and_says_what_came() {
    for (bytes, expected) in [
        (&[0, 0, 0, 0][..], "a frame of length 0"),
        (&[0, 0, 0, 1, 0xc1][..], "corrupt"),
        (&[0, 0, 0, 1, 0x2a][..], "array"),
        (&[0, 0, 0, 9, 0x93, 1][..], "6 of 13 bytes"),
    ] {
        with_supervisor(
            None,
            move |mut stream| {
                read_request(&mut stream);
                stream.write_all(bytes).unwrap();
            },
            |channel| async move {
                let error = get(&channel, "a").await.unwrap_err().to_string();
                assert!(error.contains("closed"), "{error}");
                assert!(error.contains(expected), "{expected}: {error}");
            },
        );
    }
}

#[test]
fn both_error_envelopes_are_refusals() {
    with_supervisor(
        None,
        |mut stream| {
            let missing = ErrorResponse {
                error: ErrorType::VariableNotFound,
                detail: serde_json::json!({"key": "a"}).as_object().cloned(),
            };
            let request = read_request(&mut stream);
            respond(
                &mut stream,
                request.id,
                Some(missing.encode().unwrap()),
                None,
            );
            let broken = ErrorResponse {
                error: ErrorType::ApiServerError,
                detail:
                    serde_json::json!({"status_code": 503, "message": "try later", "detail": null})
                        .as_object()
                        .cloned(),
            };
            let request = read_request(&mut stream);
            respond(
                &mut stream,
                request.id,
                None,
                Some(broken.encode().unwrap()),
            );
            let request = read_request(&mut stream);
            respond(&mut stream, request.id, None, None);
        },
        |channel| async move {
            let missing = get(&channel, "a").await.unwrap_err();
            assert!(missing.is_refused_with("VARIABLE_NOT_FOUND"));
            let broken = get(&channel, "b").await.unwrap_err();
            assert_eq!(
                broken.to_string(),
                "GetVariable: API_SERVER_ERROR (HTTP 503): try later"
            );
            let empty = get(&channel, "c").await.unwrap_err().to_string();
            assert!(
                empty.contains("expected VariableResult, got an empty body"),
                "{empty}"
            );
        },
    );
}

#[test]
fn a_reply_of_another_type_is_named() {
    with_supervisor(
        None,
        |mut stream| {
            let request = read_request(&mut stream);
            let body = aileron_wire::message::OKResponse { ok: true };
            respond(&mut stream, request.id, Some(body.encode().unwrap()), None);
        },
        |channel| async move {
            let error = get(&channel, "a").await.unwrap_err().to_string();
            assert!(
                error.contains("OKResponse") && error.contains("VariableResult"),
                "{error}"
            );
        },
    );
}

#[test]
fn the_trace_context_goes_out_with_every_request() {
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let carrier = BTreeMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let seen = with_supervisor(
        Some(carrier.clone()),
        |mut stream| {
            let request = read_request(&mut stream);
            answer(&mut stream, &request);
            request.context_carrier
        },
        |channel| async move {
            get(&channel, "a").await.unwrap();
        },
    );
    assert_eq!(seen, Some(carrier));
}

#[test]
fn a_value_that_is_not_json_is_never_sent() {
    let sent = with_supervisor(
        None,
        |mut stream| {
            let request = read_request(&mut stream);
            answer(&mut stream, &request);
            key(&request)
        },
        |channel| async move {
            let bad = aileron_wire::message::SetXCom {
                key: "k".to_owned(),
                value: f64::NAN,
                dag_id: "d".to_owned(),
                run_id: "r".to_owned(),
                task_id: "t".to_owned(),
                map_index: None,
                dag_result: false,
                mapped_length: None,
            };
            let dynamic: &dyn Channel = &channel;
            let error = dynamic.send(&bad).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    CommError::Unsendable {
                        request: "SetXCom",
                        ..
                    }
                ),
                "{error}"
            );
            get(&channel, "next").await.unwrap();
        },
    );
    assert_eq!(sent, "next");
}

#[test]
fn the_first_frame_is_read_before_anything_is_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let supervisor = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let frame = frame::response_frame(
            0,
            &GetVariable {
                key: "unasked".to_owned(),
            },
        )
        .unwrap();
        // In pieces, as a network may deliver it.
        for piece in frame.chunks(3) {
            stream.write_all(piece).unwrap();
            stream.flush().unwrap();
        }
        stream
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut first = FirstFrame::new(TcpStream::connect(address).await.unwrap());
        let response = first.read().await.unwrap();
        assert_eq!(response.id, 0);
        let message = GetVariable::decode(&response.body.unwrap()).unwrap();
        assert_eq!(message.key, "unasked");
        drop(supervisor.join().unwrap());
        let error = first.read().await.unwrap_err().to_string();
        assert!(
            error.contains("before the supervisor said what to do"),
            "{error}"
        );
    });
}
