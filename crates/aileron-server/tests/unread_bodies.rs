//! Requests whose answer is known before their body has arrived: the client gets it, and goes on with its connection.

#![allow(clippy::unwrap_used)]

mod support;

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use aileron_server::RouterSettings;
use aileron_server::auth::Scope;
use aileron_server::serve::serve;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::stream;
use support::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

/// Long enough for a server to have an answer, and to close a connection.
const A_WHILE: Duration = Duration::from_millis(100);

/// A connection to a server.
struct Connection {
    stream: TcpStream,
    server: Server,
}

/// What came back: the status and the head, in small letters.
type Answer = (StatusCode, String);

impl Connection {
    async fn to(change: impl FnOnce(RouterSettings) -> RouterSettings) -> Self {
        let server = Server::with(change).await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let routes = server.routes.clone();
        tokio::spawn(async move {
            let never = std::future::pending();
            serve(listener, routes, None, Duration::ZERO, never).await
        });
        let stream = TcpStream::connect(address).await.unwrap();
        Self { stream, server }
    }

    async fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next answer. What the connection breaks off is a failure.
    async fn answer(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        let status = field("http/1.1 ").unwrap()[..3].parse().unwrap();
        let length = field("content-length: ").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        (status, head)
    }

    /// Sends the head of a request, and its body when the server has had time to answer without it.
    async fn send(&mut self, head: &str, body: &str) -> Answer {
        let length = body.len();
        let json = "content-type: application/json";
        self.write(&format!(
            "{head}\r\nhost: localhost\r\n{json}\r\ncontent-length: {length}\r\n\r\n"
        ))
        .await;
        tokio::time::sleep(A_WHILE).await;
        self.write(body).await;
        self.answer().await
    }

    /// Whether the connection serves another request.
    async fn goes_on(&mut self) {
        tokio::time::sleep(A_WHILE).await;
        self.write("GET /execution/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await;
        assert_eq!(self.answer().await.0, StatusCode::OK);
    }

    /// Whether the server has said that it closes the connection, and done so.
    async fn ends(&mut self, answer: &Answer) {
        assert!(answer.1.contains("connection: close"), "{}", answer.1);
        let rest = tokio::time::timeout(Duration::from_secs(5), self.stream.read_u8()).await;
        rest.expect("the connection is open").unwrap_err();
    }

    fn bearer(&self, scope: Scope) -> String {
        let token = self.server.auth.issue(Uuid::from_u128(7), scope).unwrap();
        format!("authorization: Bearer {token}")
    }
}

#[tokio::test]
async fn a_request_that_is_refused_by_its_head_leaves_the_connection_open() {
    let mut connection = Connection::to(|settings| settings).await;
    let workload = connection.bearer(Scope::Workload);
    let execution = connection.bearer(Scope::Execution);
    let mine = Uuid::from_u128(7);
    let set = format!("PUT /execution/task-instances/{mine}/heartbeat HTTP/1.1");
    let other = Uuid::from_u128(8);
    for (head, status) in [
        (set.clone(), 401),
        (format!("{set}\r\nauthorization: Bearer x"), 403),
        // Not for this endpoint, and not for this task instance.
        (format!("{set}\r\n{workload}"), 403),
        (
            format!("PUT /execution/task-instances/{other}/heartbeat HTTP/1.1\r\n{execution}"),
            403,
        ),
        ("PUT /execution/nothing HTTP/1.1".into(), 404),
        ("POST /execution/variables/x HTTP/1.1".into(), 405),
        ("PUT /execution/variables HTTP/1.1".into(), 307),
        (format!("{set}\r\nairflow-api-version: garbage"), 422),
    ] {
        let answer = connection.send(&head, r#"{"hostname":"h","pid":1}"#).await;
        assert_eq!(answer.0.as_u16(), status, "{head}\n{}", answer.1);
        assert!(!answer.1.contains("connection: close"), "{head}");
        connection.goes_on().await;
    }
}

#[tokio::test]
async fn so_does_one_that_finds_no_place() {
    let full = |settings| RouterSettings {
        max_in_flight: 0,
        ..settings
    };
    let mut connection = Connection::to(full).await;
    let token = connection.bearer(Scope::Execution);
    let head = format!("PUT /execution/variables/x HTTP/1.1\r\n{token}");
    let answer = connection.send(&head, r#"{"val":"1"}"#).await;
    assert_eq!(answer.0, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.1.contains("retry-after: "), "{}", answer.1);
    connection.goes_on().await;
}

#[tokio::test]
async fn a_body_that_is_somewhat_too_long_is_refused_and_one_that_is_much_too_long_ends_the_connection()
 {
    let small = |settings| RouterSettings {
        body_limit: 1000,
        ..settings
    };
    let mut connection = Connection::to(small).await;
    let token = connection.bearer(Scope::Execution);
    let head = format!("PUT /execution/variables/x HTTP/1.1\r\n{token}");
    let answer = connection.send(&head, &"x".repeat(3000)).await;
    assert_eq!(answer.0, StatusCode::PAYLOAD_TOO_LARGE);
    connection.goes_on().await;
    // Without a length there is no end to be seen.
    let chunk = format!("{:x}\r\n{}\r\n", 3000, "x".repeat(3000));
    connection
        .write(&format!(
            "{head}\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n{}",
            chunk.repeat(4)
        ))
        .await;
    let answer = connection.answer().await;
    assert_eq!(answer.0, StatusCode::PAYLOAD_TOO_LARGE);
    connection.ends(&answer).await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_without_end() {
    let hurried = |settings| RouterSettings {
        time_limit: Duration::from_millis(200),
        ..settings
    };
    for scope in [Scope::Workload, Scope::Execution] {
        let mut connection = Connection::to(hurried).await;
        let token = connection.bearer(scope);
        connection
            .write(&format!(
                "PUT /execution/variables/x HTTP/1.1\r\n{token}\r\nhost: localhost\r\ncontent-length: 20\r\n\r\n{{"
            ))
            .await;
        let answer = connection.answer().await;
        let expected = match scope {
            Scope::Workload => StatusCode::FORBIDDEN,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        assert_eq!(answer.0, expected);
        connection.ends(&answer).await;
    }
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_told_not_to() {
    let mut connection = Connection::to(|settings| settings).await;
    connection
        .write(
            "PUT /execution/variables/x HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 20\r\n\r\n",
        )
        .await;
    let answer = connection.answer().await;
    assert_eq!(answer.0, StatusCode::UNAUTHORIZED);
    connection.ends(&answer).await;
}

#[tokio::test]
async fn a_body_that_does_not_come_takes_no_more_than_the_time_of_one_request() {
    const LIMIT: Duration = Duration::from_secs(30);
    let server = Server::new().await;
    let mut request = server.request("PUT", "/variables/x", None);
    *request.body_mut() = Body::from_stream(stream::pending::<Result<Bytes, io::Error>>());
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    let came = server.send(request).await;
    assert_eq!(came.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(came.header("connection"), Some("close"));
    let took = start.elapsed();
    assert!(took >= LIMIT && took < LIMIT + LIMIT / 2, "{took:?}");
}
