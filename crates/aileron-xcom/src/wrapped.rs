//! The object that wraps a Python value.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::class::Class;

/// The key that names the class.
pub(crate) const CLASSNAME: &str = "__classname__";
/// The key of the version of the class's encoding.
pub(crate) const VERSION: &str = "__version__";
/// The key of the encoded value.
pub(crate) const DATA: &str = "__data__";

/// A value of a Python class: `{"__classname__", "__version__", "__data__"}`.
///
/// Read into it to see which class came. Write it to give Python an object of a class of its own; the Python side reads
/// a pydantic model, a dataclass or an attrs class only when `[core] allowed_deserialization_classes` names it.
///
/// ```
/// use aileron_xcom::{Wrapped, from_value};
///
/// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
/// struct Order { id: u32 }
///
/// let order = Wrapped::new("shop.models.Order", 1, Order { id: 7 });
/// let json = serde_json::to_value(&order)?;
/// assert_eq!(json["__classname__"], "shop.models.Order");
/// assert_eq!(from_value::<Wrapped<Order>>(&json)?, order);
/// assert_eq!(from_value::<Order>(&json)?, order.data);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrapped<T = Value> {
    /// The class with its module, such as `decimal.Decimal`.
    #[serde(rename = "__classname__")]
    pub classname: String,
    /// The version of the encoding; a pydantic model has 1, a dataclass its `__version__` or 0.
    #[serde(rename = "__version__")]
    pub version: i64,
    /// The encoded value.
    #[serde(rename = "__data__")]
    pub data: T,
}

impl<T> Wrapped<T> {
    /// A value of this class.
    pub fn new(classname: impl Into<String>, version: i64, data: T) -> Self {
        Self {
            classname: classname.into(),
            version,
            data,
        }
    }
}

/// A wrapped object inside a tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) classname: &'a str,
    pub(crate) version: i64,
    pub(crate) class: Class,
    pub(crate) data: &'a Value,
}

impl<'a> View<'a> {
    /// The wrapped object that `value` is, or `None`. Python needs the class name and the version, too; absent data is
    /// null there.
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        let object = value.as_object()?;
        let classname = object.get(CLASSNAME)?.as_str()?;
        Some(Self {
            classname,
            version: object.get(VERSION)?.as_i64()?,
            class: Class::named(classname),
            data: object.get(DATA).unwrap_or(&Value::Null),
        })
    }
}
