//! Arrays and objects.

use serde::Serialize;
use serde::ser;

use super::key::Key;
use super::{Growing, NotWritten, Writer};

/// Which one, and whether it is the value of the one key that stands for a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    Object,
    ArrayOfVariant,
    ObjectOfVariant,
}

/// An array or object that is being written.
pub(super) struct Elements<'w, 'a, G> {
    writer: &'w mut Writer<'a, G>,
    kind: Kind,
    first: bool,
}

impl<'w, 'a, G: Growing> Elements<'w, 'a, G> {
    pub(super) fn open(writer: &'w mut Writer<'a, G>, kind: Kind) -> Result<Self, NotWritten> {
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

/// What is written as an array.
macro_rules! arrays {
    ($($name:ident::$element:ident;)*) => {$(
        impl<G: Growing> ser::$name for Elements<'_, '_, G> {
            type Ok = ();
            type Error = NotWritten;

            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritten> {
                self.element(value)
            }

            fn end(self) -> Result<(), NotWritten> {
                self.close();
                Ok(())
            }
        }
    )*};
}

arrays! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

/// What is written as an object with known keys.
macro_rules! objects {
    ($($name:ident;)*) => {$(
        impl<G: Growing> ser::$name for Elements<'_, '_, G> {
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
    )*};
}

objects! {
    SerializeStruct;
    SerializeStructVariant;
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
