//! Writing a Rust value as the JSON text that [`write_json`](super::write_json) makes of it, without encoding it first.

mod elements;
mod key;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;
use serde::ser;
use serde_json::ser::{CompactFormatter, Formatter as _};

use self::elements::{Elements, Kind};
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

/// Text that nobody takes away.
impl Growing for Vec<u8> {
    fn text(&mut self) -> &mut Vec<u8> {
        self
    }

    fn grown(&mut self) -> Result<(), NotWritten> {
        Ok(())
    }
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
/// assert!(aileron_xcom::is_null(&None::<u8>));
/// assert!(!aileron_xcom::is_null(&[()]));
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
