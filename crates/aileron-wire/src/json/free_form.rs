//! Reading a free-form field into a `serde_json` tree, MessagePack extensions included.

use std::fmt;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::Value;

use super::JsonMap;
use crate::time;

/// For `deserialize_with` on a field that holds free-form JSON.
pub(crate) fn free_form<'de, D: Deserializer<'de>, T: FromTree>(
    deserializer: D,
) -> Result<T, D::Error> {
    let tree = tree(deserializer, T::expecting)?;
    T::from_tree(tree)
        .map_err(|found| D::Error::invalid_type(unexpected(&found), &Expecting(T::expecting)))
}

/// Reads any JSON value; `expecting` says in errors what the caller will make of it.
pub(crate) fn tree<'de, D: Deserializer<'de>>(
    deserializer: D,
    expecting: Says,
) -> Result<Value, D::Error> {
    deserializer.deserialize_any(TreeVisitor(expecting))
}

/// Writes what was expected.
pub(crate) type Says = fn(&mut fmt::Formatter<'_>) -> fmt::Result;

struct Expecting(Says);

impl Expected for Expecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0(f)
    }
}

/// What a tree can become. A tree that does not fit is handed back.
pub(crate) trait FromTree: Sized {
    fn expecting(f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn from_tree(tree: Value) -> Result<Self, Value>;
}

impl FromTree for Value {
    fn expecting(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn from_tree(tree: Value) -> Result<Self, Value> {
        Ok(tree)
    }
}

impl FromTree for JsonMap {
    fn expecting(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON map")
    }

    fn from_tree(tree: Value) -> Result<Self, Value> {
        match tree {
            Value::Object(map) => Ok(map),
            other => Err(other),
        }
    }
}

impl<T: FromTree> FromTree for Option<T> {
    fn expecting(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::expecting(f)?;
        f.write_str(" or null")
    }

    fn from_tree(tree: Value) -> Result<Self, Value> {
        if tree.is_null() {
            Ok(None)
        } else {
            T::from_tree(tree).map(Some)
        }
    }
}

impl<T: FromTree> FromTree for Vec<T> {
    fn expecting(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array, each item ")?;
        T::expecting(f)
    }

    fn from_tree(tree: Value) -> Result<Self, Value> {
        match tree {
            Value::Array(items) => items.into_iter().map(T::from_tree).collect(),
            other => Err(other),
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

/// Builds the tree. Timestamps, which JSON has not, become RFC 3339 text.
#[derive(Clone, Copy)]
struct TreeVisitor(Says);

impl<'de> DeserializeSeed<'de> for TreeVisitor {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0(f)
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
        while let Some(item) = seq.next_element_seed(Self(Value::expecting))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = JsonMap::new();
        while let Some(Key(key)) = map.next_key()? {
            object.insert(key, map.next_value_seed(Self(Value::expecting))?);
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
pub(super) struct Key(pub(super) String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = tree(deserializer, |f| {
            f.write_str("a map key that JSON can write")
        })?;
        match key {
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
