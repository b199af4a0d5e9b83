//! What `tracing` events become.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aileron::logs::{Level, Levels, LogPipe, QUEUE_LIMIT, layer_to};
use aileron::secrets::Masker;
use serde_json::{Value, json};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// One subscriber at a time, as in a real process: `tracing` caches for the whole process which events anybody wants.
static ONE_SUBSCRIBER: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn with_subscriber(
    subscriber: impl tracing::Subscriber + Send + Sync + 'static,
    body: impl FnOnce(),
) {
    let alone = ONE_SUBSCRIBER
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    tracing::subscriber::with_default(subscriber, body);
    drop(alone);
}

/// The lines that `body` logs, without their timestamps and places in the source.
fn lines(levels: Levels, body: impl FnOnce()) -> Vec<Value> {
    let mut lines = whole_lines(levels, body);
    for line in &mut lines {
        let members = line.as_object_mut().unwrap();
        for key in ["timestamp", "filename", "lineno"] {
            members.shift_remove(key).unwrap();
        }
    }
    lines
}

fn whole_lines(levels: Levels, body: impl FnOnce()) -> Vec<Value> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let theirs = listener.accept().unwrap().0;
    let pipe = LogPipe::with_fallback(Arc::new(Masker::default()), std::io::sink(), QUEUE_LIMIT);
    let pipe = Arc::new(pipe);
    pipe.connect(ours).unwrap();
    let subscriber = tracing_subscriber::registry().with(layer_to(Arc::clone(&pipe), levels));
    with_subscriber(subscriber, body);
    assert!(pipe.flush(Duration::from_secs(30)));
    drop(pipe);
    let lines = BufReader::new(theirs).lines();
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

fn all() -> Levels {
    Levels::at(Level::Debug)
}

#[test]
fn an_event_carries_its_moment_and_its_place() {
    let before = jiff::Timestamp::now();
    let lines = whole_lines(all(), || tracing::info!("Hello"));
    let line = line!() - 1;
    assert_eq!(lines[0]["filename"], file!());
    assert_eq!(lines[0]["lineno"], line);
    let text = lines[0]["timestamp"].as_str().unwrap();
    assert_eq!(text.len(), "2026-11-20T05:19:16.123456Z".len(), "{text}");
    let moment: jiff::Timestamp = text.parse().unwrap();
    assert!(moment.as_microsecond() >= before.as_microsecond() && moment <= jiff::Timestamp::now());
}

#[test]
fn fields_are_flat_and_keep_their_types() {
    #[derive(Debug)]
    #[allow(dead_code, reason = "printed")]
    struct Order {
        id: u8,
    }
    let lines = lines(all(), || {
        tracing::warn!(
            target: "orders::extract",
            rows = 3, change = -2i64, ratio = 0.5, ok = true, http.method = "GET", order = ?Order { id: 7 },
            big = u128::MAX, nan = f64::NAN, inf = f64::INFINITY, r#type = "csv", absent = Option::<u8>::None,
            "Read {} rows", 3
        );
    });
    let expected = json!([{
        "level": "warning", "event": "Read 3 rows", "logger": "orders.extract",
        "rows": 3, "change": -2, "ratio": 0.5, "ok": true, "http.method": "GET", "order": "Order { id: 7 }",
        "big": u128::MAX.to_string(), "nan": "NaN", "inf": "inf", "type": "csv",
    }]);
    assert_eq!(Value::from(lines), expected);
}

#[test]
fn an_error_is_told_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot read the orders")]
    struct Outer(#[source] std::fmt::Error);
    let lines = lines(all(), || {
        let error = Outer(std::fmt::Error);
        tracing::error!(error = &error as &dyn std::error::Error, "Failed");
    });
    let text = lines[0]["error"].as_str().unwrap();
    assert_eq!(text, format!("cannot read the orders: {}", std::fmt::Error));
}

#[test]
fn fields_of_the_spans_around_are_added_and_the_innermost_wins() {
    let lines = lines(all(), || {
        let outer = tracing::info_span!(
            "outer",
            a = "outer",
            b = "outer",
            c = "outer",
            late = tracing::field::Empty
        );
        let _outer = outer.enter();
        let _inner = tracing::info_span!("inner", b = "inner", c = "inner").entered();
        outer.record("late", 5);
        tracing::info!(c = "event", "Hello");
    });
    assert_eq!(
        Value::from(lines),
        json!([{
            "level": "info", "event": "Hello", "logger": "logs_layer",
            "a": "outer", "b": "inner", "c": "event", "late": 5,
        }])
    );
}

#[test]
fn names_that_airflow_reserves_are_renamed() {
    let lines = lines(all(), || {
        tracing::info!(target: "t", target = "x", msg = 1, level = "high", event = "party", self_ = 2, "Hello");
    });
    assert_eq!(
        Value::from(lines),
        json!([{
            "level": "info", "event": "Hello", "logger": "t",
            "target_": "x", "msg_": 1, "level_": "high", "event_": "party", "self_": 2,
        }])
    );
}

#[test]
fn a_field_logger_replaces_the_target_and_its_level_counts() {
    let (levels, _) = Levels::parse("INFO", "quiet=ERROR");
    let lines = lines(levels, || {
        tracing::info!(logger = "loud.part", "shown");
        tracing::info!(logger = "quiet.part", "not shown");
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["logger"], "loud.part");
}

#[test]
fn a_field_with_a_sensitive_name_is_hidden() {
    let lines = lines(
        all(),
        || tracing::info!(db.password = "any", api_key = ?["a"], user = "amelia", "Hello"),
    );
    assert_eq!(lines[0]["db.password"], "***");
    assert_eq!(lines[0]["api_key"], "***");
    assert_eq!(lines[0]["user"], "amelia");
}

#[test]
fn namespaces_decide_and_what_is_not_shown_is_not_even_computed() {
    let (levels, _) = Levels::parse("WARNING", "a=INFO a.b=DEBUG c=CRITICAL");
    let computed = Cell::new(0);
    let value = || {
        computed.set(computed.get() + 1);
        computed.get()
    };
    let lines = lines(levels, || {
        tracing::info!(target: "other", n = value(), "no");
        tracing::debug!(target: "a", n = value(), "no");
        tracing::error!(target: "c", n = value(), "no");
        tracing::warn!(target: "other", n = value(), "yes");
        tracing::info!(target: "a::x", n = value(), "yes");
        tracing::trace!(target: "a::b::c", n = value(), "yes");
    });
    assert_eq!(computed.get(), 3);
    let events: Vec<_> = lines
        .iter()
        .map(|line| (&line["event"], &line["level"]))
        .collect();
    let (yes, warning, info, debug) = (
        json!("yes"),
        json!("warning"),
        json!("info"),
        json!("debug"),
    );
    assert_eq!(events, [(&yes, &warning), (&yes, &info), (&yes, &debug)]);
}

#[test]
fn the_levels_do_not_hold_for_other_layers() {
    struct Count(Arc<AtomicUsize>);
    impl<S: tracing::Subscriber> Layer<S> for Count {
        fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let seen = Arc::new(AtomicUsize::new(0));
    let pipe = Arc::new(LogPipe::with_fallback(
        Arc::default(),
        std::io::sink(),
        QUEUE_LIMIT,
    ));
    let subscriber = tracing_subscriber::registry()
        .with(layer_to(pipe, Levels::at(Level::Error)))
        .with(Count(Arc::clone(&seen)));
    with_subscriber(subscriber, || tracing::debug!("for the other one"));
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}
