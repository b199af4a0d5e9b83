//! Writing a Rust value as the JSON text that [`write_json`](super::write_json) makes of it, without encoding it first.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Impossible};
use serde_json::ser::{CompactFormatter, Formatter as _};

use super::string::write_string;
use super::write_float;

/// Values nested deeper are left to [`aileron_wire::json::encode`], which knows how deep is too deep.
const DEEP: usize = 32;

/// The name of the newtype that `rmp-serde` encodes as an extension.
const EXTENSION: &str = "_ExtStruct";

/// Why a value was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotWritten {
    /// It holds something that is no plain JSON, or that `serde` refuses. Encoding it tells what, or finds a way.
    Unusual,
    /// Whoever takes the text wants no more of it.
    Stopped,
}

impl fmt::Display for NotWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unusual => "no plain JSON",
            Self::Stopped => "nobody takes the text",
        })
    }
}

impl std::error::Error for NotWritten {}

impl ser::Error for NotWritten {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Unusual
    }
}

/// Takes the text of a value as it grows.
pub(crate) trait Growing {
    /// Where text is put.
    fn text(&mut self) -> &mut Vec<u8>;

    /// Called behind each element. May take from the text what is there.
    ///
    /// # Errors
    /// [`NotWritten::Stopped`], to end it.
    fn grown(&mut self) -> Result<(), NotWritten>;
}

/// Writes a value. What was written before an error is the beginning of nothing.
///
/// # Errors
/// [`NotWritten`].
pub(crate) fn write_value<T: Serialize + ?Sized>(
    value: &T,
    out: &mut impl Growing,
) -> Result<(), NotWritten> {
    value.serialize(&mut Writer { out, depth: 0 })
}

/// Whether a value is a null. No more of it is looked at than its first element.
///
/// ```
/// # #[cfg(feature = "object-storage")] {
/// assert!(aileron_xcom::storage::is_null(&None::<u8>));
/// assert!(!aileron_xcom::storage::is_null(&[()]));
/// # }
/// ```
pub fn is_null<T: Serialize + ?Sized>(value: &T) -> bool {
    let mut first = First(Vec::new());
    write_value(value, &mut first).is_ok() && first.0 == b"null"
}

/// Takes a text up to its first element.
struct First(Vec<u8>);

impl Growing for First {
    fn text(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    fn grown(&mut self) -> Result<(), NotWritten> {
        Err(NotWritten::Stopped)
    }
}

struct Writer<'a, G> {
    out: &'a mut G,
    depth: usize,
}

impl<G: Growing> Writer<'_, G> {
    fn put(&mut self, text: &[u8]) {
        self.out.text().extend_from_slice(text);
    }

    fn integer(&mut self, value: i64) -> Result<(), NotWritten> {
        let written = CompactFormatter.write_i64(self.out.text(), value);
        written.map_err(|_| NotWritten::Unusual)
    }

    fn float(&mut self, value: f64) -> Result<(), NotWritten> {
        write_float(value, self.out.text()).map_err(|_| NotWritten::Unusual)
    }

    /// Goes into an array or an object.
    fn open(&mut self, bracket: &[u8]) -> Result<(), NotWritten> {
        self.depth += 1;
        if self.depth > DEEP {
            return Err(NotWritten::Unusual);
        }
        self.put(bracket);
        Ok(())
    }

    fn close(&mut self, bracket: &[u8]) {
        self.depth -= 1;
        self.put(bracket);
    }

    /// The one key of an object that stands for a variant.
    fn variant(&mut self, name: &'static str) -> Result<(), NotWritten> {
        self.open(b"{")?;
        self.key(name)
    }

    fn key(&mut self, key: &str) -> Result<(), NotWritten> {
        let out = self.out.text();
        write_string(key.as_bytes(), out).map_err(|_| NotWritten::Unusual)?;
        out.extend_from_slice(b": ");
        Ok(())
    }
}

impl<'w, 'a, G: Growing> ser::Serializer for &'w mut Writer<'a, G> {
    type Ok = ();
    type Error = NotWritten;
    type SerializeSeq = Elements<'w, 'a, G>;
    type SerializeTuple = Elements<'w, 'a, G>;
    type SerializeTupleStruct = Elements<'w, 'a, G>;
    type SerializeTupleVariant = Elements<'w, 'a, G>;
    type SerializeMap = Elements<'w, 'a, G>;
    type SerializeStruct = Elements<'w, 'a, G>;
    type SerializeStructVariant = Elements<'w, 'a, G>;

    fn serialize_bool(self, value: bool) -> Result<(), NotWritten> {
        self.put(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), NotWritten> {
        self.integer(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), NotWritten> {
        self.integer(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), NotWritten> {
        self.integer(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), NotWritten> {
        self.integer(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), NotWritten> {
        self.integer(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), NotWritten> {
        self.integer(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), NotWritten> {
        self.integer(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), NotWritten> {
        let written = CompactFormatter.write_u64(self.out.text(), value);
        written.map_err(|_| NotWritten::Unusual)
    }

    fn serialize_f32(self, value: f32) -> Result<(), NotWritten> {
        self.float(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), NotWritten> {
        self.float(value)
    }

    fn serialize_char(self, value: char) -> Result<(), NotWritten> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), NotWritten> {
        write_string(value.as_bytes(), self.out.text()).map_err(|_| NotWritten::Unusual)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), NotWritten> {
        Err(NotWritten::Unusual)
    }

    fn serialize_none(self) -> Result<(), NotWritten> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotWritten> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotWritten> {
        self.put(b"null");
        Ok(())
    }

    /// As `rmp-serde` encodes it.
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotWritten> {
        self.put(b"[]");
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), NotWritten> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), NotWritten> {
        if name == EXTENSION {
            return Err(NotWritten::Unusual);
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotWritten> {
        self.variant(variant)?;
        value.serialize(&mut *self)?;
        self.close(b"}");
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, NotWritten> {
        Elements::open(self, Kind::Array)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, NotWritten> {
        Elements::open(self, Kind::Array)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, NotWritten> {
        Elements::open(self, Kind::Array)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NotWritten> {
        self.variant(variant)?;
        Elements::open(self, Kind::ArrayOfVariant)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, NotWritten> {
        Elements::open(self, Kind::Object)
    }

    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStruct, NotWritten> {
        Elements::open(self, Kind::Object)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NotWritten> {
        self.variant(variant)?;
        Elements::open(self, Kind::ObjectOfVariant)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Object,
    ArrayOfVariant,
    ObjectOfVariant,
}

/// An array or object that is being written.
struct Elements<'w, 'a, G> {
    writer: &'w mut Writer<'a, G>,
    kind: Kind,
    first: bool,
}

impl<'w, 'a, G: Growing> Elements<'w, 'a, G> {
    fn open(writer: &'w mut Writer<'a, G>, kind: Kind) -> Result<Self, NotWritten> {
        writer.open(match kind {
            Kind::Array | Kind::ArrayOfVariant => b"[",
            Kind::Object | Kind::ObjectOfVariant => b"{",
        })?;
        Ok(Self {
            writer,
            kind,
            first: true,
        })
    }

    fn separate(&mut self) {
        if !std::mem::replace(&mut self.first, false) {
            self.writer.put(b", ");
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritten> {
        self.separate();
        value.serialize(&mut *self.writer)?;
        self.writer.out.grown()
    }

    fn field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), NotWritten> {
        self.separate();
        self.writer.key(key)?;
        value.serialize(&mut *self.writer)?;
        self.writer.out.grown()
    }

    fn close(self) {
        let writer = self.writer;
        writer.close(match self.kind {
            Kind::Array | Kind::ArrayOfVariant => b"]",
            Kind::Object | Kind::ObjectOfVariant => b"}",
        });
        if matches!(self.kind, Kind::ArrayOfVariant | Kind::ObjectOfVariant) {
            writer.close(b"}");
        }
    }
}

impl<G: Growing> ser::SerializeSeq for Elements<'_, '_, G> {
    type Ok = ();
    type Error = NotWritten;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritten> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotWritten> {
        self.close();
        Ok(())
    }
}

impl<G: Growing> ser::SerializeTuple for Elements<'_, '_, G> {
    type Ok = ();
    type Error = NotWritten;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritten> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotWritten> {
        self.close();
        Ok(())
    }
}

impl<G: Growing> ser::SerializeTupleStruct for Elements<'_, '_, G> {
    type Ok = ();
    type Error = NotWritten;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritten> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotWritten> {
        self.close();
        Ok(())
    }
}

impl<G: Growing> ser::SerializeTupleVariant for Elements<'_, '_, G> {
    type Ok = ();
    type Error = NotWritten;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritten> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotWritten> {
        self.close();
        Ok(())
    }
}

impl<G: Growing> ser::SerializeMap for Elements<'_, '_, G> {
    type Ok = ();
    type Error = NotWritten;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotWritten> {
        self.separate();
        key.serialize(Key(self.writer))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritten> {
        value.serialize(&mut *self.writer)?;
        self.writer.out.grown()
    }

    fn end(self) -> Result<(), NotWritten> {
        self.close();
        Ok(())
    }
}

impl<G: Growing> ser::SerializeStruct for Elements<'_, '_, G> {
    type Ok = ();
    type Error = NotWritten;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), NotWritten> {
        self.field(key, value)
    }

    fn end(self) -> Result<(), NotWritten> {
        self.close();
        Ok(())
    }
}

impl<G: Growing> ser::SerializeStructVariant for Elements<'_, '_, G> {
    type Ok = ();
    type Error = NotWritten;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), NotWritten> {
        self.field(key, value)
    }

    fn end(self) -> Result<(), NotWritten> {
        self.close();
        Ok(())
    }
}

/// Writes a key, which must be text.
struct Key<'w, 'a, G>(&'w mut Writer<'a, G>);

/// Refuses keys of these types.
macro_rules! unusual {
    ($($method:ident($($type:ty),*) -> $ok:ty;)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<$ok, NotWritten> {
            Err(NotWritten::Unusual)
        }
    )*};
}

impl<G: Growing> ser::Serializer for Key<'_, '_, G> {
    type Ok = ();
    type Error = NotWritten;
    type SerializeSeq = Impossible<(), NotWritten>;
    type SerializeTuple = Impossible<(), NotWritten>;
    type SerializeTupleStruct = Impossible<(), NotWritten>;
    type SerializeTupleVariant = Impossible<(), NotWritten>;
    type SerializeMap = Impossible<(), NotWritten>;
    type SerializeStruct = Impossible<(), NotWritten>;
    type SerializeStructVariant = Impossible<(), NotWritten>;

    fn serialize_str(self, key: &str) -> Result<(), NotWritten> {
        self.0.key(key)
    }

    fn serialize_char(self, key: char) -> Result<(), NotWritten> {
        self.0.key(key.encode_utf8(&mut [0; 4]))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), NotWritten> {
        self.0.key(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        key: &T,
    ) -> Result<(), NotWritten> {
        if name == EXTENSION {
            return Err(NotWritten::Unusual);
        }
        key.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<(), NotWritten> {
        key.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotWritten> {
        Err(NotWritten::Unusual)
    }

    unusual! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

#[cfg(test)]
mod tests {
    use aileron_wire::json::encode;
    use proptest::prelude::*;
    use serde::ser::{
        SerializeMap as _, SerializeSeq as _, SerializeStruct as _, SerializeStructVariant as _,
        SerializeTuple as _, SerializeTupleStruct as _, SerializeTupleVariant as _, Serializer,
    };

    use super::*;
    use crate::write_json;

    impl Growing for Vec<u8> {
        fn text(&mut self) -> &mut Vec<u8> {
            self
        }

        fn grown(&mut self) -> Result<(), NotWritten> {
            Ok(())
        }
    }

    fn direct<T: Serialize + ?Sized>(value: &T) -> Result<String, NotWritten> {
        let mut text = Vec::new();
        write_value(value, &mut text)?;
        Ok(String::from_utf8(text).unwrap())
    }

    /// Everything that a type may ask of a serializer.
    #[derive(Debug, Clone)]
    enum Any {
        Unit,
        UnitStruct,
        UnitVariant,
        Bool(bool),
        I8(i8),
        I16(i16),
        I32(i32),
        I64(i64),
        I128(i128),
        U8(u8),
        U16(u16),
        U32(u32),
        U64(u64),
        F32(f32),
        F64(f64),
        Char(char),
        Text(String),
        Bytes(Vec<u8>),
        None,
        Some(Box<Any>),
        Newtype(Box<Any>),
        NewtypeVariant(Box<Any>),
        Seq(Vec<Any>, bool),
        Tuple(Vec<Any>),
        TupleStruct(Vec<Any>),
        TupleVariant(Vec<Any>),
        Map(Vec<(Any, Any)>, bool),
        Struct(Vec<Any>),
        StructVariant(Vec<Any>),
        /// What the type has against it.
        Refused,
    }

    const FIELDS: [&str; 3] = ["a", "\u{e9}\"", "_c"];

    impl Serialize for Any {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Unit => s.serialize_unit(),
                Self::UnitStruct => s.serialize_unit_struct("U"),
                Self::UnitVariant => s.serialize_unit_variant("E", 3, "Unit"),
                Self::Bool(value) => s.serialize_bool(*value),
                Self::I8(value) => s.serialize_i8(*value),
                Self::I16(value) => s.serialize_i16(*value),
                Self::I32(value) => s.serialize_i32(*value),
                Self::I64(value) => s.serialize_i64(*value),
                Self::I128(value) => s.serialize_i128(*value),
                Self::U8(value) => s.serialize_u8(*value),
                Self::U16(value) => s.serialize_u16(*value),
                Self::U32(value) => s.serialize_u32(*value),
                Self::U64(value) => s.serialize_u64(*value),
                Self::F32(value) => s.serialize_f32(*value),
                Self::F64(value) => s.serialize_f64(*value),
                Self::Char(value) => s.serialize_char(*value),
                Self::Text(value) => s.serialize_str(value),
                Self::Bytes(value) => s.serialize_bytes(value),
                Self::None => s.serialize_none(),
                Self::Some(value) => s.serialize_some(value),
                Self::Newtype(value) => s.serialize_newtype_struct("N", value),
                Self::NewtypeVariant(value) => s.serialize_newtype_variant("E", 0, "New", value),
                Self::Seq(values, known) => {
                    let mut seq = s.serialize_seq(known.then_some(values.len()))?;
                    values.iter().try_for_each(|v| seq.serialize_element(v))?;
                    seq.end()
                }
                Self::Tuple(values) => {
                    let mut tuple = s.serialize_tuple(values.len())?;
                    values.iter().try_for_each(|v| tuple.serialize_element(v))?;
                    tuple.end()
                }
                Self::TupleStruct(values) => {
                    let mut tuple = s.serialize_tuple_struct("T", values.len())?;
                    values.iter().try_for_each(|v| tuple.serialize_field(v))?;
                    tuple.end()
                }
                Self::TupleVariant(values) => {
                    let mut tuple = s.serialize_tuple_variant("E", 1, "Tuple", values.len())?;
                    values.iter().try_for_each(|v| tuple.serialize_field(v))?;
                    tuple.end()
                }
                Self::Map(pairs, known) => {
                    let mut map = s.serialize_map(known.then_some(pairs.len()))?;
                    pairs
                        .iter()
                        .try_for_each(|(k, v)| map.serialize_entry(k, v))?;
                    map.end()
                }
                Self::Struct(values) => {
                    let fields = FIELDS.iter().zip(values);
                    let mut object = s.serialize_struct("S", fields.len())?;
                    for (field, value) in fields {
                        object.serialize_field(field, value)?;
                    }
                    object.end()
                }
                Self::StructVariant(values) => {
                    let fields = FIELDS.iter().zip(values);
                    let mut object = s.serialize_struct_variant("E", 2, "Struct", fields.len())?;
                    for (field, value) in fields {
                        object.serialize_field(field, value)?;
                    }
                    object.end()
                }
                Self::Refused => Err(ser::Error::custom("not today")),
            }
        }
    }

    fn any_text() -> impl Strategy<Value = Any> {
        prop_oneof![
            any::<char>().prop_map(Any::Char),
            ".{0,12}".prop_map(Any::Text),
            Just(Any::UnitVariant),
        ]
    }

    /// What is written right away.
    fn any_plain() -> impl Strategy<Value = Any> {
        let finite = |value: f64| if value.is_finite() { value } else { 0.5 };
        let leaf = prop_oneof![
            Just(Any::Unit),
            Just(Any::UnitStruct),
            Just(Any::None),
            any::<bool>().prop_map(Any::Bool),
            any::<i8>().prop_map(Any::I8),
            any::<i16>().prop_map(Any::I16),
            any::<i32>().prop_map(Any::I32),
            any::<i64>().prop_map(Any::I64),
            any::<u8>().prop_map(Any::U8),
            any::<u16>().prop_map(Any::U16),
            any::<u32>().prop_map(Any::U32),
            any::<u64>().prop_map(Any::U64),
            any::<f32>().prop_map(move |value| Any::F32(finite(value.into()) as f32)),
            any::<f64>().prop_map(move |value| Any::F64(finite(value))),
            any_text(),
        ];
        leaf.prop_recursive(4, 48, 4, |inner| containers(inner, any_text()))
    }

    /// Anything.
    fn any_value() -> impl Strategy<Value = Any> {
        let leaf = prop_oneof![
            4 => any_plain(),
            1 => any::<i128>().prop_map(Any::I128),
            1 => any::<f64>().prop_map(Any::F64),
            1 => any::<f32>().prop_map(Any::F32),
            1 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Any::Bytes),
            1 => Just(Any::Refused),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| containers(inner.clone(), inner))
    }

    fn containers(
        inner: impl Strategy<Value = Any> + Clone + 'static,
        key: impl Strategy<Value = Any> + 'static,
    ) -> impl Strategy<Value = Any> {
        let values = || prop::collection::vec(inner.clone(), 0..4);
        let one = || inner.clone().prop_map(Box::new);
        let pairs = prop::collection::vec((key, inner.clone()), 0..4);
        prop_oneof![
            one().prop_map(Any::Some),
            one().prop_map(Any::Newtype),
            one().prop_map(Any::NewtypeVariant),
            (values(), any::<bool>()).prop_map(|(values, known)| Any::Seq(values, known)),
            values().prop_map(Any::Tuple),
            values().prop_map(Any::TupleStruct),
            values().prop_map(Any::TupleVariant),
            (pairs, any::<bool>()).prop_map(|(pairs, known)| Any::Map(pairs, known)),
            values().prop_map(Any::Struct),
            values().prop_map(Any::StructVariant),
        ]
    }

    fn by_encoding<T: Serialize + ?Sized>(value: &T) -> String {
        let mut text = Vec::new();
        write_json(&encode(value).unwrap(), &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn what_is_no_plain_json_is_not_written() {
        let map = |key| Any::Map(vec![(key, Any::Unit)], true);
        for value in [
            Any::F64(f64::NAN),
            Any::F32(f32::INFINITY),
            Any::Bytes(vec![1]),
            Any::I128(1),
            Any::Refused,
            map(Any::U8(1)),
            map(Any::Bool(true)),
            map(Any::Unit),
            map(Any::Tuple(vec![])),
        ] {
            let list = Any::Seq(vec![Any::Unit, value], true);
            assert_eq!(direct(&list), Err(NotWritten::Unusual), "{list:?}");
        }
        let deep = (0..40).fold(Any::Unit, |value, _| Any::Tuple(vec![value]));
        assert_eq!(direct(&deep), Err(NotWritten::Unusual));
    }

    #[test]
    fn only_a_null_is_one() {
        assert!(is_null(&()) && is_null(&Some(None::<u8>)) && is_null(&serde_json::Value::Null));
        let long = vec!["null"; 1_000];
        assert!(!is_null(&long) && !is_null("null") && !is_null(&f64::NAN) && !is_null(&[(); 0]));
    }

    #[test]
    fn values_of_pythons_classes_are_written_too() {
        let value = (
            crate::python::Decimal::from(rust_decimal::Decimal::new(15, 1)),
            jiff::Timestamp::UNIX_EPOCH,
            serde_json::json!({"k": [1, 2.5, null, u64::MAX]}),
        );
        assert_eq!(direct(&value), Ok(by_encoding(&value)));
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_the_encoded_value(value in any_plain()) {
            prop_assert_eq!(direct(&value), Ok(by_encoding(&value)));
        }

        #[test]
        fn whatever_is_written_is_that_of_the_encoded_value(value in any_value()) {
            if let Ok(text) = direct(&value) {
                prop_assert_eq!(text, by_encoding(&value));
            }
        }
    }
}
