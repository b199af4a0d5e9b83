//! Wrapped values where a number is asked for.

use serde::de::Visitor;
use serde_json::Value;

use crate::class::Class;
use crate::text::duration;
use crate::wrapped::View;

/// Whole numbers up to here are exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number as it will be shown to a visitor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

impl Number {
    /// The number that the wrapped value is, or `None` when it is none.
    pub(crate) fn of(view: View<'_>) -> Option<Self> {
        match (view.class, view.data) {
            (Class::Numpy, Value::Bool(value)) => Some(Self::Bool(*value)),
            (Class::Numpy, Value::Number(value)) => Self::plain(value),
            (Class::Decimal, Value::Number(value)) => Self::plain(value).map(Self::whole),
            (Class::Decimal, Value::String(digits)) => Self::parse(digits),
            (Class::TimeDelta, data) => Some(Self::Float(duration(data)?.as_secs_f64()).whole()),
            _ => None,
        }
    }

    fn plain(value: &serde_json::Number) -> Option<Self> {
        if let Some(value) = value.as_u64() {
            return Some(Self::Unsigned(value));
        }
        if let Some(value) = value.as_i64() {
            return Some(Self::Signed(value));
        }
        value.as_f64().map(Self::Float)
    }

    fn parse(digits: &str) -> Option<Self> {
        let digits = digits.trim();
        if let Ok(value) = digits.parse() {
            return Some(Self::Unsigned(value));
        }
        if let Ok(value) = digits.parse() {
            return Some(Self::Signed(value));
        }
        let value: f64 = digits.parse().ok()?;
        value.is_finite().then(|| Self::Float(value).whole())
    }

    /// `2.0` as the integer 2: `Decimal("2.00")` and `timedelta(seconds=2)` fit integers.
    fn whole(self) -> Self {
        match self {
            Self::Float(value) if value.fract() == 0.0 && value.abs() < EXACT => {
                // The bounds make the cast exact.
                Self::Signed(value as i64)
            }
            other => other,
        }
    }

    pub(crate) fn show<'de, V: Visitor<'de>, E: serde::de::Error>(
        self,
        visitor: V,
    ) -> Result<V::Value, E> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Signed(value) => visitor.visit_i64(value),
            Self::Unsigned(value) => visitor.visit_u64(value),
            Self::Float(value) => visitor.visit_f64(value),
        }
    }
}
