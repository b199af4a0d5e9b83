use aileron_wire::json::encode;
use proptest::prelude::*;
use serde::ser::{
    SerializeMap as _, SerializeSeq as _, SerializeStruct as _, SerializeStructVariant as _,
    SerializeTuple as _, SerializeTupleStruct as _, SerializeTupleVariant as _, Serializer,
};

use super::*;
use crate::write_json;

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
