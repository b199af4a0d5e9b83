//! Instants and durations on the wire.
//!
//! A supervisor sends an aware `datetime` as the MessagePack timestamp extension (type -1, of 4, 8
//! or 12 bytes) or, after a schema downgrade, as RFC 3339 text. Both are read; text is written,
//! which every version of the supervisor accepts. Durations are ISO 8601 text.
//!
//! For fields of your own messages use `#[serde(with = "...")]` with [`timestamp`], [`optional`],
//! [`optional_list`] and [`optional_duration`].

mod duration;
mod instant;

pub use duration::{DurationError, format_duration, parse_duration};
pub use instant::{TimestampError, from_extension_bytes};

pub(crate) use instant::from_extension;

/// A `jiff::Timestamp`.
pub mod timestamp {
    use jiff::Timestamp;
    use serde::{Deserializer, Serializer};

    use super::instant::InstantVisitor;

    /// Writes RFC 3339 text in UTC.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    /// Reads a timestamp extension or RFC 3339 text with any offset.
    ///
    /// # Errors
    ///
    /// When something else came, the instant is out of range, or the text has no offset.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        deserializer.deserialize_any(InstantVisitor)
    }
}

/// An `Option<jiff::Timestamp>`. With it `serde` requires the key, unless `default` is set too.
pub mod optional {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::instant::Instant;

    /// Writes RFC 3339 text in UTC, or `nil`.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        value: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    /// Reads what [`timestamp`](super::timestamp) reads, or `nil`.
    ///
    /// # Errors
    ///
    /// The same as [`timestamp`](super::timestamp).
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<Instant>::deserialize(deserializer)?.map(|instant| instant.0))
    }
}

/// An `Option<Vec<jiff::Timestamp>>`.
pub mod optional_list {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::instant::Instant;

    /// Writes an array of RFC 3339 texts in UTC, or `nil`.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        value: &Option<Vec<Timestamp>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        // `jiff` writes the same text as `timestamp` does.
        value.serialize(serializer)
    }

    /// Reads an array of what [`timestamp`](super::timestamp) reads, or `nil`.
    ///
    /// # Errors
    ///
    /// The same as [`timestamp`](super::timestamp).
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<Timestamp>>, D::Error> {
        let list = Option::<Vec<Instant>>::deserialize(deserializer)?;
        Ok(list.map(|list| list.into_iter().map(|instant| instant.0).collect()))
    }
}

/// An `Option<jiff::SignedDuration>`.
pub mod optional_duration {
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::duration::Iso;

    /// Writes ISO 8601 text, or `nil`.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        value: &Option<SignedDuration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_str(&super::format_duration(*value)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads ISO 8601 text, or `nil`.
    ///
    /// # Errors
    ///
    /// When something else came, or the text has years or months, whose length depends on the date.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SignedDuration>, D::Error> {
        Ok(Option::<Iso>::deserialize(deserializer)?.map(|iso| iso.0))
    }
}
