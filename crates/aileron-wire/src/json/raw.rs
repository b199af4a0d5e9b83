//! JSON text that nobody takes apart.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// One JSON value as text, known to be valid.
///
/// As the value of a message it is read from MessagePack, and written to it, without a tree in
/// between: a value of many megabytes costs its text and nothing else. Timestamps of MessagePack,
/// which JSON has not, become RFC 3339 text; bytes, NaN and infinities are refused.
///
/// ```
/// use aileron_wire::json::RawJson;
/// use aileron_wire::message::{Message, SetXCom};
///
/// let body = SetXCom::new("k", vec![1, 2], "dag", "run", "task").encode()?;
/// let read = SetXCom::<RawJson>::decode(&body)?;
/// assert_eq!(read.value.get(), "[1,2]");
/// assert_eq!(read.encode()?, body);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Takes JSON text as it is.
    ///
    /// # Errors
    ///
    /// When the text is not one JSON value.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// When `serde_json` cannot write it.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// The JSON `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Whether this is the JSON `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.get() == "null"
    }

    /// The text, without a copy.
    #[must_use]
    pub fn into_text(self) -> String {
        let text: Box<str> = self.0.into();
        text.into()
    }

    /// Reads the value.
    ///
    /// # Errors
    ///
    /// When the value does not fit `T`.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.get())
    }
}

impl From<Box<RawValue>> for RawJson {
    fn from(raw: Box<RawValue>) -> Self {
        Self(raw)
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_transcode::transcode(
            &mut serde_json::Deserializer::from_str(self.get()),
            serializer,
        )
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::text::transcribe(deserializer).map(Self)
    }
}
