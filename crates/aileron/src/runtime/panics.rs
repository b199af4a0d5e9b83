//! Panics in the task log, with location and backtrace.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

use serde_json::{Map, Value, json};

use crate::logs::{self, Level};

/// Sends every panic of this process to the log, in the form in which Airflow's log view shows exceptions.
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let backtrace = Backtrace::force_capture();
        let thread = std::thread::current();
        logs::emit(
            Level::Critical,
            "aileron.panic",
            headline(info),
            fields(info, &backtrace, thread.name()),
        );
    }));
}

fn headline(info: &PanicHookInfo<'_>) -> String {
    let place = info
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    format!("panicked at {place}: {}", payload(info))
}

fn payload<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload_as_str().unwrap_or("(no message)")
}

fn fields(
    info: &PanicHookInfo<'_>,
    backtrace: &Backtrace,
    thread: Option<&str>,
) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Some(location) = info.location() {
        fields.insert("filename".to_owned(), json!(location.file()));
        fields.insert("lineno".to_owned(), json!(location.line()));
    }
    fields.insert("thread".to_owned(), json!(thread.unwrap_or("unnamed")));
    fields.insert(
        "error_detail".to_owned(),
        json!([{
            "exc_type": "panic",
            "exc_value": payload(info),
            "exc_notes": [],
            "syntax_error": null,
            "is_cause": false,
            "frames": frames(&backtrace.to_string()),
            "is_group": false,
            "exceptions": [],
        }]),
    );
    fields
}

/// The frames of a printed backtrace, outermost first as Python orders them, without those of the panic machinery.
///
/// The standard library offers a backtrace only as text.
fn frames(backtrace: &str) -> Vec<Value> {
    let mut frames: Vec<(String, String, u32)> = Vec::new();
    for line in backtrace.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("at ") {
            if let Some(frame) = frames.last_mut() {
                (frame.1, frame.2) = file_and_line(place);
            }
        } else if let Some((number, name)) = line.split_once(": ")
            && number.parse::<u32>().is_ok()
        {
            frames.push((name.to_owned(), String::new(), 0));
        }
    }
    let begin = frames
        .iter()
        .rposition(|(name, ..)| name.contains("core::panicking::") || name.contains("begin_panic"))
        .map_or(0, |at| at + 1);
    let mut frames: Vec<Value> = frames[begin..]
        .iter()
        .take_while(|(name, ..)| !name.contains("__rust_begin_short_backtrace"))
        .map(|(name, filename, lineno)| json!({"filename": filename, "lineno": lineno, "name": name}))
        .collect();
    frames.reverse();
    frames
}

/// `src/main.rs:10:5` taken apart.
fn file_and_line(place: &str) -> (String, u32) {
    let mut parts = place.rsplitn(3, ':');
    let (_column, line, file) = (parts.next(), parts.next(), parts.next());
    match (file, line.and_then(|line| line.parse().ok())) {
        (Some(file), Some(line)) => (file.to_owned(), line),
        _ => (place.to_owned(), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_run_from_the_outside_in_without_the_panic_machinery() {
        let text = "   0: aileron::runtime::panics::log_panics\n   1: std::panicking::rust_panic_with_hook\n             at /std/panicking.rs:800:1\n   2: core::panicking::panic_fmt\n   3: orders::summarise\n             at src/main.rs:10:5\n   4: orders::main\n             at src/main.rs:40:1\n   5: std::sys::backtrace::__rust_begin_short_backtrace\n   6: main\n";
        let frames = frames(text);
        let names: Vec<&str> = frames.iter().filter_map(|f| f["name"].as_str()).collect();
        assert_eq!(names, ["orders::main", "orders::summarise"]);
        assert_eq!(frames[1]["filename"], "src/main.rs");
        assert_eq!(frames[1]["lineno"], 10);
    }
}
