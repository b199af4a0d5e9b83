//! A value between Airflow tasks, as Python writes it.
//!
//! An XCom is JSON. What JSON cannot say, Python's side of Airflow wraps into an object that names a class:
//!
//! ```json
//! {"__classname__": "decimal.Decimal", "__version__": 1, "__data__": 1.5}
//! ```
//!
//! [`decode`] and [`from_value`] read a value into a Rust type and unwrap it on the way, wherever the type asks for what
//! the class can be:
//!
//! | Python | fits |
//! |---|---|
//! | `tuple`, `set`, `frozenset` | sequences, tuples, sets |
//! | aware `datetime`, also pendulum's | text in RFC 3339 with the zone of RFC 9557: `String`, `jiff::Timestamp`, `jiff::Zoned` |
//! | naive `datetime` | the same without a zone: `String`, `jiff::Timestamp` |
//! | `date` | text: `String`, `jiff::civil::Date` |
//! | `timedelta` | ISO 8601 text for `String`, `jiff::SignedDuration`, `jiff::Span`; seconds for numbers |
//! | `Decimal` | the digits for `String`, numbers |
//! | `UUID` | text: `String`, `uuid::Uuid` |
//! | zones of `zoneinfo` and pendulum | the name, as text |
//! | numpy scalars | numbers, `bool` |
//! | pydantic models, dataclasses, attrs classes, classes with a `serialize` method | structs and enums, from their data |
//!
//! Any other pair is an error that names the place and the class. A type that asks for "anything", or for a map, gets the
//! wrapped object as it is: `serde_json::Value`, maps, `#[serde(untagged)]` enums and what `#[serde(flatten)]` collects.
//! So a value of a class that nobody knows here survives being read and written. [`Wrapped`] is that object as a type.
//!
//! [`plain`] turns a whole value into what a person reads.
//!
//! Writing goes by type: those of [`python`] become the Python class of the same name.
//!
//! ```
//! use aileron_xcom::{from_value, python};
//! use serde_json::json;
//!
//! #[derive(serde::Deserialize)]
//! struct Order { id: uuid::Uuid, price: python::Decimal, sizes: Vec<u32>, at: jiff::Timestamp }
//!
//! let order: Order = from_value(&json!({
//!     "__classname__": "shop.Order", "__version__": 1, "__data__": {
//!         "id": {"__classname__": "uuid.UUID", "__version__": 1, "__data__": "00000000-0000-0000-0000-000000000007"},
//!         "price": {"__classname__": "decimal.Decimal", "__version__": 1, "__data__": 1.5},
//!         "sizes": {"__classname__": "builtins.tuple", "__version__": 1, "__data__": [1, 2]},
//!         "at": {"__classname__": "datetime.datetime", "__version__": 2, "__data__": {"timestamp": 0.0, "tz":
//!             {"__classname__": "builtins.tuple", "__version__": 1, "__data__":
//!                 ["Asia/Tokyo", "zoneinfo.ZoneInfo", 1, true]}}},
//!     }
//! }))?;
//! assert_eq!(order.id.as_u128(), 7);
//! assert_eq!(order.price.to_string(), "1.5");
//! assert_eq!(order.sizes, [1, 2]);
//! assert_eq!(order.at, jiff::Timestamp::UNIX_EPOCH);
//! # Ok::<(), aileron_wire::json::JsonDecodeError>(())
//! ```
//!
//! A large value can lie in object storage instead of the database: see `storage`, with the feature `object-storage`.
//!
//! Source of the encoding: `airflow/sdk/serde` and its `serializers`, the same in Airflow 3.3.2 and 3.4.0b2. The form of
//! Airflow 2 (`__type`, `__var`) is not read.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod backend;
mod class;
mod de;
mod decode;
mod integer;
mod json;
mod number;
mod plain;
pub mod python;
#[cfg(feature = "object-storage")]
pub mod storage;
mod text;
mod wrapped;
mod zone;

pub use backend::{STATE_BACKEND, XCOM_BACKEND, XcomBackend, keeps_states_in_objects};
pub use decode::{decode, from_value, holds_wrapped};
pub use json::{ListText, decode_json, is_json_at_least, is_null, write_json};
pub use plain::plain;
pub use wrapped::Wrapped;
