//! `decimal.Decimal` and `uuid.UUID`.

use std::str::FromStr as _;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::{newtype, unwrap_scalar, wrap};
use crate::class::Class;
use crate::text::text;

/// A `decimal.Decimal`, of up to 28 digits.
///
/// It is written as its digits, so nothing is lost. Python writes one with digits behind the point as a float, so what
/// Python sends has about 15 digits; for more, let Python send `str(value)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(pub rust_decimal::Decimal);

newtype!(Decimal, rust_decimal::Decimal);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wrap(serializer, "decimal.Decimal", 1, &self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unwrap_scalar(
            deserializer,
            Class::Decimal,
            |view| text(view).map(|digits| decimal(&digits)),
            |value| match value {
                Value::String(digits) => decimal(digits),
                Value::Number(number) => decimal(&number.to_string()),
                _ => Err("expected a decimal number".to_owned()),
            },
        )
        .map(Self)
    }
}

fn decimal(digits: &str) -> Result<rust_decimal::Decimal, String> {
    let digits = digits.trim();
    let read = if digits.contains(['e', 'E']) {
        rust_decimal::Decimal::from_scientific(digits)
    } else {
        // "Exact" refuses more digits than fit, where the plain parser would round.
        rust_decimal::Decimal::from_str_exact(digits)
    };
    read.map_err(|error| format!("`{digits}` is no decimal number of up to 28 digits: {error}"))
}

/// A `uuid.UUID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uuid(pub uuid::Uuid);

newtype!(Uuid, uuid::Uuid);

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wrap(
            serializer,
            "uuid.UUID",
            1,
            self.0.hyphenated().encode_lower(&mut [0; 36]),
        )
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unwrap_scalar(
            deserializer,
            Class::Uuid,
            |view| view.data.as_str().map(uuid),
            |value| {
                value
                    .as_str()
                    .map_or_else(|| Err("expected a UUID".to_owned()), uuid)
            },
        )
        .map(Self)
    }
}

fn uuid(text: &str) -> Result<uuid::Uuid, String> {
    uuid::Uuid::from_str(text).map_err(|error| format!("`{text}` is no UUID: {error}"))
}
