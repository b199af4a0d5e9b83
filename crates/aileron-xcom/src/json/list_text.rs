//! The JSON text of a list whose elements come one by one.

use aileron_wire::json::{JsonEncodeError, NotJson, RawJson, encode};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{write_json, write_value};

/// The JSON text of a list, as Python writes it, made element by element. What is there can be taken away at any time.
///
/// ```
/// let mut list = aileron_xcom::ListText::default();
/// list.push(&1)?;
/// list.push("é")?;
/// let begun = list.take();
/// list.push(&[2.5])?;
/// assert_eq!((&*begun, &*list.end()), (&b"[1, \"\\u00e9\""[..], &b", [2.5]]"[..]));
/// # Ok::<(), aileron_wire::json::JsonEncodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct ListText {
    text: Vec<u8>,
    /// How many elements came.
    elements: usize,
    /// The element that is written: nothing of one that cannot be gets into the text.
    element: Vec<u8>,
}

impl ListText {
    /// How much text should be there before it is taken away, in bytes: the size of the pieces that go into an object.
    pub const PIECE: usize = 256 << 10;

    /// Writes the next element.
    ///
    /// # Errors
    /// [`JsonEncodeError`], which names the place in the list. The text is as it was then.
    pub fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonEncodeError> {
        self.element.clear();
        let written = write_value(value, &mut self.element);
        let element = match written {
            Ok(()) => &self.element[..],
            Err(_) => {
                self.element = self.unusual(value)?;
                // Without the brackets of a list of one.
                &self.element[1..self.element.len() - 1]
            }
        };
        let separator: &[u8] = if self.elements == 0 { b"[" } else { b", " };
        self.text.extend_from_slice(separator);
        self.text.extend_from_slice(element);
        self.elements += 1;
        Ok(())
    }

    /// A list of an element that has to be encoded first.
    fn unusual<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, JsonEncodeError> {
        let encoded = encode(&[value]).map_err(|error| match error {
            JsonEncodeError::NotJson(NotJson { path, problem }) => {
                let path = path.replacen("[0]", &format!("[{}]", self.elements), 1);
                JsonEncodeError::NotJson(NotJson { path, problem })
            }
            other => other,
        })?;
        let mut list = Vec::new();
        write_json(&encoded, &mut list)
            .map_err(|error| JsonEncodeError::Serialize(error.to_string()))?;
        Ok(list)
    }

    /// How many bytes of text are there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether no text is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Takes the text that is there. The next begins behind it.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        let room = Vec::with_capacity(self.text.capacity());
        std::mem::replace(&mut self.text, room)
    }

    /// Ends the list, and gives what is there of its text.
    #[must_use]
    pub fn end(mut self) -> Vec<u8> {
        let end: &[u8] = if self.elements == 0 { b"[]" } else { b"]" };
        self.text.extend_from_slice(end);
        self.text
    }

    /// Encodes a text (MessagePack).
    ///
    /// # Errors
    /// [`JsonEncodeError`], for what is no JSON text.
    pub fn encode(text: Vec<u8>) -> Result<Vec<u8>, JsonEncodeError> {
        let no_text = |error: &dyn std::error::Error| JsonEncodeError::Serialize(error.to_string());
        let text = String::from_utf8(text).map_err(|error| no_text(&error))?;
        let raw = RawValue::from_string(text).map_err(|error| no_text(&error))?;
        encode(&RawJson::from(raw))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::json::tests::any_json;

    #[test]
    fn an_element_that_is_no_json_is_named_and_leaves_nothing() {
        let mut list = ListText::default();
        assert!(list.is_empty());
        list.push(&BTreeMap::from([(1, [0.5])])).unwrap();
        let error = list.push(&BTreeMap::from([("a", f64::NAN)])).unwrap_err();
        assert!(error.to_string().contains("at [1].a: "), "{error}");
        list.push(&()).unwrap();
        assert_eq!(list.end(), br#"[{"1": [0.5]}, null]"#);
        assert_eq!(ListText::default().end(), b"[]");
    }

    #[test]
    fn what_is_no_text_is_not_encoded() {
        for wrong in [&b"\xff"[..], b"[1", b"", b"[1] 2"] {
            assert!(ListText::encode(wrong.to_vec()).is_err());
        }
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_the_whole_list(
            elements in prop::collection::vec(any_json(), 0..20),
            takes: u32,
        ) {
            let (mut list, mut text) = (ListText::default(), Vec::new());
            for (n, element) in elements.iter().enumerate() {
                list.push(element).unwrap();
                if takes >> n & 1 == 1 {
                    text.extend(list.take());
                }
            }
            text.extend(list.end());
            let encoded = encode(&elements).unwrap();
            let mut whole = Vec::new();
            write_json(&encoded, &mut whole).unwrap();
            prop_assert_eq!(&text, &whole);
            let again: Value = crate::decode(&ListText::encode(text).unwrap()).unwrap();
            prop_assert_eq!(again, json!(elements));
        }
    }
}
