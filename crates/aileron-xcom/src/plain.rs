//! A value as a person reads it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Error, Value};

use crate::class::Class;
use crate::text::text;
use crate::wrapped::{CLASSNAME, DATA, View};

/// How deep values may lie in each other; serde_json has the same limit for one reading.
const DEEPEST: usize = 128;

/// The JSON text with every wrapped Python value in it as what it is: a set as an array, a `datetime` as text in RFC 3339 with its
/// zone, a `timedelta` as ISO 8601 text, a `Decimal` as its digits, a numpy scalar as a number, a dataclass as its fields.
///
/// Numbers stay as they are, digit for digit. What has no such form stays wrapped: a `pandas.DataFrame`, and data that is not what
/// its class writes. The class names are gone afterwards; it is for looking at, not for sending on.
///
/// # Errors
/// When it is no JSON, or values lie more than 128 deep.
///
/// ```
/// let json = r#"{"sizes": {"__classname__": "builtins.set", "__version__": 1, "__data__": [1, 2.50]}}"#;
/// assert_eq!(aileron_xcom::plain(json)?, r#"{"sizes":[1,2.50]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn plain(json: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(json.len());
    write(json.trim(), &mut out, 0)?;
    Ok(out)
}

fn write(json: &str, out: &mut String, depth: usize) -> Result<(), Error> {
    if depth > DEEPEST {
        return Err(Error::custom("values lie too deep in each other"));
    }
    match json.as_bytes().first() {
        Some(b'{') => {
            let fields: Fields<'_> = serde_json::from_str(json)?;
            if fields.0.iter().any(|(name, _)| name == CLASSNAME)
                && write_wrapped(json, &fields, out, depth)?
            {
                return Ok(());
            }
            write_all(out, ('{', '}'), &fields.0, |(name, value), out| {
                out.push_str(&serde_json::to_string(name)?);
                out.push(':');
                write(value.get(), out, depth + 1)
            })
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json)?;
            write_all(out, ('[', ']'), &items, |item, out| {
                write(item.get(), out, depth + 1)
            })
        }
        Some(b'"') => {
            let text: String = serde_json::from_str(json)?;
            out.push_str(&serde_json::to_string(&text)?);
            Ok(())
        }
        _ => {
            let scalar: &RawValue = serde_json::from_str(json)?;
            out.push_str(scalar.get());
            Ok(())
        }
    }
}

fn write_all<T>(
    out: &mut String,
    (open, close): (char, char),
    items: &[T],
    mut one: impl FnMut(&T, &mut String) -> Result<(), Error>,
) -> Result<(), Error> {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        one(item, out)?;
    }
    out.push(close);
    Ok(())
}

/// Writes what a wrapped value is; false when it is none, or stays as it is.
fn write_wrapped(
    json: &str,
    fields: &Fields<'_>,
    out: &mut String,
    depth: usize,
) -> Result<bool, Error> {
    let value: Value = serde_json::from_str(json)?;
    let Some(view) = View::of(&value) else {
        return Ok(false);
    };
    match view.class {
        Class::Collection | Class::Numpy | Class::Other => {
            let data = fields.0.iter().find(|(name, _)| name == DATA);
            write(data.map_or("null", |(_, data)| data.get()), out, depth + 1)?;
            Ok(true)
        }
        Class::DataFrame => Ok(false),
        // A number is its own best text.
        Class::Decimal if view.data.is_number() => {
            let data = fields.0.iter().find(|(name, _)| name == DATA);
            let digits = data.map_or("null", |(_, data)| data.get());
            out.push_str(&serde_json::to_string(digits)?);
            Ok(true)
        }
        _ => match text(view) {
            Some(text) => {
                out.push_str(&serde_json::to_string(&text)?);
                Ok(true)
            }
            None => Ok(false),
        },
    }
}

/// The fields of an object, in their order, each with its text.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields<'de>, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::plain;

    fn wrapped(classname: &str, version: i64, data: Value) -> Value {
        json!({"__classname__": classname, "__version__": version, "__data__": data})
    }

    fn read(value: &Value) -> Value {
        serde_json::from_str(&plain(&value.to_string()).unwrap()).unwrap()
    }

    #[test]
    fn every_class_becomes_what_it_is_at_any_depth() {
        let zone = wrapped(
            "builtins.tuple",
            1,
            json!(["Asia/Tokyo", "zoneinfo.ZoneInfo", 1, true]),
        );
        let id = wrapped(
            "uuid.UUID",
            1,
            json!("00000000-0000-0000-0000-000000000007"),
        );
        let value = json!([
            wrapped("builtins.tuple", 1, json!([wrapped("decimal.Decimal", 1, json!("1.50")), 2])),
            wrapped("datetime.datetime", 2, json!({"timestamp": 0.0, "tz": zone})),
            wrapped("datetime.timedelta", 2, json!(90.0)),
            wrapped("datetime.date", 2, json!("2026-01-02")),
            wrapped("numpy.float64", 1, json!(0.5)),
            {"order": wrapped("shop.Order", 1, json!({"id": id}))},
        ]);
        let expected = json!([
            ["1.50", 2],
            "1970-01-01T09:00:00+09:00[Asia/Tokyo]",
            "PT1M30S",
            "2026-01-02",
            0.5,
            {"order": {"id": "00000000-0000-0000-0000-000000000007"}},
        ]);
        assert_eq!(read(&value), expected);
    }

    #[test]
    fn what_has_no_plain_form_stays_as_it_is() {
        for value in [
            wrapped("pandas.DataFrame", 1, json!("00ff")),
            wrapped("datetime.datetime", 2, json!("nonsense")),
            json!({"__classname__": "x"}),
        ] {
            assert_eq!(read(&value), value);
        }
    }

    #[test]
    fn no_digit_is_lost_and_letters_are_letters() {
        let json = r#"{ "n": [123456789012345678901234567890, 1.10, -0], "t": "d\u00f6g \ud83d\udc15", "s": {"__classname__": "builtins.set", "__version__": 1, "__data__": [0.30]} }"#;
        assert_eq!(
            plain(json).unwrap(),
            r#"{"n":[123456789012345678901234567890,1.10,-0],"t":"dög 🐕","s":[0.30]}"#
        );
        assert!(plain("[1,").is_err() && plain("").is_err() && plain("nan").is_err());
        assert!(plain(&"[".repeat(100_000)).is_err());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".{0,5}", inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_holds_nothing_wrapped_stays_the_same_value(value in any_json()) {
            prop_assert_eq!(read(&value), value);
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = plain(&text);
        }
    }
}
