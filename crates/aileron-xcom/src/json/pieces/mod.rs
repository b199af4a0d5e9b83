//! Reading JSON text that comes in pieces, without putting them together.

mod split;
mod unborrowed;

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use aileron_wire::json::JsonDecodeError;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Error, Value};

use self::split::{NoList, Splitter, Window};
use self::unborrowed::Unborrowed;
use super::decode_json;
use crate::de::Unwrapping;
use crate::decode::holds_wrapped;
use crate::integer::beyond_64_bits;

/// Shorter text is put together: it takes less time than a second thread.
const SHORT: usize = if cfg!(test) { 64 } else { 2 << 20 };
/// How many windows wait to be read.
const AHEAD: usize = 4;
/// How many characters of an element an error shows.
const SHOWN: usize = 80;

/// Reads a value, and gives up each piece of its text on the way; so that, of a long list, memory holds either the text or what was
/// read, and not both. A thread looks for the elements' ends meanwhile.
///
/// # Errors
/// Those of [`decode_json`]. Of a long list that is no JSON, the error says how far it is one.
pub(crate) fn decode_pieces<T: DeserializeOwned>(
    pieces: Vec<Vec<u8>>,
) -> Result<T, JsonDecodeError> {
    if let [whole] = &pieces[..] {
        return decode_json(whole);
    }
    let length: usize = pieces.iter().map(Vec::len).sum();
    let splitter = pieces.first().and_then(|first| Splitter::new(first));
    let Some(splitter) = splitter.filter(|_| length > SHORT) else {
        return decode_json(&pieces.concat());
    };
    let (sender, windows) = sync_channel(AHEAD);
    thread::scope(|scope| {
        scope.spawn(move || {
            let rest = pieces.into_iter().skip(1);
            let ended = split(splitter, rest, &sender);
            // Whoever reads may have given up.
            let _ = sender.send(ended.map(|()| None));
        });
        let mut list = List::new(windows);
        let read = T::deserialize(&mut list);
        list.finish(read)
    })
}

/// What the thread sends: windows, and at the end none.
type Sent = Result<Option<Window>, NoList>;

fn split(
    mut splitter: Splitter,
    pieces: impl Iterator<Item = Vec<u8>>,
    sender: &SyncSender<Sent>,
) -> Result<(), NoList> {
    for piece in pieces {
        splitter.push(&piece);
        drop(piece);
        let Some(window) = splitter.window()? else {
            continue;
        };
        if let Some(digits) = beyond_64_bits(window.text.as_bytes()) {
            return Err(NoList::Beyond64Bits(digits.to_owned()));
        }
        if sender.send(Ok(Some(window))).is_err() {
            return Ok(());
        }
    }
    splitter.end()
}

/// A list whose elements come in windows.
struct List {
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
    fn new(windows: Receiver<Sent>) -> Self {
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
    fn finish<T: DeserializeOwned>(
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
            (Err(JsonDecodeError::NotJson(reason)), Some(place)) => {
                JsonDecodeError::NotJson(format!("element {place} of the list: {reason}"))
            }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::json::tests::any_json;

    /// Cuts a text into pieces of these lengths, again and again.
    fn cut(text: &str, lengths: &[usize]) -> Vec<Vec<u8>> {
        let mut lengths = lengths.iter().cycle();
        let mut rest = text.as_bytes();
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(*lengths.next().unwrap()));
            pieces.push(piece.to_vec());
            rest = behind;
        }
        pieces
    }

    fn read<T: DeserializeOwned>(text: &str) -> Result<T, JsonDecodeError> {
        decode_pieces(cut(text, &[7]))
    }

    /// So long that it is not put together.
    fn long(elements: &str) -> String {
        format!(" \n[{elements}{}]\t", ", null".repeat(30))
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Row {
        id: u64,
        name: String,
        kind: Kind,
        rest: Option<(i8, f64)>,
        more: BTreeMap<String, char>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Kind {
        Plain,
        One(u8),
        Named { by: String },
    }

    #[test]
    fn every_shape_of_type_is_read() {
        let element = |kind: &str| {
            format!(
                r#"{{"id": 1, "name": "a\"]\u00e9", "kind": {kind}, "rest": [-1, 0.5], "more": {{"k": "c"}}}}"#
            )
        };
        let kinds = [r#""Plain""#, r#"{"One": 7}"#, r#"{"Named": {"by": "x"}}"#];
        let text = format!("[{}]", kinds.map(element).join(","));
        let rows: Vec<Row> = read(&text).unwrap();
        assert_eq!(rows, serde_json::from_str::<Vec<Row>>(&text).unwrap());
        let some: Option<Vec<Row>> = read(&text).unwrap();
        assert_eq!(some, Some(rows));
    }

    #[test]
    fn what_is_wrapped_is_unwrapped() {
        let set = r#"{"__classname__": "builtins.set", "__version__": 1, "__data__": [1, 2]}"#;
        let text = format!("[{set}, [3], {set}]");
        assert_eq!(
            read::<Vec<Vec<u8>>>(&text),
            Ok(vec![vec![1, 2], vec![3], vec![1, 2]])
        );
        // The whole is wrapped.
        assert_eq!(
            read::<Vec<u8>>(&set.replace("[1, 2]", "[1, 2, 3, 4, 5, 6, 7, 8, 9]")),
            Ok(vec![1, 2, 3, 4, 5, 6, 7, 8, 9])
        );
    }

    fn not_json<T: DeserializeOwned + std::fmt::Debug>(pieces: Vec<Vec<u8>>) -> String {
        let error = decode_pieces::<T>(pieces).unwrap_err();
        assert!(matches!(error, JsonDecodeError::NotJson(_)), "{error}");
        error.to_string()
    }

    #[test]
    fn a_list_that_is_no_json_says_how_far_it_is_one() {
        let fits = long("1");
        assert_eq!(
            read::<Vec<Option<u8>>>(&fits).map(|list| list.len()),
            Ok(31)
        );
        for (wrong, told) in [
            (long("1,,2"), "behind 1 whole"),
            (long("1, 1 2"), "element 1 of the list: expected"),
            (long("1, "), "behind 1 whole"),
            (long("1, 1180591620717411303424"), "1180591620717411303424"),
            (long("1]"), "behind 1 whole"),
            (long("}"), "behind 0 whole"),
            (fits.replace(']', ""), "behind 30 whole"),
            (fits.replace(']', ",]"), "behind 31 whole"),
            (fits.replace(']', "}"), "behind 30 whole"),
            (format!("{fits}]"), "behind 31 whole"),
            (format!("{fits}x"), "behind 31 whole"),
        ] {
            let said = not_json::<Vec<Option<u8>>>(cut(&wrong, &[7]));
            assert!(said.contains(told), "{wrong}: {said}");
            let whole = decode_json::<Vec<Option<u8>>>(wrong.as_bytes());
            assert!(matches!(whole, Err(JsonDecodeError::NotJson(_))), "{wrong}");
        }
        let mut pieces = cut(&fits, &[7]);
        pieces[4] = b"\xff, 1,".to_vec();
        assert!(not_json::<Value>(pieces).contains("UTF-8"));
        // What is no list is said, though none was wanted.
        not_json::<bool>(cut(&fits.replace(']', ""), &[200]));
        assert_eq!(
            read::<Vec<u8>>(&format!("[{}]", " ".repeat(100))),
            Ok(vec![])
        );
    }

    #[test]
    fn what_does_not_fit_is_told_as_of_the_whole_text() {
        for wrong in [long("1, 300"), long("\"a\""), long("null, [[]]")] {
            assert_eq!(
                read::<Vec<Option<u8>>>(&wrong),
                decode_json(wrong.as_bytes()),
                "{wrong}"
            );
        }
        let row = r#"{"id": 7, "name": "a", "kind": "Plain", "rest": null, "more": {}}"#;
        let rows = format!("[{row}, {row}, {}]", row.replace("null", "[1, \"x\"]"));
        let error = read::<Vec<Row>>(&rows).unwrap_err();
        assert_eq!(Err(error.clone()), decode_json::<Vec<Row>>(rows.as_bytes()));
        assert!(error.to_string().starts_with("at [2].rest[1]:"), "{error}");
        // Elements of several types.
        let error = read::<(u8, String)>(&long("1, 2")).unwrap_err();
        assert!(
            error.to_string().starts_with("at [1]: invalid type"),
            "{error}"
        );
        // Elements would be left.
        let error = read::<(u8, Option<u8>)>(&long("1")).unwrap_err();
        assert!(error.to_string().contains("list of 2 elements"), "{error}");
        // No list is wanted.
        for wrong in [
            read::<bool>(&long("1")).map(drop),
            read::<BTreeMap<String, u8>>(&long("1")).map(drop),
        ] {
            let error = wrong.unwrap_err().to_string();
            assert!(error.starts_with("at the top: invalid"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn pieces_are_read_as_the_whole(
            elements in prop::collection::vec(any_json(), 0..20),
            lengths in prop::collection::vec(1..40_usize, 1..5),
            pretty: bool,
        ) {
            let value = json!(elements);
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            prop_assert_eq!(decode_pieces::<Value>(cut(&text, &lengths)), Ok(value));
        }

        #[test]
        fn text_of_any_kind_is_read_as_the_whole_or_not_at_all(
            text in r#"\[?[\[\]{},:" \\0-9a-f.\n-]{0,120}\]?"#,
            length in 1..20_usize,
        ) {
            let whole = decode_json::<Value>(text.as_bytes()).ok();
            prop_assert_eq!(decode_pieces::<Value>(cut(&text, &[length])).ok(), whole);
        }
    }
}
