//! Reading from text that lives shorter than what is read may borrow.
//!
//! A type that owns all it holds asks for a deserializer of one lifetime for the whole list; each element comes out of text of its own.
//! So what could be borrowed is given as what has to be copied, at every level.

use std::marker::PhantomData;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Something of serde for the lifetime `'a`, used for another.
pub(super) struct Unborrowed<'a, T> {
    inner: T,
    lifetime: PhantomData<&'a ()>,
}

impl<T> Unborrowed<'_, T> {
    pub(super) fn new(inner: T) -> Self {
        Self {
            inner,
            lifetime: PhantomData,
        }
    }
}

/// Methods of a deserializer that take a visitor and nothing else.
macro_rules! forward_plain {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(Unborrowed::new(visitor))
        }
    )*};
}

impl<'de, 'a, D: Deserializer<'a>> Deserializer<'de> for Unborrowed<'a, D> {
    type Error = D::Error;

    forward_plain! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq deserialize_map
        deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner
            .deserialize_unit_struct(name, Unborrowed::new(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner
            .deserialize_newtype_struct(name, Unborrowed::new(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner
            .deserialize_tuple(length, Unborrowed::new(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner
            .deserialize_tuple_struct(name, length, Unborrowed::new(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner
            .deserialize_struct(name, fields, Unborrowed::new(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner
            .deserialize_enum(name, variants, Unborrowed::new(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Methods of a visitor that take one value that borrows nothing.
macro_rules! visit_plain {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, 'a, V: Visitor<'de>> Visitor<'a> for Unborrowed<'de, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(formatter)
    }

    visit_plain! {
        visit_bool: bool,
        visit_i8: i8,
        visit_i16: i16,
        visit_i32: i32,
        visit_i64: i64,
        visit_i128: i128,
        visit_u8: u8,
        visit_u16: u16,
        visit_u32: u32,
        visit_u64: u64,
        visit_u128: u128,
        visit_f32: f32,
        visit_f64: f64,
        visit_char: char,
        visit_str: &str,
        visit_string: String,
        visit_bytes: &[u8],
        visit_byte_buf: Vec<u8>,
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<V::Value, E> {
        self.inner.visit_str(text)
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'a [u8]) -> Result<V::Value, E> {
        self.inner.visit_bytes(bytes)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'a>>(self, some: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Unborrowed::new(some))
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_newtype_struct<D: Deserializer<'a>>(self, inside: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Unborrowed::new(inside))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Unborrowed::new(elements))
    }

    fn visit_map<A: MapAccess<'a>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Unborrowed::new(entries))
    }

    fn visit_enum<A: EnumAccess<'a>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Unborrowed::new(variant))
    }
}

impl<'de, 'a, S: DeserializeSeed<'de>> DeserializeSeed<'a> for Unborrowed<'de, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'a>>(self, value: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Unborrowed::new(value))
    }
}

impl<'de, 'a, A: SeqAccess<'a>> SeqAccess<'de> for Unborrowed<'a, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_element_seed(Unborrowed::new(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, 'a, A: MapAccess<'a>> MapAccess<'de> for Unborrowed<'a, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_key_seed(Unborrowed::new(seed))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Unborrowed::new(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, 'a, A: EnumAccess<'a>> EnumAccess<'de> for Unborrowed<'a, A> {
    type Error = A::Error;
    type Variant = Unborrowed<'a, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (name, content) = self.inner.variant_seed(Unborrowed::new(seed))?;
        Ok((name, Unborrowed::new(content)))
    }
}

impl<'de, 'a, A: VariantAccess<'a>> VariantAccess<'de> for Unborrowed<'a, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Unborrowed::new(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(length, Unborrowed::new(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Unborrowed::new(visitor))
    }
}
