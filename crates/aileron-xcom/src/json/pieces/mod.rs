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

/// Reads a value, and gives up each piece of its text on the way; so that, of a long list, memory holds either the text or what was
/// read, and not both. A thread looks for the elements' ends meanwhile.
///
/// `None` when a list that was given up does not fit or is no JSON. [`decode_json`] tells why, given the whole text.
///
/// # Errors
/// Those of [`decode_json`], where the text was whole.
pub(crate) fn decode_pieces<T: DeserializeOwned>(
    pieces: Vec<Vec<u8>>,
) -> Option<Result<T, JsonDecodeError>> {
    if let [whole] = &pieces[..] {
        return Some(decode_json(whole));
    }
    let length: usize = pieces.iter().map(Vec::len).sum();
    let splitter = pieces.first().and_then(|first| Splitter::new(first).ok());
    let Some(splitter) = splitter.filter(|_| length > SHORT) else {
        return Some(decode_json(&pieces.concat()));
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
        let value = T::deserialize(&mut list).ok()?;
        list.ends().then_some(Ok(value))
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
        // It would lose digits.
        if beyond_64_bits(window.text.as_bytes()).is_some() {
            return Err(NoList);
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
    /// Whether the window may hold a wrapped value.
    wrapped: bool,
    started: bool,
    ended: bool,
}

impl List {
    fn new(windows: Receiver<Sent>) -> Self {
        Self {
            windows,
            window: Window::default(),
            next: 0,
            at: 0,
            wrapped: false,
            started: false,
            ended: false,
        }
    }

    /// Takes the next window; `false` when there is none.
    fn advance(&mut self) -> Result<bool, Error> {
        match self.windows.recv() {
            Ok(Ok(Some(window))) => {
                self.wrapped = holds_wrapped(window.text.as_bytes());
                self.window = window;
                (self.next, self.at) = (0, 0);
                Ok(true)
            }
            Ok(Ok(None)) => {
                self.ended = true;
                Ok(false)
            }
            Ok(Err(NoList)) | Err(_) => Err(Error::custom("the text is no list")),
        }
    }

    /// Whether nothing is left.
    fn ends(&mut self) -> bool {
        self.ended || (self.next == self.window.ends.len() && matches!(self.advance(), Ok(false)))
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
        if is_last && !self.started && element.trim_ascii().is_empty() {
            return Ok(None);
        }
        self.started = true;
        if self.wrapped && holds_wrapped(element.as_bytes()) {
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

    fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
        decode(cut(text, &[7]))
    }

    /// Whether it was read whole or in pieces.
    fn decode<T: DeserializeOwned>(pieces: Vec<Vec<u8>>) -> Option<T> {
        decode_pieces(pieces).and_then(Result::ok)
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
            Some(vec![vec![1, 2], vec![3], vec![1, 2]])
        );
        // The whole is wrapped.
        assert_eq!(
            read::<Vec<u8>>(&set.replace("[1, 2]", "[1, 2, 3, 4, 5, 6, 7, 8, 9]")),
            Some(vec![1, 2, 3, 4, 5, 6, 7, 8, 9])
        );
    }

    #[test]
    fn what_is_no_list_or_does_not_fit_is_nothing() {
        let fits = long("1");
        assert_eq!(
            read::<Vec<Option<u8>>>(&fits).map(|list| list.len()),
            Some(31)
        );
        for wrong in [
            long("1,,2"),
            long("1 2"),
            long("1, "),
            long("300"),
            long("\"a\""),
            long("1180591620717411303424"),
            long("1]"),
            long("}"),
            fits.replace(']', ""),
            fits.replace(']', ",]"),
            fits.replace(']', "}"),
            format!("{fits}]"),
            format!("{fits}x"),
        ] {
            assert_eq!(read::<Vec<Option<u8>>>(&wrong), None, "{wrong}");
            assert!(
                decode_json::<Vec<Option<u8>>>(wrong.as_bytes()).is_err(),
                "{wrong}"
            );
        }
        // Elements would be left.
        assert_eq!(read::<(u8, Option<u8>)>(&fits), None);
        let mut pieces = cut(&fits, &[7]);
        pieces[4] = b"\xff, 1,".to_vec();
        assert_eq!(decode::<Value>(pieces), None);
        assert_eq!(
            read::<Vec<u8>>(&format!("[{}]", " ".repeat(100))),
            Some(vec![])
        );
    }

    #[test]
    fn only_what_was_given_up_has_no_error() {
        let misfit = long("\"a\"");
        assert!(decode_pieces::<Vec<Option<u8>>>(cut(&misfit, &[7])).is_none());
        for whole in [
            cut(&misfit, &[1_000]),
            cut("[1, true]", &[2]),
            cut(&"{} ".repeat(50), &[7]),
        ] {
            assert!(matches!(decode_pieces::<Vec<u8>>(whole), Some(Err(_))));
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
            prop_assert_eq!(decode::<Value>(cut(&text, &lengths)), Some(value));
        }

        #[test]
        fn text_of_any_kind_is_read_as_the_whole_or_not_at_all(
            text in r#"\[?[\[\]{},:" \\0-9a-f.\n-]{0,120}\]?"#,
            length in 1..20_usize,
        ) {
            let whole = decode_json::<Value>(text.as_bytes()).ok();
            prop_assert_eq!(decode::<Value>(cut(&text, &[length])), whole);
        }
    }
}
