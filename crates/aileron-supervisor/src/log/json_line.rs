//! Lines of the log socket: JSON objects that are put into the order and the words of Airflow's log files.
//!
//! What needs no change is copied as it came, without a tree in between: this is where the supervisor spends its time when a
//! task logs much.

use std::borrow::Cow;
use std::fmt;

use aileron_secrets::Masker;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::level::Level;
use super::text_line::json;
use super::token::{has_token, without_tokens};

/// Writes the lines of one stream.
pub(super) struct JsonLines {
    /// Which keys were seen, and whether they are sensitive: the same few come again and again.
    keys: Vec<(Box<str>, bool)>,
}

/// How many keys are remembered.
const KEYS: usize = 64;

impl JsonLines {
    pub(super) fn new() -> Self {
        Self { keys: Vec::new() }
    }

    /// Appends a line; `false`, and nothing appended, when it is not a JSON object.
    pub(super) fn write(
        &mut self,
        out: &mut Vec<u8>,
        line: &[u8],
        now: &str,
        masker: &Masker,
    ) -> bool {
        let Ok(members) = serde_json::from_slice::<Members<'_>>(line) else {
            return false;
        };
        let clean = !masker.finds(line) && !has_token(line);
        let mut line = Line::of(members);
        let mut writer = Writer {
            out,
            masker,
            clean,
            keys: &mut self.keys,
        };
        writer.head(&mut line, now);
        for (key, value) in &line.others {
            writer.member(key, value);
        }
        writer.out.extend_from_slice(b"}\n");
        true
    }
}

/// What a line holds.
#[derive(Default)]
struct Line<'a> {
    timestamp: Option<&'a RawValue>,
    level: Option<&'a RawValue>,
    event: Option<&'a RawValue>,
    has_logger: bool,
    others: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Line<'a> {
    fn of(members: Members<'a>) -> Self {
        let mut line = Self::default();
        for (key, value) in members.0 {
            match key.as_ref() {
                "timestamp" => line.timestamp = Some(value),
                "level" => line.level = Some(value),
                "event" => line.event = Some(value),
                // Airflow's own name for it in a file.
                "exception" if value.get() != "null" => {
                    line.add(Cow::Borrowed("error_detail"), value);
                }
                "logger" | "logger_name" => {
                    line.has_logger = true;
                    line.add(Cow::Borrowed("logger"), value);
                }
                _ => line.add(key, value),
            }
        }
        line
    }

    /// Of a key that comes twice the last value counts.
    fn add(&mut self, key: Cow<'a, str>, value: &'a RawValue) {
        match self.others.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => known.1 = value,
            None => self.others.push((key, value)),
        }
    }
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    masker: &'a Masker,
    /// No secret and no token stands in the line, so that only names have to be looked at.
    clean: bool,
    keys: &'a mut Vec<(Box<str>, bool)>,
}

impl Writer<'_> {
    fn head(&mut self, line: &mut Line<'_>, now: &str) {
        self.out.extend_from_slice(b"{\"timestamp\":");
        match line.timestamp {
            Some(raw) if is_instant(raw.get()) => self.raw(raw),
            unreadable => {
                json(self.out, now);
                if let Some(raw) = unreadable {
                    line.add(Cow::Borrowed("unreadable_timestamp"), raw);
                }
            }
        }
        self.out.extend_from_slice(b",\"level\":\"");
        let level = line.level.and_then(|raw| level(raw.get()));
        self.out
            .extend_from_slice(level.unwrap_or(Level::Info).as_str().as_bytes());
        if let (None, Some(raw)) = (level, line.level) {
            line.add(Cow::Borrowed("unknown_level"), raw);
        }
        self.out.extend_from_slice(b"\",\"event\":");
        match line.event {
            None => self.out.extend_from_slice(b"\"\""),
            Some(raw) if raw.get() == "null" => self.out.extend_from_slice(b"\"\""),
            Some(raw) => self.value("event", raw),
        }
        if !line.has_logger {
            self.out.extend_from_slice(b",\"logger\":\"task\"");
        }
    }

    fn member(&mut self, key: &str, value: &RawValue) {
        self.out.push(b',');
        match self.clean {
            true => json(self.out, key),
            false => json(self.out, &without_tokens(&self.masker.mask(key))),
        }
        self.out.push(b':');
        if self.is_sensitive(key) {
            json(self.out, &self.masker.redact(Some(key), tree(value)));
        } else {
            self.value(key, value);
        }
    }

    fn value(&mut self, key: &str, value: &RawValue) {
        let nested = value.get().starts_with(['{', '[']);
        if key == "error_detail" && !self.clean {
            json(
                self.out,
                &texts(tree(value), &|text| self.masker.mask_owned(text)),
            );
        } else if self.clean && (!nested || key == "error_detail") {
            self.raw(value);
        } else {
            let masked = self.masker.redact(None, tree(value));
            json(self.out, &texts(masked, &|text| text));
        }
    }

    fn raw(&mut self, value: &RawValue) {
        self.out.extend_from_slice(value.get().as_bytes());
    }

    fn is_sensitive(&mut self, key: &str) -> bool {
        if let Some((_, known)) = self.keys.iter().find(|(known, _)| **known == *key) {
            return *known;
        }
        let sensitive = self.masker.names().contains(key);
        if self.keys.len() < KEYS {
            self.keys.push((key.into(), sensitive));
        }
        sensitive
    }
}

/// The keys of `error_detail` that Airflow's UI looks for. They stay, whatever words are secret.
const ERROR_KEYS: [&str; 14] = [
    "exc_type",
    "exc_value",
    "exc_notes",
    "syntax_error",
    "is_cause",
    "frames",
    "is_group",
    "exceptions",
    "filename",
    "lineno",
    "name",
    "line",
    "offset",
    "msg",
];

/// The value with `change` done to all its texts, and without tokens. No member is lost where two keys become the same.
fn texts(value: Value, change: &dyn Fn(String) -> String) -> Value {
    let text = |text: String| without_tokens(&change(text)).into_owned();
    match value {
        Value::String(found) => Value::String(text(found)),
        Value::Array(items) => items.into_iter().map(|item| texts(item, change)).collect(),
        Value::Object(members) => {
            let mut out = serde_json::Map::with_capacity(members.len());
            for (key, member) in members {
                let mut key = match ERROR_KEYS.contains(&key.as_str()) {
                    true => key,
                    false => text(key),
                };
                while out.contains_key(&key) {
                    key.push('_');
                }
                out.insert(key, texts(member, change));
            }
            Value::Object(out)
        }
        other => other,
    }
}

fn tree(value: &RawValue) -> Value {
    // Deeper nesting than a tree may have was not taken for JSON in the first place.
    serde_json::from_str(value.get()).unwrap_or_else(|_| Value::from(value.get()))
}

fn is_instant(raw: &str) -> bool {
    raw.strip_prefix('"')
        .and_then(|raw| raw.strip_suffix('"'))
        .is_some_and(|text| text.parse::<Timestamp>().is_ok())
}

fn level(raw: &str) -> Option<Level> {
    Level::of_name(raw.strip_prefix('"')?.strip_suffix('"')?)
}

/// The members of an object in their order, values as they stand.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-01-01T00:00:00.000001Z";

    fn written(line: &str, masker: &Masker) -> String {
        let mut out = Vec::new();
        assert!(
            JsonLines::new().write(&mut out, line.as_bytes(), NOW, masker),
            "{line}"
        );
        let text = String::from_utf8(out).unwrap();
        serde_json::from_str::<Value>(&text).expect("JSON");
        text
    }

    #[test]
    fn a_line_is_put_into_airflows_order_and_the_rest_is_copied() {
        let line = r#"{"logger":"a.b","n":1.50,"event":"héllo","level":"WARNING","timestamp":"2026-02-03T04:05:06+01:00"}"#;
        assert_eq!(
            written(line, &Masker::default()),
            "{\"timestamp\":\"2026-02-03T04:05:06+01:00\",\"level\":\"warning\",\"event\":\"héllo\",\"logger\":\"a.b\",\"n\":1.50}\n"
        );
    }

    #[test]
    fn what_is_missing_or_unknown_is_filled_in_and_never_dropped() {
        let text = written(
            r#"{"event":null,"level":"loud","timestamp":"noon","x":1,"x":2}"#,
            &Masker::default(),
        );
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            json!({"timestamp": NOW, "level": "info", "event": "", "logger": "task", "x": 2,
                   "unreadable_timestamp": "noon", "unknown_level": "loud"})
        );
    }

    #[test]
    fn secrets_and_tokens_are_masked_in_strings_and_the_line_stays_json() {
        let masker = Masker::default();
        masker.register("hunter2000");
        masker.register("123456");
        let line = r#"{"event":"it is hunter2000","n":123456,"deep":{"a":["hunter2000"],"password":"x"},"level":"info",
            "error_detail":[{"exc_value":"hunter2000"}],"t":"Bearer eyJhbGci.abc","api_token":["y"],"k-hunter2000":1}"#
            .replace('\n', "");
        let value: Value = serde_json::from_str(&written(&line, &masker)).unwrap();
        assert_eq!(value["event"], "it is ***");
        assert_eq!(value["n"], 123_456);
        assert_eq!(value["deep"], json!({"a": ["***"], "password": "***"}));
        assert_eq!(value["error_detail"], json!([{"exc_value": "***"}]));
        assert_eq!(value["t"], "Bearer eyJ***");
        assert_eq!(value["api_token"], "***");
        assert_eq!(value["k-***"], 1);
    }

    #[test]
    fn an_exception_has_airflows_name_for_it() {
        let text = written(
            r#"{"event":"e","exception":[{"exc_type":"E"}]}"#,
            &Masker::default(),
        );
        assert!(
            text.contains(r#""error_detail":[{"exc_type":"E"}]"#),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_object_is_not_taken() {
        for line in [
            "",
            "text",
            "[1]",
            "{\"a\":}",
            "1",
            "\"s\"",
            "{\"a\":1} x",
            "{\"a\":\"\u{1}\"}",
        ] {
            let mut out = Vec::new();
            let taken = JsonLines::new().write(&mut out, line.as_bytes(), NOW, &Masker::default());
            assert!(!taken && out.is_empty(), "{line}");
        }
        let mut out = Vec::new();
        assert!(!JsonLines::new().write(&mut out, b"{\"a\":\"\xff\"}", NOW, &Masker::default()));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            Just(Value::from("it is hunter2000")),
            Just(Value::from("eyJhbGciOi.x")),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn key() -> impl Strategy<Value = String> {
        let known = [
            "event",
            "level",
            "timestamp",
            "logger",
            "logger_name",
            "exception",
            "error_detail",
            "password",
            "hunter2000",
        ];
        prop_oneof![
            prop::sample::select(known.to_vec()).prop_map(str::to_owned),
            ".{0,6}"
        ]
    }

    proptest! {
        #[test]
        fn every_object_becomes_one_line_of_json_without_secrets(
            members in prop::collection::btree_map(key(), value(), 0..6),
        ) {
            let masker = Masker::default();
            masker.register("hunter2000");
            let line = serde_json::to_string(&members).unwrap();
            let text = written(&line, &masker);
            prop_assert_eq!(text.matches('\n').count(), 1);
            prop_assert!(!text.contains("hunter2000") && !text.contains("eyJhbGci"));
            let read: Value = serde_json::from_str(&text).unwrap();
            for key in ["timestamp", "level", "event"] {
                prop_assert!(read.get(key).is_some());
            }
        }

        #[test]
        fn bytes_of_any_kind_are_taken_whole_or_not_at_all(line in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut out = Vec::new();
            let taken = JsonLines::new().write(&mut out, &line, NOW, &Masker::default());
            prop_assert_eq!(taken, !out.is_empty());
        }
    }
}
