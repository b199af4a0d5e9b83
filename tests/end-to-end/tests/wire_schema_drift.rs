//! The Rust types against the schema of the installed Airflow packages.
//!
//! Nothing is compared with a description of the types: each type is fed values made from the
//! schema, through the real wire encoding, and its fields are the ones `serde` asks for. A
//! difference in either direction fails the test and is named.

mod wire_schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use aileron_wire::SchemaVersion;
use aileron_wire::json;
use aileron_wire::message::{ErrorType, TaskInstanceState, ToSupervisor, ToTask};
use aileron_wire::schema::{ADDED_DEFINITIONS, ADDED_FIELDS, Visit, each_definition};
use anyhow::{Result, ensure};
use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use serde_json::{Value, json};

use wire_schema::{Schema, equal, is_tag, python_332, python_340};

/// Fields where null is read as the default, although the schema does not allow it: the classes
/// that the supervisor dumps have null defaults there, and it sends them.
const NULL_READ_AS_DEFAULT: &[(&str, &[&str])] = &[
    ("DagRun", &["clear_number"]),
    ("LiteralArgBinding", &["from_default"]),
    (
        "TIRunContext",
        &[
            "task_reschedule_count",
            "variables",
            "connections",
            "xcom_keys_to_clear",
            "should_retry",
            "multi_team",
        ],
    ),
    (
        "TaskInstance",
        &["map_index", "queue", "region_id", "region_index"],
    ),
];

/// Fields that became nullable with 2026-10-30.
const NULLABLE_LATER: &[(&str, &[&str])] = &[("DagRunAssetReference", &["start_date"])];

fn lists(table: &[(&str, &[&str])], name: &str, field: &str) -> bool {
    table
        .iter()
        .any(|(listed, fields)| *listed == name && fields.contains(&field))
}

/// One Rust type, without its type parameter.
struct Definition {
    /// The fields, or for an enum the variants, that `serde` asks for.
    names: BTreeSet<&'static str>,
    /// Decodes a value from its wire form and encodes it again.
    through: fn(&Value) -> Result<Value, String>,
}

fn through<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, String> {
    let encoded = json::encode(value).map_err(|error| error.to_string())?;
    let read: T = json::decode(&encoded).map_err(|error| error.to_string())?;
    json::decode(&json::encode(&read).map_err(|error| error.to_string())?)
        .map_err(|error| error.to_string())
}

#[derive(Default)]
struct Definitions(BTreeMap<&'static str, Definition>);

impl Visit for Definitions {
    fn visit<T: DeserializeOwned + Serialize + PartialEq + Debug>(&mut self, name: &'static str) {
        let mut names = BTreeSet::new();
        // It stops with an error as soon as it has seen the names.
        let _ = T::deserialize(Names(&mut names));
        // A second spelling, read from first frames.
        names.remove("schema_");
        self.0.insert(
            name,
            Definition {
                names,
                through: through::<T>,
            },
        );
    }
}

/// A `Deserializer` that only notes which fields or variants a type asks for.
struct Names<'a>(&'a mut BTreeSet<&'static str>);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("no names"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(fields);
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(variants);
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// Collects every difference before failing.
struct Comparison<'a> {
    schema: &'a Schema,
    version: SchemaVersion,
    definitions: BTreeMap<&'static str, Definition>,
    differences: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn new(schema: &'a Schema) -> Result<Self> {
        let mut definitions = Definitions::default();
        each_definition(&mut definitions);
        let version = schema.version.parse()?;
        Ok(Self {
            schema,
            version,
            definitions: definitions.0,
            differences: Vec::new(),
        })
    }

    fn differs(&mut self, text: String) {
        self.differences.push(text);
    }

    fn finish(self) -> Result<()> {
        ensure!(
            self.differences.is_empty(),
            "{} differences from Airflow {} (schema {}):\n  {}",
            self.differences.len(),
            self.schema.airflow,
            self.schema.version,
            self.differences.join("\n  ")
        );
        Ok(())
    }

    fn is_older(&self) -> bool {
        self.version < SchemaVersion::LATEST
    }

    fn compare(mut self) -> Result<()> {
        self.names_of_definitions();
        self.unions();
        let names: Vec<&'static str> = self.definitions.keys().copied().collect();
        for name in names {
            let Some(schema) = self.schema.definitions.get(name) else {
                continue;
            };
            if schema.get("properties").is_some() {
                self.names_of_fields(name);
                self.whole_values(name);
                self.single_fields(name);
            } else if let Some(values) = schema["enum"].as_array() {
                self.values_of_enum(name, values);
            } else if schema.get("discriminator").is_some() {
                self.alternatives(name, schema);
            }
        }
        self.finish()
    }

    fn names_of_definitions(&mut self) {
        let ours: BTreeSet<&str> = self.definitions.keys().copied().collect();
        let theirs: BTreeSet<&str> = self.schema.definitions.keys().map(String::as_str).collect();
        for name in theirs.difference(&ours) {
            self.differences
                .push(format!("{name}: in the schema, not in Rust"));
        }
        for name in ours {
            let added_later = self.is_older() && ADDED_DEFINITIONS.contains(&name);
            if added_later == theirs.contains(name) {
                let known = if added_later {
                    "in the schema already"
                } else {
                    "in Rust, not in the schema"
                };
                self.differs(format!("{name}: {known}"));
            }
        }
    }

    fn unions(&mut self) {
        let schema = self.schema;
        let directions = [
            ("ToSupervisor", ToSupervisor::TYPES, &schema.to_supervisor),
            ("ToTask", ToTask::TYPES, &schema.to_task),
        ];
        for (direction, ours, theirs) in directions {
            let ours = ours
                .iter()
                .filter(|name| self.version.knows(name))
                .map(|name| (*name).to_owned())
                .collect();
            for name in theirs.symmetric_difference(&ours) {
                let side = if ours.contains(name) {
                    "in Rust only"
                } else {
                    "in Airflow only"
                };
                self.differences
                    .push(format!("{direction}: {name} is {side}"));
            }
        }
    }

    fn names_of_fields(&mut self, name: &'static str) {
        let theirs: BTreeSet<&str> = self
            .schema
            .properties(name)
            .into_iter()
            .filter(|(field, schema)| !is_tag(field, schema))
            .map(|(field, _)| field)
            .collect();
        let ours = self.definitions[name].names.clone();
        for field in theirs.difference(&ours) {
            self.differences
                .push(format!("{name}.{field}: in the schema, not in Rust"));
        }
        for field in ours {
            let added_later = self.is_older() && lists(ADDED_FIELDS, name, field);
            if added_later == theirs.contains(field) {
                let known = if added_later {
                    "in the schema already"
                } else {
                    "in Rust, not in the schema"
                };
                self.differs(format!("{name}.{field}: {known}"));
            }
        }
    }

    fn through(&self, name: &str, value: &Value) -> Result<Value, String> {
        (self.definitions[name].through)(value)
    }

    /// A value with every field comes back whole; one with only the required fields is read.
    fn whole_values(&mut self, name: &'static str) {
        let full = self.schema.full(name);
        match self.through(name, &full) {
            Ok(back) if equal(&back, &full) => {}
            Ok(back) => self.differs(format!("{name}: {full} came back as {back}")),
            Err(error) => self.differs(format!("{name}: {full} is refused: {error}")),
        }
        let minimal = self.schema.minimal(name);
        if let Err(error) = self.through(name, &minimal) {
            self.differs(format!("{name}: {minimal} is refused: {error}"));
        }
    }

    fn single_fields(&mut self, name: &'static str) {
        let schema = self.schema;
        for (field, field_schema) in schema.properties(name) {
            if is_tag(field, field_schema) {
                let mut without_tag = schema.full(name);
                without_tag
                    .as_object_mut()
                    .expect("an object")
                    .remove(field);
                self.tag_is_written(name, field, &without_tag);
                continue;
            }
            self.absent(name, field, field_schema);
            self.other_values(name, field, field_schema);
        }
    }

    fn tag_is_written(&mut self, name: &'static str, field: &str, without_tag: &Value) {
        let expected = &self.schema.full(name)[field];
        match self.through(name, without_tag) {
            Ok(back) if back[field] == *expected => {}
            other => self.differs(format!(
                "{name}.{field}: {expected} is expected, written is {other:?}"
            )),
        }
    }

    fn absent(&mut self, name: &'static str, field: &str, field_schema: &Value) {
        let mut without = self.schema.full(name);
        without.as_object_mut().expect("an object").remove(field);
        let read = self.through(name, &without);
        if self.schema.is_required(name, field) {
            if read.is_ok() {
                self.differs(format!(
                    "{name}.{field}: required, but Rust reads a value without it"
                ));
            }
            return;
        }
        let Some(default) = field_schema.get("default") else {
            return;
        };
        let mut explicit = without.clone();
        explicit[field] = default.clone();
        if read.is_err() || read != self.through(name, &explicit) {
            self.differs(format!(
                "{name}.{field}: absent is not the same as its default {default}: {read:?}"
            ));
        }
    }

    /// Rust accepts and refuses the same values as the schema.
    fn other_values(&mut self, name: &'static str, field: &str, field_schema: &Value) {
        let is_struct = self.holds_struct(field_schema);
        for probe in probes() {
            if is_struct && (probe.is_array() || probe.is_object()) {
                // A derived `Deserialize` takes an array for a struct, too, and leaves out what it
                // does not know. The fields of the struct are compared under its own name.
                continue;
            }
            let mut value = self.schema.full(name);
            value[field] = probe.clone();
            let expected = self.schema.accepts(field_schema, &probe, false)
                || probe.is_null() && lists(NULL_READ_AS_DEFAULT, name, field)
                || probe.is_null() && self.is_older() && lists(NULLABLE_LATER, name, field)
                || (name, field) == ("ErrorResponse", "error") && probe.is_string();
            match self.through(name, &value) {
                Ok(back) if expected => {
                    let kept = back.get(field).is_none_or(|back| equal(back, &probe));
                    let dropped = back.get(field).is_none() && !is_empty(&probe);
                    let replaced = probe.is_null() && lists(NULL_READ_AS_DEFAULT, name, field);
                    if (!kept || dropped) && !replaced && !is_default(field_schema, &probe) {
                        self.differs(format!(
                            "{name}.{field}: {probe} came back as {}",
                            back[field]
                        ));
                    }
                }
                Ok(_) => self.differs(format!(
                    "{name}.{field}: Rust accepts {probe}, the schema does not"
                )),
                Err(error) if expected => {
                    self.differs(format!(
                        "{name}.{field}: Rust refuses {probe}, which the schema allows: {error}"
                    ));
                }
                Err(_) => {}
            }
        }
    }

    /// Whether the value is an object with named fields, or null.
    fn holds_struct(&self, schema: &Value) -> bool {
        let options = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
        match options {
            Some(options) => options.iter().any(|option| self.holds_struct(option)),
            None => self.schema.resolve(schema).get("properties").is_some(),
        }
    }

    fn values_of_enum(&mut self, name: &'static str, values: &[Value]) {
        let theirs: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
        let ours = match name {
            // It keeps unknown codes, so `serde` reads it as any string.
            "ErrorType" => ErrorType::KNOWN.iter().copied().collect(),
            _ => self.definitions[name].names.clone(),
        };
        for value in ours.symmetric_difference(&theirs) {
            let side = if theirs.contains(value) {
                "the schema only"
            } else {
                "Rust only"
            };
            self.differs(format!("{name}: {value} is in {side}"));
        }
        for value in values {
            if self.through(name, value).as_ref() != Ok(value) {
                self.differs(format!("{name}: {value} does not come back"));
            }
        }
    }

    fn alternatives(&mut self, name: &'static str, schema: &Value) {
        let tag = schema["discriminator"]["propertyName"]
            .as_str()
            .expect("a discriminator has a property");
        for alternative in schema["oneOf"].as_array().into_iter().flatten() {
            let mut value = self.schema.value(alternative);
            match self.through(name, &value) {
                Ok(back) if equal(&back, &value) => {}
                other => self.differs(format!("{name}: {value} came back as {other:?}")),
            }
            value[tag] = json!("something-else");
            if self.through(name, &value).is_ok() {
                self.differs(format!("{name}: Rust accepts an unknown {tag}"));
            }
        }
    }
}

/// Values of every kind, and every string that an enum or a tag of the schema knows.
fn probes() -> Vec<Value> {
    let states: Vec<Value> = TASK_STATES.iter().map(|state| json!(state)).collect();
    let mut probes = vec![
        json!(null),
        json!(true),
        json!(7),
        json!(-7),
        json!(7.5),
        json!("x"),
        json!("019c5f3e-7a2b-7c4d-9e8f-0123456789ab"),
        json!("2026-01-02T03:04:05Z"),
        json!("PT5S"),
        json!("failure"),
        json!("retry"),
        json!("manual"),
        json!([]),
        json!(["x"]),
        json!([7]),
        json!([null]),
        json!({}),
        json!({"k": "v"}),
        json!({"k": 7}),
    ];
    probes.extend(states);
    probes
}

const TASK_STATES: [TaskInstanceState; 13] = {
    use TaskInstanceState::*;
    [
        Removed,
        Scheduled,
        Queued,
        Running,
        Success,
        Restarting,
        Failed,
        UpForRetry,
        UpForReschedule,
        UpstreamFailed,
        Skipped,
        Deferred,
        AwaitingInput,
    ]
};

fn is_default(schema: &Value, value: &Value) -> bool {
    schema.get("default") == Some(value)
}

/// What is left out when it is written, because absent means the same.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[test]
fn the_types_are_those_of_airflow_3_4() -> Result<()> {
    let schema = Schema::read(&python_340()?)?;
    assert_eq!(schema.version, SchemaVersion::V2026_10_30.as_str());
    Comparison::new(&schema)?.compare()
}

#[test]
fn the_types_without_what_came_later_are_those_of_airflow_3_3() -> Result<()> {
    let schema = Schema::read(&python_332()?)?;
    assert_eq!(schema.version, SchemaVersion::V2026_06_16.as_str());
    Comparison::new(&schema)?.compare()
}

#[test]
fn a_downgraded_message_fits_the_older_schema() -> Result<()> {
    let (older, newer) = (Schema::read(&python_332()?)?, Schema::read(&python_340()?)?);
    let version: SchemaVersion = older.version.parse()?;
    for name in newer.to_supervisor.union(&newer.to_task) {
        let body = json::encode(&newer.full(name))?;
        let downgraded = if newer.to_supervisor.contains(name) {
            let mut message = ToSupervisor::decode(&body)?;
            message.downgrade(version).map(|()| message.encode())
        } else {
            let mut message = ToTask::decode(&body)?;
            message.downgrade(version).map(|()| message.encode())
        };
        let Some(schema) = older.definitions.get(name) else {
            assert!(downgraded.is_err(), "{name} is not in the older schema");
            continue;
        };
        let downgraded: Value = json::decode(&downgraded??)?;
        assert!(
            older.accepts(schema, &downgraded, true),
            "{name}: {downgraded}"
        );
    }
    Ok(())
}
