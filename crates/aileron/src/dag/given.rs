//! The values of a task's arguments, as they came, and reading them into the types of the parameters.

use bytes::Bytes;
use serde::de::value::Error as ValueError;
use serde::de::{Deserializer, Error as _, Visitor};

use super::task::private::Argument;
use crate::context::Encoded;
use crate::{Error, Result};

/// The values of a task's arguments, in the order of its parameters, still encoded.
#[doc(hidden)]
pub struct Args {
    values: std::vec::IntoIter<ArgValue>,
}

/// One argument.
pub(crate) struct ArgValue {
    pub(crate) name: &'static str,
    pub(crate) type_name: &'static str,
    pub(crate) given: Given,
}

/// What there is for a parameter.
pub(crate) enum Given {
    /// A value.
    Value {
        /// Where it came from, for error messages.
        origin: String,
        encoded: Encoded,
    },
    /// Nothing, and why: a task that returned no value, a Dag file that does not pass the argument.
    Nothing {
        reason: String,
        /// Whether the Dag leaves the argument to its default, if the parameter has one.
        use_default: bool,
    },
}

impl Args {
    pub(crate) fn new(values: Vec<ArgValue>) -> Self {
        Self {
            values: values.into_iter(),
        }
    }

    /// The values that are there as Airflow shows them, by the name of their parameter.
    pub(crate) fn encoded(&self) -> Vec<(&'static str, Bytes)> {
        let values = self.values.as_slice().iter();
        values
            .filter_map(|value| match &value.given {
                Given::Value { encoded, .. } => Some((value.name, encoded.shown())),
                Given::Nothing { .. } => None,
            })
            .collect()
    }

    pub(super) fn take(&mut self) -> Result<ArgValue> {
        self.values.next().ok_or_else(|| {
            Error::msg("a parameter of this task has no argument; rebuild the bundle")
        })
    }
}

impl ArgValue {
    pub(super) fn is_left_to_default(&self) -> bool {
        matches!(
            self.given,
            Given::Nothing {
                use_default: true,
                ..
            }
        )
    }

    /// Reads the value; nothing at all is `None` for an `Option` and an error for everything else.
    pub(super) fn read<T: Argument>(self) -> Result<T> {
        let Self {
            name, type_name, ..
        } = self;
        match self.given {
            Given::Value { origin, encoded } => {
                encoded.decode().map_err(|error| {
                    Error::msg(format_args!(
                        "argument `{name}` (from {origin}) does not fit: expected `{type_name}`: {error}",
                    ))
                })
            }
            Given::Nothing { reason, .. } => T::deserialize(Nothing).map_err(|_| {
                Error::msg(format_args!(
                    "argument `{name}`: {reason}; expected `{type_name}`"
                ))
            }),
        }
    }
}

/// Reads as `None` or `()`, and as nothing else. A null would do for more types (a `serde_json::Value`, for instance), and
/// nothing is not null.
struct Nothing;

impl<'de> Deserializer<'de> for Nothing {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
        Err(ValueError::custom("there is no value"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    fn nothing(use_default: bool) -> ArgValue {
        ArgValue {
            name: "orders",
            type_name: "Vec<i64>",
            given: Given::Nothing {
                reason: "task `extract` has not returned a value".to_owned(),
                use_default,
            },
        }
    }

    #[test]
    fn an_argument_that_does_not_fit_names_itself_what_was_expected_and_what_came() {
        let value = ArgValue {
            name: "orders",
            type_name: "Vec<i64>",
            given: Given::Value {
                origin: "task `extract`".to_owned(),
                encoded: Encoded::MessagePack(
                    aileron_wire::json::encode(&serde_json::json!([1, 2, "three"]))
                        .unwrap()
                        .into(),
                ),
            },
        };
        let error = value.read::<Vec<i64>>().unwrap_err().to_string();
        for part in [
            "argument `orders`",
            "task `extract`",
            "`Vec<i64>`",
            "[2]",
            "three",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn nothing_is_none_for_an_option_and_never_a_null() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Wrapped(Option<i64>);
        assert_eq!(nothing(false).read::<Option<i64>>().unwrap(), None);
        assert_eq!(nothing(false).read::<Wrapped>().unwrap(), Wrapped(None));
        for error in [
            nothing(false).read::<Vec<i64>>().map(drop),
            nothing(true).read::<serde_json::Value>().map(drop),
        ] {
            assert_eq!(
                error.unwrap_err().to_string(),
                "argument `orders`: task `extract` has not returned a value; expected `Vec<i64>`"
            );
        }
    }
}
