//! Types that become a Python class when they are written.
//!
//! | here | Python |
//! |---|---|
//! | [`DateTime`] | `datetime.datetime`, aware |
//! | [`NaiveDateTime`] | `datetime.datetime`, naive |
//! | [`Date`] | `datetime.date` |
//! | [`TimeDelta`] | `datetime.timedelta` |
//! | [`Decimal`] | `decimal.Decimal` |
//! | [`Uuid`] | `uuid.UUID` |
//! | [`Tuple`] | `tuple` |
//! | [`Set`], [`FrozenSet`] | `set`, `frozenset` |
//! | `DataFrame` (feature `arrow`) | `pandas.DataFrame` |
//!
//! Each reads its wrapped form, and the plain one that the Rust type inside reads.
//!
//! ```
//! use aileron_xcom::python::{Date, Set, Tuple};
//!
//! let value = Tuple(("uk", Date(jiff::civil::date(2024, 6, 1)), Set::from_iter([3, 1])));
//! assert_eq!(serde_json::to_value(&value)?, serde_json::json!({
//!     "__classname__": "builtins.tuple", "__version__": 1, "__data__": [
//!         "uk",
//!         {"__classname__": "datetime.date", "__version__": 2, "__data__": "2024-06-01"},
//!         {"__classname__": "builtins.set", "__version__": 1, "__data__": [1, 3]}
//!     ]
//! }));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod collection;
#[cfg(feature = "arrow")]
mod data_frame;
mod scalar;
mod time;

pub use collection::{FrozenSet, IsTuple, Set, Tuple};
#[cfg(feature = "arrow")]
pub use data_frame::{DataFrame, DataFrameError};
pub use scalar::{Decimal, Uuid};
pub use time::{Date, DateTime, NaiveDateTime, TimeDelta};

use std::fmt;

use serde::de::{Deserializer, Error};
use serde::ser::{SerializeStruct as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::class::Class;
use crate::wrapped::{CLASSNAME, DATA, VERSION, View};

/// Makes a type behave like the one inside.
macro_rules! newtype {
    ($name:ident, $inner:ty) => {
        impl std::ops::Deref for $name {
            type Target = $inner;
            fn deref(&self) -> &$inner {
                &self.0
            }
        }
        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }
        impl From<$name> for $inner {
            fn from(value: $name) -> Self {
                value.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
use newtype;

/// Writes `{"__classname__", "__version__", "__data__"}`.
fn wrap<S: Serializer, T: Serialize + ?Sized>(
    serializer: S,
    classname: &'static str,
    version: i64,
    data: &T,
) -> Result<S::Ok, S::Error> {
    let mut wrapped = serializer.serialize_struct("Wrapped", 3)?;
    wrapped.serialize_field(CLASSNAME, classname)?;
    wrapped.serialize_field(VERSION, &version)?;
    wrapped.serialize_field(DATA, data)?;
    wrapped.end()
}

/// Reads a scalar from its wrapped form, or from its plain one.
///
/// It goes through a tree, so that it works below `#[serde(flatten)]` and in untagged enums, too.
fn unwrap_scalar<'de, D, T, M>(
    deserializer: D,
    class: Class,
    wrapped: impl FnOnce(View<'_>) -> Option<Result<T, M>>,
    plain: impl FnOnce(&Value) -> Result<T, M>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    M: fmt::Display,
{
    let value = Value::deserialize(deserializer)?;
    let Some(view) = View::of(&value) else {
        return plain(&value).map_err(D::Error::custom);
    };
    if view.class != class {
        return Err(D::Error::custom(format_args!(
            "a Python `{}` came",
            view.classname
        )));
    }
    match wrapped(view) {
        Some(read) => read.map_err(D::Error::custom),
        None => Err(D::Error::custom(format_args!(
            "the data of the Python `{}` cannot be read: {}",
            view.classname, view.data
        ))),
    }
}
