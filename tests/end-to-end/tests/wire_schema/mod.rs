//! The schema of an installed Airflow, and values made from it.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

/// The Python of the Airflow 3.3.2 environment, from the environment variable that
/// `cargo xtask test` sets.
pub fn python_332() -> Result<String> {
    python("AILERON_AIRFLOW_332_PYTHON")
}

/// The Python of the Airflow 3.4.0b2 environment.
pub fn python_340() -> Result<String> {
    python("AILERON_AIRFLOW_340_PYTHON")
}

fn python(variable: &str) -> Result<String> {
    std::env::var(variable).with_context(|| {
        format!(
            "{variable} must name the Python of an Airflow environment; `cargo xtask test` sets it"
        )
    })
}

/// Runs a script in an Airflow environment and returns what it printed.
pub fn run(python: &str, script: &str, input: &[u8]) -> Result<Vec<u8>> {
    let home = tempfile::tempdir()?;
    let mut child = Command::new(python)
        .args(["-c", script])
        .env("AIRFLOW_HOME", home.path())
        .env("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {python}"))?;
    let mut stdin = child.stdin.take().context("stdin is piped")?;
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "the script failed in {python}: {}",
        output.status
    );
    writer.join().expect("the writer does not panic")?;
    Ok(output.stdout)
}

const READ_SCHEMA: &str = r#"
import json, pathlib
import airflow
from airflow.dag_processing import processor
from airflow.sdk.execution_time import comms, schema

def members(union):
    return sorted(cls.__name__ for cls in schema._iter_model_types(union))

print(json.dumps({
    "airflow": airflow.__version__,
    "schema": json.loads((pathlib.Path(schema.__file__).parent / "schema.json").read_text()),
    "to_supervisor": sorted({*members(comms.ToSupervisor), *members(processor.ToManager)}),
    "to_task": sorted({*members(comms.ToTask), *members(processor.ToDagProcessor)}),
}))
"#;

/// What an installed Airflow says of its messages.
pub struct Schema {
    pub airflow: String,
    pub version: String,
    pub definitions: Map<String, Value>,
    pub to_supervisor: BTreeSet<String>,
    pub to_task: BTreeSet<String>,
}

impl Schema {
    pub fn read(python: &str) -> Result<Self> {
        let mut all: Value = serde_json::from_slice(&run(python, READ_SCHEMA, b"")?)?;
        let Value::Object(definitions) = all["schema"]["$defs"].take() else {
            bail!("the schema has no definitions");
        };
        Ok(Self {
            airflow: serde_json::from_value(all["airflow"].take())?,
            version: serde_json::from_value(all["schema"]["api_version"].take())?,
            definitions,
            to_supervisor: serde_json::from_value(all["to_supervisor"].take())?,
            to_task: serde_json::from_value(all["to_task"].take())?,
        })
    }

    /// The schema behind a `$ref`.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                self.resolve(&self.definitions[reference.trim_start_matches("#/$defs/")])
            }
            None => schema,
        }
    }

    pub fn properties(&self, name: &str) -> Vec<(&str, &Value)> {
        let properties = self.definitions[name]["properties"].as_object();
        properties
            .into_iter()
            .flatten()
            .map(|(field, schema)| (field.as_str(), schema))
            .collect()
    }

    pub fn is_required(&self, name: &str, field: &str) -> bool {
        self.definitions[name]["required"]
            .as_array()
            .is_some_and(|required| required.iter().any(|name| name == field))
    }

    /// An object with every field, none of them null or at its default.
    pub fn full(&self, name: &str) -> Value {
        let fields = self.properties(name).into_iter();
        fields
            .map(|(field, schema)| (field.to_owned(), self.value(schema)))
            .collect()
    }

    /// An object with only what is required, and its tag.
    pub fn minimal(&self, name: &str) -> Value {
        let fields = self.properties(name).into_iter();
        fields
            .filter(|(field, schema)| self.is_required(name, field) || is_tag(field, schema))
            .map(|(field, schema)| (field.to_owned(), self.value(schema)))
            .collect()
    }

    /// A value that fits, other than null and the default.
    pub fn value(&self, schema: &Value) -> Value {
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(values) = schema["enum"].as_array() {
            return values[values.len() - 1].clone();
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.trim_start_matches("#/$defs/");
            if self.definitions[name].get("properties").is_some() {
                return self.full(name);
            }
            return self.value(&self.definitions[name]);
        }
        if let Some(options) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
            let first = options
                .iter()
                .find(|option| option["type"] != "null")
                .expect("not only null");
            let mut value = self.value(first);
            if schema.get("default") == Some(&value) {
                value = json!(!value.as_bool().expect("only booleans default to a sample"));
            }
            return value;
        }
        match schema["type"].as_str() {
            Some("string") => json!(match schema["format"].as_str() {
                Some("date-time") => "2026-01-02T03:04:05.000006Z",
                Some("uuid") => "019c5f3e-7a2b-7c4d-9e8f-0123456789ab",
                Some("duration") => "PT1M30S",
                _ => "text",
            }),
            Some("integer") => json!(41),
            Some("number") => json!(41.5),
            Some("boolean") => json!(schema["default"] != true),
            Some("array") if schema.get("prefixItems").is_some() => schema["prefixItems"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|item| self.value(item))
                .collect(),
            Some("array") => json!([self.value(&schema["items"])]),
            Some("object") => json!({"key": self.value(&schema["additionalProperties"])}),
            _ => json!({"any": ["thing", 1, 2.5, null, {}]}),
        }
    }

    /// Whether a value fits; with `closed`, an object may not have fields that the schema lacks.
    pub fn accepts(&self, schema: &Value, value: &Value, closed: bool) -> bool {
        if schema.get("$ref").is_some() {
            return self.accepts(self.resolve(schema), value, closed);
        }
        if let Some(constant) = schema.get("const") {
            return constant == value;
        }
        if let Some(values) = schema["enum"].as_array() {
            return values.contains(value);
        }
        if let Some(options) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
            return options
                .iter()
                .any(|option| self.accepts(option, value, closed));
        }
        match schema["type"].as_str() {
            Some("null") => value.is_null(),
            Some("string") => value
                .as_str()
                .is_some_and(|text| has_format(&schema["format"], text)),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("array") => value
                .as_array()
                .is_some_and(|items| self.accepts_items(schema, items, closed)),
            Some("object") => value
                .as_object()
                .is_some_and(|object| self.accepts_fields(schema, object, closed)),
            // `true`, or no type at all: anything.
            _ => true,
        }
    }

    fn accepts_items(&self, schema: &Value, items: &[Value], closed: bool) -> bool {
        match schema["prefixItems"].as_array() {
            Some(prefix) => {
                prefix.len() == items.len()
                    && prefix
                        .iter()
                        .zip(items)
                        .all(|(schema, item)| self.accepts(schema, item, closed))
            }
            None => items
                .iter()
                .all(|item| self.accepts(&schema["items"], item, closed)),
        }
    }

    fn accepts_fields(&self, schema: &Value, object: &Map<String, Value>, closed: bool) -> bool {
        let Some(properties) = schema["properties"].as_object() else {
            return object
                .values()
                .all(|value| self.accepts(&schema["additionalProperties"], value, closed));
        };
        let required = schema["required"].as_array();
        let complete = required
            .into_iter()
            .flatten()
            .all(|field| object.contains_key(field.as_str().unwrap_or("")));
        complete
            && object
                .iter()
                .all(|(field, value)| match properties.get(field) {
                    Some(schema) => self.accepts(schema, value, closed),
                    None => !closed,
                })
    }
}

/// Whether a field says which type an object is.
pub fn is_tag(field: &str, schema: &Value) -> bool {
    matches!(field, "type" | "kind") && schema.get("const").is_some()
}

fn has_format(format: &Value, text: &str) -> bool {
    match format.as_str() {
        Some("date-time") => text.parse::<jiff::Timestamp>().is_ok(),
        Some("uuid") => text.parse::<uuid::Uuid>().is_ok(),
        Some("duration") => aileron_wire::time::parse_duration(text).is_ok(),
        _ => true,
    }
}

/// Equal, where instants, durations and numbers may be written in more than one way.
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => {
            let instants = (
                left.parse::<jiff::Timestamp>(),
                right.parse::<jiff::Timestamp>(),
            );
            let durations = (
                aileron_wire::time::parse_duration(left),
                aileron_wire::time::parse_duration(right),
            );
            left == right
                || matches!(instants, (Ok(left), Ok(right)) if left == right)
                || matches!(durations, (Ok(left), Ok(right)) if left == right)
        }
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| equal(left, right)))
        }
        (left, right) => left == right,
    }
}
