//! A `serde` deserializer over a tree that unwraps Python values by what the target type asks for.

mod access;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, Unexpected,
    VariantAccess, Visitor,
};
use serde_json::{Error, Map, Value};

use crate::class::Class;
use crate::number::Number;
use crate::text::text;
use crate::wrapped::{CLASSNAME, View};

/// Reads a tree; see the crate's documentation for what fits what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unwrapping<'de> {
    value: &'de Value,
}

impl<'de> Unwrapping<'de> {
    pub(crate) fn new(value: &'de Value) -> Self {
        Self { value }
    }

    /// The array that is here, or inside the wrapped value that is here.
    fn array(self) -> Option<&'de [Value]> {
        match (self.value, View::of(self.value)) {
            (Value::Array(items), _) => Some(items),
            // A pydantic `RootModel` of a list has an array for data, too.
            (_, Some(view)) if matches!(view.class, Class::Collection | Class::Other) => {
                view.data.as_array().map(Vec::as_slice)
            }
            _ => None,
        }
    }

    /// The data of a model: a wrapped object of a class that has no meaning of its own here.
    fn model(self) -> Option<&'de Value> {
        let view = View::of(self.value)?;
        (view.class == Class::Other).then_some(view.data)
    }

    /// The error for a wrapped value where something else was asked for.
    fn misfit(self, expected: &dyn Expected) -> Error {
        match View::of(self.value) {
            Some(view) => Error::invalid_type(
                Unexpected::Other(&format!("a Python `{}`", view.classname)),
                expected,
            ),
            None => Error::invalid_type(unexpected(self.value), expected),
        }
    }

    fn visit_number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(view) = View::of(self.value) else {
            return self.value.deserialize_any(visitor);
        };
        match Number::of(view) {
            Some(number) => number.show(visitor),
            None => Err(self.misfit(&visitor)),
        }
    }

    fn visit_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(view) = View::of(self.value) else {
            return self.value.deserialize_str(visitor);
        };
        match text(view) {
            Some(text) => visitor.visit_string(text),
            None => Err(self.misfit(&visitor)),
        }
    }

    fn visit_array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.array() {
            Some(items) => access::visit_array(items, visitor),
            None => Err(self.misfit(&visitor)),
        }
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(value), ..) => Unexpected::Unsigned(value),
            (_, Some(value), _) => Unexpected::Signed(value),
            (.., Some(value)) => Unexpected::Float(value),
            _ => Unexpected::Other("a number"),
        },
        Value::String(value) => Unexpected::Str(value),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

/// What a visitor says it expects; `serde_derive` begins the text of a type by its kind.
fn expects(visitor: &dyn Expected, kind: &str) -> bool {
    struct Said<'a>(&'a dyn Expected);
    impl std::fmt::Display for Said<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(f)
        }
    }
    Said(visitor).to_string().starts_with(kind)
}

/// Integers, floats, and their kin: all ask the same.
macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.visit_number(visitor)
        }
    )*};
}

/// What no wrapped value can be.
macro_rules! plain {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            if View::of(self.value).is_some() {
                return Err(self.misfit(&visitor));
            }
            self.value.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Unwrapping<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(items) => access::visit_array(items, visitor),
            Value::Object(object) => match self.model() {
                Some(data) if expects(&visitor, "internally tagged enum") => {
                    Self::new(data).deserialize_any(visitor)
                }
                _ => access::visit_object(object, visitor),
            },
            other => other.deserialize_any(visitor),
        }
    }

    numbers! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    plain! { deserialize_char deserialize_unit deserialize_identifier }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_text(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(items) => access::visit_array(items, visitor),
            Value::String(_) => self.value.deserialize_byte_buf(visitor),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_array(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit_array(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit_array(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Object(object) = self.value else {
            return Err(self.misfit(&visitor));
        };
        // A struct with a flattened field asks for a map and has no list of its fields.
        match (View::of(self.value), self.model()) {
            (Some(_), model) if expects(&visitor, "struct ") => match model {
                Some(data @ Value::Object(_)) => Self::new(data).deserialize_map(visitor),
                _ => Err(self.misfit(&visitor)),
            },
            _ => access::visit_object(object, visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let object = match self.value {
            Value::Object(object) => object,
            Value::Array(items) => return access::visit_array(items, visitor),
            _ => return Err(self.misfit(&visitor)),
        };
        if View::of(self.value).is_none() || fields.contains(&CLASSNAME) {
            return access::visit_object(object, visitor);
        }
        match self.model() {
            Some(data @ Value::Object(keys)) if fits(keys, fields) => {
                Self::new(data).deserialize_struct(name, fields, visitor)
            }
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match (self.value, View::of(self.value), self.model()) {
            (_, Some(_), Some(data)) => Self::new(data).deserialize_enum(name, variants, visitor),
            (_, Some(_), None) => Err(self.misfit(&visitor)),
            (Value::String(variant), ..) => {
                visitor.visit_enum(variant.as_str().into_deserializer())
            }
            (Value::Object(object), ..) if object.len() == 1 => visitor.visit_enum(Variant(object)),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// Whether the keys of a model can be meant for these fields: without one in common, a struct whose fields are all
/// optional would be read from anything.
fn fits(keys: &Map<String, Value>, fields: &[&str]) -> bool {
    keys.is_empty()
        || fields.is_empty()
        || keys.contains_key(CLASSNAME)
        || fields.iter().any(|field| keys.contains_key(*field))
}

/// An enum variant with a value: an object of one key.
struct Variant<'de>(&'de Map<String, Value>);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Content<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), Error> {
        let (name, content) = self
            .0
            .iter()
            .next()
            .ok_or_else(|| Error::custom("an enum is an object of one key"))?;
        let variant = seed.deserialize(name.as_str().into_deserializer())?;
        Ok((variant, Content(Unwrapping::new(content))))
    }
}

/// The value of an enum variant.
struct Content<'de>(Unwrapping<'de>);

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        serde::Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_struct("", fields, visitor)
    }
}
