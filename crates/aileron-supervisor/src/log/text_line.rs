//! Lines that were text: standard output, standard error, and what came on the log socket without being JSON.

use aileron_secrets::Masker;
use serde_json::{Map, Value};

use super::{level::Level, token::without_tokens};

/// A part of a line that is too long to be kept whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) last: bool,
}

/// Where a line comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) level: Level,
    pub(super) logger: &'static str,
}

/// Appends a line of text. White space at its end is left out, as Airflow leaves it out.
pub(super) fn write_text(
    out: &mut Vec<u8>,
    now: &str,
    source: Source,
    text: &[u8],
    masker: &Masker,
) {
    let text = String::from_utf8_lossy(text.trim_ascii_end());
    let masked = masker.mask(&text);
    start(out, now, source.level, &without_tokens(&masked));
    logger(out, source.logger);
    end(out);
}

/// Appends a part of a text, masked already.
pub(super) fn write_part(out: &mut Vec<u8>, now: &str, source: Source, masked: &[u8], part: Part) {
    let text = String::from_utf8_lossy(masked);
    start(out, now, source.level, &without_tokens(&text));
    logger(out, source.logger);
    member(out, "part", &Value::from(part.number));
    member(out, "last_part", &Value::from(part.last));
    end(out);
}

/// Appends a line of the supervisor itself.
pub(super) fn write_event(
    out: &mut Vec<u8>,
    now: &str,
    source: Source,
    event: &str,
    fields: Map<String, Value>,
    masker: &Masker,
) {
    start(out, now, source.level, &without_tokens(&masker.mask(event)));
    logger(out, source.logger);
    for (key, value) in fields {
        let value = masker.redact(Some(&key), value);
        member(out, &key, &value);
    }
    end(out);
}

fn start(out: &mut Vec<u8>, now: &str, level: Level, event: &str) {
    out.extend_from_slice(b"{\"timestamp\":\"");
    out.extend_from_slice(now.as_bytes());
    out.extend_from_slice(b"\",\"level\":\"");
    out.extend_from_slice(level.as_str().as_bytes());
    out.extend_from_slice(b"\",\"event\":");
    json(out, event);
}

fn logger(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"logger\":\"");
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}

fn member(out: &mut Vec<u8>, key: &str, value: &Value) {
    out.push(b',');
    json(out, key);
    out.push(b':');
    json(out, value);
}

fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"}\n");
}

/// Writes JSON to the end of `out`.
pub(super) fn json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("text and JSON values are written to memory");
}
