//! One log line: what it holds, how it is masked, and its form on the logs socket.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::level::Level;
use crate::secrets::Masker;

/// Names that a field may not have in a line.
///
/// The first row is the line's own. The second is the arguments of Airflow's Python functions that take the line: a field of
/// that name makes Airflow's supervisor fail, and the task with it (seen in 3.3.2 and 3.4.0b2). The third is names that
/// Airflow's log processors take away or give a meaning; `error_detail` must be a list, or the log page of the UI fails.
const RESERVED: [&str; 18] = [
    "timestamp",
    "level",
    "event",
    "logger",
    "filename",
    "lineno",
    "loc",
    "target",
    "msg",
    "self",
    "method_name",
    "positional_args",
    "exc_info",
    "stack_info",
    "exception",
    "logger_name",
    "error_detail",
    "__level_override",
];

/// A log line on its way out, not masked yet.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) timestamp: Timestamp,
    pub(super) level: Level,
    pub(super) logger: String,
    pub(super) event: String,
    pub(super) file: Option<Cow<'static, str>>,
    pub(super) line: Option<u32>,
    pub(super) fields: Map<String, Value>,
}

impl Line {
    /// A line of the present moment. A field `logger` that is a text becomes the line's logger; a field with a reserved name
    /// gets underscores appended until the name is free.
    pub(super) fn new(
        level: Level,
        logger: Cow<'_, str>,
        event: String,
        mut fields: Map<String, Value>,
    ) -> Self {
        let logger = match fields.get_mut("logger") {
            Some(Value::String(name)) => {
                let name = std::mem::take(name);
                fields.shift_remove("logger");
                name
            }
            _ => logger.into_owned(),
        };
        Self {
            timestamp: Timestamp::now(),
            level,
            logger,
            event,
            file: None,
            line: None,
            fields: without_reserved(fields),
        }
    }

    pub(super) fn at(mut self, file: Option<Cow<'static, str>>, line: Option<u32>) -> Self {
        self.file = file;
        self.line = line;
        self
    }

    /// About how much memory the line takes, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.logger.len() + self.event.len() + members_size(&self.fields)
    }

    pub(super) fn masked(mut self, masker: &Masker) -> Masked {
        self.logger = masker.mask_owned(self.logger);
        self.event = masker.mask_owned(self.event);
        self.file = self.file.map(|file| match file {
            Cow::Owned(file) => Cow::Owned(masker.mask_owned(file)),
            Cow::Borrowed(file) => masker.mask(file),
        });
        for (name, value) in &mut self.fields {
            *value = redacted(masker, name, value.take());
        }
        Masked(self)
    }
}

/// The members of `error_detail` keep their keys, whatever words are secret: the UI looks for them by name.
fn redacted(masker: &Masker, name: &str, value: Value) -> Value {
    if name != "error_detail" {
        return masker.redact(Some(name), value);
    }
    strings_masked(masker, value)
}

fn strings_masked(masker: &Masker, value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(masker.mask_owned(text)),
        Value::Array(items) => items
            .into_iter()
            .map(|item| strings_masked(masker, item))
            .collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, member)| (key, strings_masked(masker, member)))
            .collect(),
        other => other,
    }
}

fn without_reserved(fields: Map<String, Value>) -> Map<String, Value> {
    if !fields.iter().any(|(name, value)| is_reserved(name, value)) {
        return fields;
    }
    let taken: Vec<String> = fields.keys().cloned().collect();
    let mut out = Map::with_capacity(fields.len());
    for (mut name, value) in fields {
        if is_reserved(&name, &value) {
            while taken.contains(&name) || is_reserved(&name, &value) || out.contains_key(&name) {
                name.push('_');
            }
        }
        out.insert(name, value);
    }
    out
}

fn is_reserved(name: &str, value: &Value) -> bool {
    let is_own_detail = name == "error_detail" && is_error_detail(value);
    !is_own_detail && RESERVED.contains(&name)
}

/// The UI walks a list of errors and the `frames` list of each; anything else breaks its log page.
fn is_error_detail(value: &Value) -> bool {
    value.as_array().is_some_and(|errors| {
        errors
            .iter()
            .all(|error| error.get("frames").is_some_and(Value::is_array))
    })
}

fn members_size(members: &Map<String, Value>) -> usize {
    members
        .iter()
        .map(|(key, value)| size_of::<(String, Value)>() + key.len() + value_size(value))
        .sum()
}

fn value_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items
            .iter()
            .map(|item| size_of::<Value>() + value_size(item))
            .sum(),
        Value::Object(members) => members_size(members),
        _ => 0,
    }
}

/// A line without secrets: the only kind that can be written anywhere.
#[derive(Debug)]
pub(super) struct Masked(Line);

impl Masked {
    pub(super) fn line(&self) -> &Line {
        &self.0
    }

    /// Appends the line as one JSON object and a newline.
    pub(super) fn append_json(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(&mut *out, self)
            .expect("a map with text keys and JSON values has a JSON form");
        out.push(b'\n');
    }
}

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &format_args!("{:.6}", line.timestamp))?;
        map.serialize_entry("level", line.level.as_str())?;
        map.serialize_entry("event", &line.event)?;
        map.serialize_entry("logger", &line.logger)?;
        for (name, value) in &line.fields {
            map.serialize_entry(name, value)?;
        }
        if let Some(file) = &line.file {
            map.serialize_entry("filename", file)?;
        }
        if let Some(number) = line.line {
            map.serialize_entry("lineno", &number)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn fields(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            other => panic!("{other} is no object"),
        }
    }

    fn written(line: Line, masker: &Masker) -> Value {
        let mut out = Vec::new();
        line.masked(masker).append_json(&mut out);
        assert_eq!(out.pop(), Some(b'\n'));
        assert!(!out.contains(&b'\n'), "a line must be one line");
        serde_json::from_slice(&out).expect("a line is JSON")
    }

    #[test]
    fn a_line_has_the_keys_that_airflow_reads() {
        let mut line = Line::new(
            Level::Warning,
            Cow::Borrowed("a.b"),
            "Hello".into(),
            fields(json!({"http.status": 200, "ok": true, "ratio": 0.5, "name": "x"})),
        )
        .at(Some("src/main.rs".into()), Some(7));
        line.timestamp = "2026-11-20T05:19:16.000123Z".parse().unwrap();
        let mut out = Vec::new();
        line.masked(&Masker::default()).append_json(&mut out);
        let expected = concat!(
            r#"{"timestamp":"2026-11-20T05:19:16.000123Z","level":"warning","event":"Hello","logger":"a.b","#,
            r#""http.status":200,"ok":true,"ratio":0.5,"name":"x","filename":"src/main.rs","lineno":7}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_field_with_a_reserved_name_is_renamed_and_none_is_lost() {
        let given = fields(json!({
            "target": 1, "target_": 2, "msg": 3, "self": 4, "level": 5, "timestamp": 6, "event": 7, "logger": 8,
            "filename": 9, "positional_args": 10, "method_name": 11, "error_detail": "text", "exc_info": 12,
        }));
        let line = Line::new(Level::Info, Cow::Borrowed("x"), "Hello".into(), given);
        let expected = fields(json!({
            "target__": 1, "target_": 2, "msg_": 3, "self_": 4, "level_": 5, "timestamp_": 6, "event_": 7, "logger_": 8,
            "filename_": 9, "positional_args_": 10, "method_name_": 11, "error_detail_": "text", "exc_info_": 12,
        }));
        assert_eq!(line.fields, expected);
        assert_eq!(line.logger, "x");
    }

    #[test]
    fn a_field_logger_names_the_logger() {
        let line = Line::new(
            Level::Info,
            Cow::Borrowed("x"),
            String::new(),
            fields(json!({"logger": "a.b"})),
        );
        assert_eq!((line.logger.as_str(), line.fields.len()), ("a.b", 0));
    }

    #[test]
    fn error_details_are_masked_and_keep_their_shape() {
        let masker = Masker::default();
        for secret in ["hunter2000", "frames", "exc_type"] {
            masker.register(secret);
        }
        let detail = json!([{"exc_type": "E", "exc_value": "no hunter2000", "frames": [{"name": "hunter2000", "lineno": 1}]}]);
        let line = Line::new(
            Level::Error,
            Cow::Borrowed("x"),
            "failed".into(),
            fields(json!({"error_detail": detail})),
        );
        let expected = json!([{"exc_type": "E", "exc_value": "no ***", "frames": [{"name": "***", "lineno": 1}]}]);
        assert_eq!(written(line, &masker)["error_detail"], expected);
    }

    #[test]
    fn every_text_of_a_line_is_masked_before_it_is_encoded() {
        let masker = Masker::default();
        let secret = "qu\"ote\nnéw\\line";
        masker.register(secret);
        let line = Line::new(
            Level::Info,
            Cow::Owned(format!("log.{secret}")),
            format!("<{secret}>"),
            fields(
                json!({"plain": secret, "debug": format!("{secret:?}"), "list": [{"deep": secret}], "password": 5}),
            ),
        );
        let out = written(line, &masker);
        assert_eq!(out["event"], "<***>");
        assert_eq!(out["logger"], "log.***");
        assert_eq!(out["plain"], "***");
        assert_eq!(out["debug"], "\"***\"");
        assert_eq!(out["list"], json!([{"deep": "***"}]));
        assert_eq!(out["password"], "***");
    }

    proptest! {
        #[test]
        fn any_text_makes_one_json_line_that_reads_back(event: String, name in "[a-z]{1,5}\\.\\PC{0,9}", value: String) {
            let given = Map::from_iter([(name.clone(), Value::from(value.clone()))]);
            let line = Line::new(Level::Info, Cow::Borrowed("x"), event.clone(), given);
            let masker = Masker::new(5, crate::secrets::SensitiveNames::none());
            let out = written(line, &masker);
            prop_assert_eq!(&out["event"], &event);
            prop_assert_eq!(&out[&name], &value);
        }

        #[test]
        fn a_registered_secret_never_leaves(secret in "[^*]{5,20}", before in "[a-z ]{0,8}", after in "[a-z ]{0,8}") {
            prop_assume!(secret.trim().chars().count() >= 5);
            let masker = Masker::default();
            masker.register(&secret);
            let debug = format!("{secret:?}");
            let json = Value::from(secret.clone()).to_string();
            for form in [secret.as_str(), secret.trim(), &debug[1..debug.len() - 1], &json[1..json.len() - 1]] {
                let masked = masker.mask(&format!("{before}{form}{after}")).into_owned();
                prop_assert!(!masked.contains(form), "{masked:?} holds {form:?}");
            }
        }
    }
}
