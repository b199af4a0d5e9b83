//! What the log pipe promises about order, loss, blocking and masking.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use aileron::logs::{Level, LogPipe, PipeError, QUEUE_LIMIT};
use aileron::secrets::Masker;
use serde_json::{Map, Value, json};

const LONG: Duration = Duration::from_secs(30);

/// Stands in the place of standard error.
#[derive(Clone, Default)]
struct Fallback(Arc<Mutex<Vec<u8>>>);

impl Write for Fallback {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Fallback {
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn pipe(limit: usize) -> (LogPipe, Fallback, Arc<Masker>) {
    let fallback = Fallback::default();
    let masker = Arc::new(Masker::default());
    let pipe = LogPipe::with_fallback(Arc::clone(&masker), fallback.clone(), limit);
    (pipe, fallback, masker)
}

/// Our end and the supervisor's end of a logs socket.
fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

fn info(pipe: &LogPipe, event: impl Into<String>) {
    pipe.emit(Level::Info, "test", event, Map::new());
}

fn numbered(pipe: &LogPipe, thread: usize, number: usize) {
    let fields = Map::from_iter([
        ("thread".to_owned(), json!(thread)),
        ("number".to_owned(), json!(number)),
    ]);
    pipe.emit(Level::Info, "test", "numbered", fields);
}

fn events(theirs: TcpStream) -> Vec<Value> {
    BufReader::new(theirs)
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

#[test]
fn every_line_arrives_and_each_thread_keeps_its_order_across_the_connection() {
    const THREADS: usize = 8;
    const LINES: usize = 3000;
    let (pipe, fallback, _) = pipe(QUEUE_LIMIT);
    (0..LINES).for_each(|number| numbered(&pipe, THREADS, number));
    let (ours, theirs) = sockets();
    let reader = thread::spawn(move || events(theirs));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let pipe = &pipe;
            scope.spawn(move || (0..LINES).for_each(|number| numbered(pipe, thread, number)));
        }
        scope.spawn(|| pipe.connect(ours).unwrap());
    });
    assert!(pipe.flush(LONG));
    drop(pipe);
    let events = reader.join().unwrap();
    let first: Vec<_> = events[..LINES]
        .iter()
        .map(|event| &event["thread"])
        .collect();
    assert!(
        first.iter().all(|thread| **thread == json!(THREADS)),
        "the backlog comes first"
    );
    let mut next = [0; THREADS + 1];
    for event in &events {
        let thread = event["thread"].as_u64().unwrap() as usize;
        assert_eq!(event["number"], next[thread]);
        next[thread] += 1;
    }
    assert_eq!(next, [LINES; THREADS + 1]);
    assert_eq!(fallback.lines(), Vec::<String>::new());
}

#[test]
fn a_socket_closed_midway_sends_the_rest_to_the_fallback_with_one_notice() {
    let (pipe, fallback, masker) = pipe(QUEUE_LIMIT);
    masker.register("hunter2000");
    let (ours, theirs) = sockets();
    pipe.connect(ours).unwrap();
    (0..10).for_each(|number| info(&pipe, format!("before {number}")));
    assert!(pipe.flush(LONG));
    let mut theirs = BufReader::new(theirs);
    for number in 0..10 {
        let mut line = String::new();
        theirs.read_line(&mut line).unwrap();
        assert!(line.contains(&format!("before {number}")));
    }
    drop(theirs);
    (0..1000).for_each(|number| info(&pipe, format!("after {number} hunter2000")));
    assert!(pipe.flush(LONG));
    let lines = fallback.lines();
    assert!(
        lines[0].contains("The logs socket was lost"),
        "{}",
        lines[0]
    );
    assert_eq!(lines.len(), 1001);
    for (number, line) in lines[1..].iter().enumerate() {
        assert!(
            line.ends_with(&format!("INFO     test: after {number} ***")),
            "{line}"
        );
    }
}

#[test]
fn a_socket_closed_while_a_write_waits_loses_no_line_that_the_kernel_had_not_taken() {
    const LINES: usize = 20_000;
    let (pipe, fallback, _) = pipe(QUEUE_LIMIT);
    let (ours, mut theirs) = sockets();
    pipe.connect(ours).unwrap();
    let padding = "x".repeat(1000);
    (0..LINES).for_each(|number| info(&pipe, format!("line {number} {padding}")));
    theirs.read_exact(&mut [0; 4096]).unwrap();
    thread::sleep(Duration::from_millis(100));
    drop(theirs);
    assert!(pipe.flush(LONG));
    let lines = fallback.lines();
    let numbers: Vec<usize> = lines[1..]
        .iter()
        .map(|line| {
            line.split("line ")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    let first = numbers[0];
    assert!(first > 0, "the first line was sent and must not come again");
    assert_eq!(numbers, (first..LINES).collect::<Vec<_>>());
}

#[test]
fn a_reader_that_does_not_read_never_blocks_a_logging_call() {
    const LINES: usize = 20_000;
    let (pipe, _, _) = pipe(QUEUE_LIMIT);
    let (ours, theirs) = sockets();
    pipe.connect(ours).unwrap();
    let event = "x".repeat(1000);
    let mut longest = Duration::ZERO;
    for _ in 0..LINES {
        let start = Instant::now();
        info(&pipe, event.as_str());
        longest = longest.max(start.elapsed());
    }
    assert!(longest < Duration::from_secs(1), "a call took {longest:?}");
    assert!(!pipe.flush(Duration::from_millis(50)), "nobody has read");
    let reader = thread::spawn(move || events(theirs));
    assert!(pipe.flush(LONG));
    drop(pipe);
    assert_eq!(reader.join().unwrap().len(), LINES);
}

#[test]
fn a_full_queue_drops_lines_counts_them_and_says_so_once() {
    const LINES: usize = 20_000;
    let (pipe, _, _) = pipe(1 << 20);
    for number in 0..LINES {
        info(&pipe, format!("{number} {}", "x".repeat(1000)));
    }
    let (ours, theirs) = sockets();
    pipe.connect(ours).unwrap();
    let reader = thread::spawn(move || events(theirs));
    assert!(pipe.flush(LONG));
    info(&pipe, "after");
    assert!(pipe.flush(LONG));
    drop(pipe);
    let events = reader.join().unwrap();
    let notices: Vec<_> = events
        .iter()
        .filter(|event| event["level"] == "warning")
        .collect();
    assert_eq!(notices.len(), 1);
    let dropped = notices[0]["dropped"].as_u64().unwrap() as usize;
    assert!(dropped > 0);
    assert_eq!(events.len() - 1 + dropped, LINES + 1);
    assert_eq!(events.last().unwrap()["event"], "after");
    assert!(
        notices[0]["event"]
            .as_str()
            .unwrap()
            .contains(&dropped.to_string())
    );
}

#[test]
fn a_line_larger_than_most_survives() {
    let (pipe, _, masker) = pipe(QUEUE_LIMIT);
    masker.register("hunter2000");
    let (ours, theirs) = sockets();
    pipe.connect(ours).unwrap();
    let reader = thread::spawn(move || events(theirs));
    info(
        &pipe,
        format!("{}hunter2000", "line\n\"é".repeat(1_500_000)),
    );
    assert!(pipe.flush(LONG));
    drop(pipe);
    let events = reader.join().unwrap();
    assert_eq!(
        events[0]["event"],
        format!("{}***", "line\n\"é".repeat(1_500_000))
    );
}

#[test]
fn a_line_larger_than_the_queue_passes_when_nothing_else_waits() {
    let (pipe, fallback, _) = pipe(1000);
    info(&pipe, "x".repeat(5000));
    info(&pipe, "dropped");
    assert!(pipe.flush(LONG));
    let lines = fallback.lines();
    assert!(lines[0].ends_with(&"x".repeat(5000)));
    assert!(
        lines[1].contains("Log lines were dropped, because they came faster than they could be written: 1 dropped=1"),
        "{}",
        lines[1]
    );
    assert_eq!(lines.len(), 2);
}

#[test]
fn a_flush_without_a_destination_leaves_nothing_behind() {
    let (pipe, fallback, _) = pipe(QUEUE_LIMIT);
    info(&pipe, "one");
    assert!(pipe.flush(LONG));
    info(&pipe, "two");
    assert!(pipe.flush(LONG));
    assert_eq!(fallback.lines().len(), 2);
    let (ours, _theirs) = sockets();
    assert!(matches!(
        pipe.connect(ours),
        Err(PipeError::AlreadyAttached)
    ));
}

#[test]
fn a_dropped_pipe_writes_what_is_left() {
    let (pipe, _, _) = pipe(QUEUE_LIMIT);
    let (ours, theirs) = sockets();
    (0..100).for_each(|number| numbered(&pipe, 0, number));
    pipe.connect(ours).unwrap();
    drop(pipe);
    assert_eq!(events(theirs).len(), 100);
}

#[test]
fn a_socket_of_an_async_runtime_is_written_to_in_full() {
    const LINES: usize = 20_000;
    let (pipe, _, _) = pipe(QUEUE_LIMIT);
    let (ours, theirs) = sockets();
    ours.set_nonblocking(true).unwrap();
    pipe.connect(ours).unwrap();
    (0..LINES).for_each(|number| info(&pipe, format!("{number} {}", "x".repeat(500))));
    let reader = thread::spawn(move || events(theirs));
    assert!(pipe.flush(LONG));
    drop(pipe);
    assert_eq!(reader.join().unwrap().len(), LINES);
}

#[test]
fn a_line_that_waits_is_masked_with_secrets_registered_since() {
    let (pipe, fallback, masker) = pipe(QUEUE_LIMIT);
    info(&pipe, "the word is hunter2000");
    masker.register("hunter2000");
    assert!(pipe.flush(LONG));
    assert!(fallback.lines()[0].ends_with("the word is ***"));
}

#[test]
fn no_thread_shows_a_secret_once_register_has_returned() {
    const THREADS: usize = 4;
    const SECRETS: usize = 200;
    let (pipe, _, masker) = pipe(QUEUE_LIMIT);
    let (ours, theirs) = sockets();
    pipe.connect(ours).unwrap();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        BufReader::new(theirs).read_to_string(&mut text).unwrap();
        text
    });
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (pipe, masker) = (&pipe, &masker);
            scope.spawn(move || {
                for number in 0..SECRETS {
                    let secret = format!("secret-{thread}-{number}-");
                    masker.register(&secret);
                    info(pipe, format!("I know {secret}"));
                }
            });
        }
    });
    assert!(pipe.flush(LONG));
    drop(pipe);
    let text = reader.join().unwrap();
    assert_eq!(text.matches("I know ***").count(), THREADS * SECRETS);
    assert!(!text.contains("secret-"));
}

#[test]
fn an_error_gets_through_when_the_queue_is_full_of_lesser_lines() {
    let (pipe, fallback, _) = pipe(100_000);
    for _ in 0..1000 {
        info(&pipe, "x".repeat(1000));
    }
    pipe.emit(Level::Error, "task", "why it failed", Map::new());
    assert!(pipe.flush(LONG));
    let lines = fallback.lines();
    assert!(lines.iter().any(|line| line.contains("why it failed")));
    assert!(lines.last().unwrap().contains("Log lines were dropped"));
}
