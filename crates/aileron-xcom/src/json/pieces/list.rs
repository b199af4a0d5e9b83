//! A list whose elements come in windows: a deserializer.

use std::sync::mpsc::Receiver;

use aileron_wire::json::JsonDecodeError;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Error, Value};

use super::Sent;
use super::split::{NoList, Window};
use super::unborrowed::Unborrowed;
use crate::de::Unwrapping;
use crate::decode::holds_wrapped;
use crate::json::decode_json;

/// How many characters of an element an error shows.
const SHOWN: usize = 80;

/// A list whose elements come in windows.
pub(super) struct List {
    windows: Receiver<Sent>,
    window: Window,
    /// Which end in the window is next, and where the element before it has ended.
    next: usize,
    at: usize,
    /// How many elements were given.
    given: usize,
    ended: bool,
    /// What ended it.
    broken: Option<NoList>,
}

impl List {
    pub(super) fn new(windows: Receiver<Sent>) -> Self {
        Self {
            windows,
            window: Window::default(),
            next: 0,
            at: 0,
            given: 0,
            ended: false,
            broken: None,
        }
    }

    /// Takes the next window; `false` when there is none.
    fn advance(&mut self) -> Result<bool, Error> {
        match self.windows.recv() {
            Ok(Ok(Some(window))) => {
                self.window = window;
                (self.next, self.at) = (0, 0);
                Ok(true)
            }
            Ok(Ok(None)) => {
                self.ended = true;
                Ok(false)
            }
            Ok(Err(broken)) => {
                self.broken = Some(broken);
                Err(Error::custom("the list is broken"))
            }
            Err(_) => Err(Error::custom(
                "the thread that looks for elements has ended",
            )),
        }
    }

    /// What was read, if nothing is left; or why not.
    pub(super) fn finish<T: DeserializeOwned>(
        &mut self,
        read: Result<T, Error>,
    ) -> Result<T, JsonDecodeError> {
        let error = match read {
            Ok(value) if self.ended => return Ok(value),
            Ok(value) if self.next == self.window.ends.len() => match self.advance() {
                Ok(false) => return Ok(value),
                Ok(true) => return Err(self.too_long()),
                Err(error) => error,
            },
            Ok(_) => return Err(self.too_long()),
            Err(error) => error,
        };
        if self.given == 0 && self.window.ends.is_empty() {
            // No list was wanted. But it may be no list either, which is said first.
            let _ = self.advance();
        }
        Err(match self.broken.take() {
            Some(broken) => broken.behind(self.given),
            None => self.misfit::<T>(&error),
        })
    }

    fn too_long(&self) -> JsonDecodeError {
        JsonDecodeError::Mismatch {
            path: String::new(),
            reason: format!("expected a list of {} elements", self.given),
            found: "a longer one".to_owned(),
        }
    }

    /// What is wrong with the element that was given last, or with a list at all.
    fn misfit<T: DeserializeOwned>(&self, error: &Error) -> JsonDecodeError {
        let element = self.last_element().unwrap_or_default().trim();
        let place = self.given.checked_sub(1);
        if element.is_empty() {
            return NoList::Broken.behind(place.unwrap_or_default());
        }
        let said = said(error);
        // A list of this element alone, read in the way that knows where in it something is.
        match (decode_json::<T>(format!("[{element}]").as_bytes()), place) {
            (Err(JsonDecodeError::NotJson(reason)), Some(place)) => no_json(place, &reason),
            (Err(alone), None) => alone,
            (
                Err(JsonDecodeError::Mismatch {
                    path,
                    reason,
                    found,
                }),
                Some(place),
            ) if reason == said && path.starts_with("[0]") => JsonDecodeError::Mismatch {
                path: path.replacen("[0]", &format!("[{place}]"), 1),
                reason,
                found,
            },
            // The elements are not of one type.
            (_, place) => {
                let shown: String = element.chars().take(SHOWN).collect();
                JsonDecodeError::Mismatch {
                    path: place.map_or_else(String::new, |place| format!("[{place}]")),
                    reason: said,
                    found: format!("`{shown}`"),
                }
            }
        }
    }

    /// The element that was given last, or the first when none was.
    fn last_element(&self) -> Option<&str> {
        let end = self.window.ends.get(self.next.saturating_sub(1))?;
        let start = match self.next.checked_sub(2) {
            Some(before) => self.window.ends[before] + 1,
            None => 0,
        };
        self.window.text.get(start..*end)
    }
}

/// The error of an element that is no JSON.
pub(super) fn no_json(place: usize, reason: &str) -> JsonDecodeError {
    JsonDecodeError::NotJson(format!("element {place} of the list: {reason}"))
}

/// What `serde` said, without the place in the element's text.
fn said(error: &Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) if error.line() > 0 => text[..end].to_owned(),
        _ => text,
    }
}

impl<'de> SeqAccess<'de> for &mut List {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if self.ended || (self.next == self.window.ends.len() && !self.advance()?) {
            return Ok(None);
        }
        let end = self.window.ends[self.next];
        let element = &self.window.text[self.at..end];
        self.at = end + 1;
        self.next += 1;
        let is_last = self.window.text.as_bytes()[end] == b']';
        if is_last && self.given == 0 && element.trim_ascii().is_empty() {
            return Ok(None);
        }
        self.given += 1;
        if self.window.wrapped && holds_wrapped(element.as_bytes()) {
            let tree: Value = serde_json::from_str(element)?;
            let element = Unborrowed::new(Unwrapping::new(&tree));
            return seed.deserialize(element).map(Some);
        }
        let mut text = serde_json::Deserializer::from_str(element);
        let value = seed.deserialize(Unborrowed::new(&mut text))?;
        text.end()?;
        Ok(Some(value))
    }
}

impl<'de> Deserializer<'de> for &mut List {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct enum identifier ignored_any
    }
}
