//! Makes an arbitrary value of any type that `serde` can read.
//!
//! The sampler is a `Deserializer` that reads choices from bytes, which a property test makes and
//! shrinks. Where a type wants text of a certain form, its visitor says so in what it expects.

use std::fmt;

use aileron_wire::message::{
    DagCallbackRequest, EmailRequest, LiteralArgBinding, TaskCallbackRequest, XComArgBinding,
};
use serde::Serialize;
use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, json};

type Error = serde::de::value::Error;

/// Makes a value from the choices in `bytes`; when they run out, every choice is the simplest.
pub(crate) fn sample<T: DeserializeOwned>(bytes: &[u8]) -> T {
    let mut choices = Choices { bytes, lists: 0 };
    T::deserialize(Sampler(&mut choices)).expect("the sampler knows what every type expects")
}

struct Choices<'a> {
    bytes: &'a [u8],
    lists: usize,
}

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        *first
    }

    fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    fn u64(&mut self) -> u64 {
        (0..8).fold(0, |sum, _| sum << 8 | u64::from(self.byte()))
    }

    fn i64(&mut self) -> i64 {
        match self.below(3) {
            0 => i64::from(self.byte()),
            1 => -i64::from(self.byte()),
            _ => self.u64().cast_signed(),
        }
    }

    fn f64(&mut self) -> f64 {
        let value = f64::from_bits(self.u64());
        if value.is_finite() { value } else { 0.5 }
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 8] = [
            "a",
            "Zürich",
            "type",
            " ",
            "\u{0}",
            "💶",
            "\"",
            "0123456789012345678901234567890123456789",
        ];
        (0..self.below(4)).map(|_| PARTS[self.below(8)]).collect()
    }

    fn timestamp(&mut self) -> String {
        let seconds = self.i64().rem_euclid(200_000_000_000) - 60_000_000_000;
        let micros = i32::from(self.byte()) * 3_000;
        jiff::Timestamp::new(seconds, micros * 1_000)
            .expect("between the years 69 and 6000")
            .to_string()
    }

    fn json(&mut self, depth: usize) -> Value {
        match self.below(if depth > 3 { 6 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.byte().is_multiple_of(2)),
            2 => json!(self.i64()),
            3 => json!(self.u64()),
            4 => json!(self.f64()),
            5 => json!(self.text()),
            6 => (0..self.below(4)).map(|_| self.json(depth + 1)).collect(),
            _ => Value::Object(self.map(depth)),
        }
    }

    fn map(&mut self, depth: usize) -> Map<String, Value> {
        (0..self.below(4))
            .map(|_| (self.text(), self.json(depth + 1)))
            .collect()
    }

    fn nested<T: DeserializeOwned + Serialize>(&mut self) -> Value {
        let value =
            T::deserialize(Sampler(self)).expect("the sampler knows what every type expects");
        serde_json::to_value(value).expect("messages are JSON")
    }

    fn expected(&mut self, expected: &str) -> Value {
        match expected {
            "a JSON value" | "any valid JSON value" => self.json(0),
            "a JSON map" => Value::Object(self.map(0)),
            "a JSON map or null" => self.or_null(|choices| Value::Object(choices.map(0))),
            "an array, each item a JSON map" => self.maps(),
            "an array, each item a JSON map or null" => self.or_null(Self::maps),
            "an array, each item a JSON value or null" => {
                self.or_null(|choices| (0..choices.below(3)).map(|_| choices.json(0)).collect())
            }
            "arguments, as a map or a string" => match self.below(2) {
                0 => Value::Object(self.map(0)),
                _ => json!(self.text()),
            },
            "a timestamp or RFC 3339 text" => json!(self.timestamp()),
            other => panic!("the sampler does not know {other:?}"),
        }
    }

    fn maps(&mut self) -> Value {
        (0..self.below(3))
            .map(|_| Value::Object(self.map(0)))
            .collect()
    }

    fn or_null(&mut self, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if self.below(2) == 0 {
            Value::Null
        } else {
            make(self)
        }
    }

    /// A map that is told from others by a key; which key, only the wanted type knows, so a map of
    /// either kind carries both.
    fn tagged(&mut self, binding: bool) -> Value {
        match (binding, self.below(3)) {
            (true, 0) => self.nested::<XComArgBinding>(),
            (true, _) => self.nested::<LiteralArgBinding>(),
            (false, 0) => self.nested::<DagCallbackRequest>(),
            (false, 1) => self.nested::<TaskCallbackRequest>(),
            (false, _) => self.nested::<EmailRequest>(),
        }
    }
}

fn expected_by(visitor: &dyn Expected) -> String {
    struct Show<'a>(&'a dyn Expected);
    impl fmt::Display for Show<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }
    Show(visitor).to_string()
}

struct Sampler<'c, 'b>(&'c mut Choices<'b>);

impl<'b> Sampler<'_, 'b> {
    fn again(&mut self) -> Sampler<'_, 'b> {
        Sampler(self.0)
    }
}

fn visit_tree<'de, V: Visitor<'de>>(tree: Value, visitor: V) -> Result<V::Value, Error> {
    tree.deserialize_any(visitor)
        .map_err(serde::de::Error::custom)
}

impl<'de> Deserializer<'de> for Sampler<'_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let tree = match expected_by(&visitor).as_str() {
            "a JSON map tagged by kind" => self.0.tagged(true),
            "a JSON map tagged by type" => self.0.tagged(false),
            // What an untagged enum says; the only one is a task to skip.
            "any value" => match self.0.below(2) {
                0 => json!(self.0.text()),
                _ => json!([self.0.text(), self.0.i64()]),
            },
            expected => self.0.expected(expected),
        };
        visit_tree(tree, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.0.below(2) == 1)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.0.i64())
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.0.f64())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let expected = expected_by(&visitor);
        let text = if expected.contains("UUID") {
            uuid::Uuid::from_u64_pair(self.0.u64(), self.0.u64()).to_string()
        } else if expected.contains("duration") {
            let micros = self.0.i64() % 1_000_000_000_000_000;
            aileron_wire::time::format_duration(jiff::SignedDuration::from_micros(micros))
        } else {
            self.0.text()
        };
        visitor.visit_str(&text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.below(2) == 0 {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.lists += 1;
        // Large types have many lists; the later ones stay empty, which leaves choices for the rest.
        let left = if self.0.lists > 4 { 0 } else { self.0.below(4) };
        let value = visitor.visit_seq(Items {
            choices: self.0,
            left,
        })?;
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // `serde_json::Map` asks for a map of anything; a `BTreeMap` for one of its own types.
        let left = self.0.below(4);
        visitor.visit_map(Pairs {
            choices: self.0,
            left,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields {
            choices: self.0,
            fields,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant = variants[self.0.below(variants.len())];
        visitor.visit_enum(Variant(variant))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 char bytes byte_buf unit unit_struct tuple
        tuple_struct identifier ignored_any
    }
}

struct Items<'c, 'b> {
    choices: &'c mut Choices<'b>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(Sampler(self.choices)).map(Some)
    }
}

struct Pairs<'c, 'b> {
    choices: &'c mut Choices<'b>,
    left: usize,
}

impl<'de> MapAccess<'de> for Pairs<'_, '_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let key = format!("{}{left}", self.choices.text());
        seed.deserialize(StringDeserializer::<Error>::new(key))
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(Sampler(self.choices))
    }
}

struct Fields<'c, 'b> {
    choices: &'c mut Choices<'b>,
    fields: &'static [&'static str],
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        while let Some((first, rest)) = self.fields.split_first() {
            self.fields = rest;
            // The second spelling of a field is not a field of its own.
            if *first != "schema_" {
                return seed
                    .deserialize(StringDeserializer::<Error>::new((*first).to_owned()))
                    .map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(Sampler(self.choices).again())
    }
}

struct Variant(&'static str);

impl<'de> EnumAccess<'de> for Variant {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let value = seed.deserialize(StringDeserializer::<Error>::new(self.0.to_owned()))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Error> {
        unreachable!("the schema has unit variants only")
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        unreachable!("the schema has unit variants only")
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        unreachable!("the schema has unit variants only")
    }
}
