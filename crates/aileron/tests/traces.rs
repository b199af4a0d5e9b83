//! Spans on their way to a collector of a few lines. The test program is the bundle as well, as in `coordinator.rs`.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use aileron::prelude::*;
use libtest_mimic::Arguments;
use prost::Message;
use serde_json::json;
use support::{Answer, Ended, Session, TRACEPARENT, details, trials};

/// The ids in [`TRACEPARENT`].
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const AIRFLOW_SPAN: &str = "b7ad6b7169203331";

#[task]
async fn asks(cx: &Context) -> Result<i64> {
    use tracing::Instrument as _;
    tracing::info!("outside");
    cx.variables().get("outside").await?;
    let inside = async { cx.variables().get("inside").await };
    let inner = tracing::info_span!("inner", rows = 3);
    inside.instrument(inner).await?;
    Ok(1)
}

/// Runs on a thread of its own.
#[task]
fn fails(cx: &Context) -> Result<()> {
    cx.block_on(cx.mask_secret("correct horse battery"))?;
    let _inner = tracing::info_span!("inner", password = "correct horse battery").entered();
    Err(Error::msg("refused: correct horse battery"))
}

#[dag]
fn traced(dag: &mut Dag) {
    dag.add(asks());
    dag.add(fails());
}

// The parts of OTLP (opentelemetry-proto 1.x, trace.proto) that the tests look at.

#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
}

/// An OTLP/HTTP collector: takes one request after another until it is asked for what came.
struct Collector {
    endpoint: String,
    stop: mpsc::Sender<()>,
    thread: JoinHandle<Vec<ResourceSpans>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = mpsc::channel();
        listener.set_nonblocking(true).unwrap();
        let thread = std::thread::spawn(move || {
            let mut received = Vec::new();
            loop {
                match listener.accept() {
                    Ok((stream, _)) => {
                        stream.set_nonblocking(false).unwrap();
                        received.extend(take_requests(stream));
                    }
                    Err(_) if stopped.try_recv().is_ok() => return received,
                    Err(_) => std::thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        Self {
            endpoint,
            stop,
            thread,
        }
    }

    fn received(self) -> Vec<ResourceSpans> {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap()
    }
}

/// All requests of one connection.
fn take_requests(stream: std::net::TcpStream) -> Vec<ResourceSpans> {
    let mut reader = BufReader::new(stream);
    let mut received = Vec::new();
    loop {
        let (mut length, mut first) = (0, true);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap() == 0 {
                return received;
            }
            if first {
                assert_eq!(line.trim(), "POST /v1/traces HTTP/1.1");
                first = false;
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        received.extend(Export::decode(&body[..]).unwrap().resources);
        let answer =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        reader.get_mut().write_all(answer).unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|pair| pair.key == key)?;
    found.value.as_ref()?.text.as_deref()
}

fn run(task_id: &str, traceparent: &str, environment: &[(&str, &str)]) -> Ended {
    let mut details = details("traced", task_id);
    details["ti"]["context_carrier"] =
        json!({"traceparent": traceparent, "tracestate": "airflow=1"});
    let mut session = Session::start_with(environment);
    session.begin(&details);
    session.answer(|request| match request["type"].as_str() {
        Some("GetVariable") => {
            Answer::Body(json!({"type": "VariableResult", "key": request["key"], "value": "v"}))
        }
        _ => Answer::Usual,
    })
}

fn traceparents(ended: &Ended) -> Vec<&str> {
    let carriers = ended.carriers.iter();
    carriers
        .map(|carrier| carrier.as_ref().unwrap()["traceparent"].as_str())
        .collect()
}

fn the_tasks_span_arrives_as_a_child_of_airflows_with_what_is_opened_in_it() {
    let collector = Collector::start();
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str())];
    let ended = run("asks", TRACEPARENT, &environment);
    assert_eq!(ended.terminal()["type"], "SucceedTask", "{:?}", ended.logs);
    let received = collector.received();
    let spans: Vec<&Span> = received
        .iter()
        .flat_map(|resource| &resource.scopes)
        .flat_map(|scope| &scope.spans)
        .collect();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["inner", "worker.asks"]);
    let [inner, task] = spans[..] else {
        unreachable!()
    };
    assert_eq!(hex(&task.trace_id), TRACE);
    assert_eq!(hex(&task.parent_span_id), AIRFLOW_SPAN);
    assert_eq!(hex(&inner.trace_id), TRACE);
    assert_eq!(inner.parent_span_id, task.span_id);
    assert_eq!(text(&task.attributes, "airflow.dag_id"), Some("traced"));
    assert_eq!(
        text(&task.attributes, "airflow.dag_run.run_id"),
        Some("run")
    );
    let service = &received[0].resource.as_ref().unwrap().attributes;
    assert!(text(service, "service.name").unwrap().starts_with("traces"));

    // Each request carries the span it is made in.
    let parent_of = |span: &Span| format!("00-{TRACE}-{}-01", hex(&span.span_id));
    let (outside, inside) = (parent_of(task), parent_of(inner));
    assert_eq!(
        ended.types(),
        ["GetVariable", "GetVariable", "SetXCom", "SucceedTask"]
    );
    assert_eq!(
        traceparents(&ended),
        [&outside, &inside, &outside, &outside]
    );
    assert_eq!(
        ended.carriers[0].as_ref().unwrap()["tracestate"],
        "airflow=1"
    );
}

fn a_failed_task_says_so_in_its_span_and_secrets_are_masked() {
    let collector = Collector::start();
    let endpoint = format!("{}/v1/traces", collector.endpoint);
    let environment = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()),
        ("OTEL_SERVICE_NAME", "shop"),
    ];
    let ended = run("fails", TRACEPARENT, &environment);
    assert_eq!(ended.terminal()["state"], "failed");
    let received = collector.received();
    let spans: Vec<&Span> = received
        .iter()
        .flat_map(|r| &r.scopes)
        .flat_map(|s| &s.spans)
        .collect();
    let [inner, task] = spans[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(text(&inner.attributes, "password"), Some("***"));
    assert_eq!(inner.parent_span_id, task.span_id);
    let status = task.status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "refused: ***"));
    let service = &received[0].resource.as_ref().unwrap().attributes;
    assert_eq!(text(service, "service.name"), Some("shop"));
}

fn a_run_that_airflow_does_not_sample_is_not_exported() {
    let collector = Collector::start();
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str())];
    let unsampled = TRACEPARENT.replace("-01", "-00");
    let ended = run("asks", &unsampled, &environment);
    assert_eq!(ended.terminal()["type"], "SucceedTask");
    assert_eq!(collector.received(), []);
    for traceparent in traceparents(&ended) {
        assert!(
            traceparent.starts_with(&format!("00-{TRACE}-")) && traceparent.ends_with("-00"),
            "{traceparent}"
        );
    }
}

fn without_the_environments_wish_the_context_goes_out_as_it_came() {
    let ended = run("asks", TRACEPARENT, &[("OTEL_TRACES_EXPORTER", "none")]);
    assert_eq!(traceparents(&ended), [TRACEPARENT; 4]);
}

fn a_collector_that_is_not_there_is_told_and_changes_nothing() {
    let start = Instant::now();
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")];
    let ended = run("asks", TRACEPARENT, &environment);
    assert_eq!(ended.terminal()["type"], "SucceedTask");
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.logged("2 spans were not exported"),
        "{:?}",
        ended.logs
    );
    assert!(start.elapsed() < Duration::from_secs(10));
}

fn a_protocol_that_is_not_there_is_told() {
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ];
    let ended = run("asks", TRACEPARENT, &environment);
    assert_eq!(ended.terminal()["type"], "SucceedTask");
    assert!(ended.logged("Spans are not exported: OTEL_EXPORTER_OTLP_PROTOCOL is \"grpc\""));
    assert_eq!(traceparents(&ended), [TRACEPARENT; 4]);
}

fn main() -> ExitCode {
    if std::env::args().any(|a| a.starts_with("--comm")) {
        return aileron::serve(bundle![traced]);
    }
    let trials = trials![
        the_tasks_span_arrives_as_a_child_of_airflows_with_what_is_opened_in_it,
        a_failed_task_says_so_in_its_span_and_secrets_are_masked,
        a_run_that_airflow_does_not_sample_is_not_exported,
        without_the_environments_wish_the_context_goes_out_as_it_came,
        a_collector_that_is_not_there_is_told_and_changes_nothing,
        a_protocol_that_is_not_there_is_told,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
