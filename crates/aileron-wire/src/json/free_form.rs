//! Reading a free-form field into a `serde_json` tree, MessagePack extensions included.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::JsonMap;
use crate::time;

/// For `deserialize_with` on a field that holds free-form JSON.
pub(crate) fn free_form<'de, D: Deserializer<'de>, T: FromTree>(
    deserializer: D,
) -> Result<T, D::Error> {
    let FreeForm(tree) = FreeForm::deserialize(deserializer)?;
    T::from_tree(tree)
        .map_err(|(found, expected)| D::Error::invalid_type(unexpected(&found), &expected))
}

/// What a tree can become; the error is the part that does not fit and what was expected there.
pub(crate) trait FromTree: Sized {
    fn from_tree(tree: Value) -> Result<Self, (Value, &'static str)>;
}

impl FromTree for Value {
    fn from_tree(tree: Value) -> Result<Self, (Value, &'static str)> {
        Ok(tree)
    }
}

impl FromTree for JsonMap {
    fn from_tree(tree: Value) -> Result<Self, (Value, &'static str)> {
        match tree {
            Value::Object(map) => Ok(map),
            other => Err((other, "a map")),
        }
    }
}

impl<T: FromTree> FromTree for Option<T> {
    fn from_tree(tree: Value) -> Result<Self, (Value, &'static str)> {
        if tree.is_null() {
            Ok(None)
        } else {
            T::from_tree(tree).map(Some)
        }
    }
}

impl<T: FromTree> FromTree for Vec<T> {
    fn from_tree(tree: Value) -> Result<Self, (Value, &'static str)> {
        match tree {
            Value::Array(items) => items.into_iter().map(T::from_tree).collect(),
            other => Err((other, "an array")),
        }
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(_) => Unexpected::Other("a number"),
        Value::String(_) => Unexpected::Other("a string"),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

/// A tree that may hold timestamps on the wire; they become RFC 3339 text.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct FreeForm(pub(crate) Value);

impl<'de> Deserialize<'de> for FreeForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Self)
    }
}

struct TreeVisitor;

impl<'de> DeserializeSeed<'de> for TreeVisitor {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &"a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = JsonMap::new();
        while let Some(Key(key)) = map.next_key()? {
            object.insert(key, map.next_value_seed(Self)?);
        }
        Ok(Value::Object(object))
    }

    // `rmp-serde` shows an extension as a newtype.
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        time::from_extension(deserializer).map(|instant| instant.to_string().into())
    }
}

/// A map key. A Python dict may have integers for keys; JSON writes them as text.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match TreeVisitor.deserialize(deserializer)? {
            Value::String(key) => Ok(Self(key)),
            Value::Number(key) => Ok(Self(key.to_string())),
            Value::Bool(key) => Ok(Self(key.to_string())),
            Value::Null => Ok(Self("null".to_owned())),
            other => Err(D::Error::invalid_type(
                unexpected(&other),
                &"a map key that JSON can write",
            )),
        }
    }
}
