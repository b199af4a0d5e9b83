//! Reading the elements of a list each by itself, so that several threads can read one list.

use aileron_wire::json::JsonDecodeError;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::list::no_json;
use super::split::{Cut, NoList, Window};
use crate::decode::{from_value, holds_wrapped};
use crate::json::decode_json;

/// Reads elements, of which the first is that of this place in the list. Behind those that fit comes the error of the one that does
/// not.
pub(crate) fn read_elements<T: DeserializeOwned>(
    cut: Cut,
    first: usize,
) -> (Vec<T>, Option<JsonDecodeError>) {
    let mut read = Vec::with_capacity(cut.len());
    let ended = match cut.window() {
        Ok(window) => read_window(&window, first, &mut read),
        Err(broken) => Err(broken.behind(first)),
    };
    (read, ended.err())
}

fn read_window<T: DeserializeOwned>(
    window: &Window,
    first: usize,
    read: &mut Vec<T>,
) -> Result<(), JsonDecodeError> {
    let mut at = 0;
    for (end, place) in window.ends.iter().zip(first..) {
        let element = &window.text[at..*end];
        at = end + 1;
        if element.trim_ascii().is_empty() {
            let is_all = place == 0 && window.text.as_bytes()[*end] == b']';
            return is_all
                .then_some(())
                .ok_or_else(|| NoList::Broken.behind(place));
        }
        read.push(read_element(element, window.wrapped, place)?);
    }
    Ok(())
}

fn read_element<T: DeserializeOwned>(
    element: &str,
    wrapped: bool,
    place: usize,
) -> Result<T, JsonDecodeError> {
    let value = if wrapped && holds_wrapped(element.as_bytes()) {
        let tree = serde_json::from_str::<Value>(element).ok();
        tree.and_then(|tree| from_value(&tree).ok())
    } else {
        serde_json::from_str(element).ok()
    };
    if let Some(value) = value {
        return Ok(value);
    }
    // Once more, in the way that knows where in a list something is.
    let alone = decode_json::<[T; 1]>(format!("[{element}]").as_bytes());
    Err(match alone {
        Ok([value]) => return Ok(value),
        Err(JsonDecodeError::NotJson(reason)) => no_json(place, &reason),
        Err(JsonDecodeError::Mismatch {
            path,
            reason,
            found,
        }) => JsonDecodeError::Mismatch {
            path: path.replacen("[0]", &format!("[{place}]"), 1),
            reason,
            found,
        },
        Err(other) => other,
    })
}
