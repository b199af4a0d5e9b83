//! Writing what a deserializer reads as JSON text, without building a tree.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::Serialize;
use serde_json::value::RawValue;

use super::free_form::Key;
use crate::time;

/// Reads one value and writes it as JSON text.
pub(super) fn transcribe<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Box<RawValue>, D::Error> {
    let mut text = Vec::new();
    Writer(&mut text).deserialize(deserializer)?;
    let text = String::from_utf8(text).map_err(D::Error::custom)?;
    RawValue::from_string(text).map_err(D::Error::custom)
}

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn put<T: Serialize + ?Sized, E: Error>(self, value: &T) -> Result<(), E> {
        serde_json::to_writer(self.0, value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Writer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Writer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.put(&())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.put(&())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.put(&value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.put(&value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.put(&value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if !value.is_finite() {
            return Err(E::invalid_value(
                Unexpected::Float(value),
                &"a finite number",
            ));
        }
        self.put(&value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.put(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let out = self.0;
        out.push(b'[');
        let mut behind = out.len();
        while seq.next_element_seed(Writer(out))?.is_some() {
            behind = out.len();
            out.push(b',');
        }
        out.truncate(behind);
        out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let out = self.0;
        out.push(b'{');
        let mut first = true;
        while let Some(Key(key)) = map.next_key()? {
            if !first {
                out.push(b',');
            }
            first = false;
            Writer(out).put(key.as_str())?;
            out.push(b':');
            map.next_value_seed(Writer(out))?;
        }
        out.push(b'}');
        Ok(())
    }

    // `rmp-serde` shows an extension as a newtype.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let instant = time::from_extension(deserializer)?;
        self.put(&instant.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::json::{RawJson, decode, encode};

    #[test]
    fn text_and_messagepack_say_the_same_in_both_directions() {
        for value in [
            json!(null),
            json!([]),
            json!([[], {}, [1]]),
            json!({"a": [1, -2, 3.5, true, null, "é\"\n"], "b": {"c": {}}}),
            json!(u64::MAX),
            json!(i64::MIN),
        ] {
            let packed = encode(&value).unwrap();
            let raw: RawJson = decode(&packed).unwrap();
            assert_eq!(serde_json::from_str::<Value>(raw.get()).unwrap(), value);
            assert_eq!(raw.get(), value.to_string());
            assert_eq!(encode(&raw).unwrap(), packed);
        }
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        assert!(decode::<RawJson>(&rmp_serde::to_vec(&f64::NAN).unwrap()).is_err());
        assert!(decode::<RawJson>(&[0xc4, 1, 0]).is_err());
    }

    #[test]
    fn a_timestamp_becomes_text() {
        let packed = [0xd6, 0xff, 0, 0, 0, 0];
        let raw: RawJson = decode(&packed).unwrap();
        assert_eq!(raw.get(), "\"1970-01-01T00:00:00Z\"");
    }

    #[test]
    fn integer_keys_become_text() {
        let packed = [0x81, 7, 0xc0];
        let raw: RawJson = decode(&packed).unwrap();
        assert_eq!(raw.get(), r#"{"7":null}"#);
    }
}
