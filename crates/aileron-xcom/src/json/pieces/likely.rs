//! Elements that were cut off where a list most likely can be cut.

use serde::de::DeserializeOwned;

use super::elements::read_elements;
use super::split::Splitter;
use crate::decode::holds_wrapped;
use crate::integer::beyond_64_bits;

/// Text that begins at an element, which is not the list's first, and ends behind the comma of one, or with the list; if it was cut in
/// the right place.
#[derive(Debug)]
pub(crate) struct Likely {
    /// Behind a bracket of its own.
    text: Vec<u8>,
    /// Whether nothing comes behind it.
    is_last: bool,
}

impl Likely {
    /// Begins with this text, and has room for so much more.
    pub(crate) fn new(text: &[u8], room: usize) -> Self {
        let mut own = Vec::with_capacity(1 + text.len() + room);
        own.push(b'[');
        own.extend_from_slice(text);
        Self {
            text: own,
            is_last: false,
        }
    }

    /// Where more text is put.
    pub(crate) fn grow(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Leaves only so much of the text.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.text.truncate(1 + length);
    }

    /// Says that all of the list has come.
    pub(crate) fn end(mut self) -> Self {
        self.is_last = true;
        self
    }

    /// The text.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text[1..]
    }

    /// The elements. `None` when the text was cut in a wrong place, or is not what it should be: whoever looks at every end of an
    /// element can tell.
    ///
    /// That they are whole and followed by commas proves that the text was cut in the right place, when it begins in one.
    pub(crate) fn read<T: DeserializeOwned>(&mut self) -> Option<Vec<T>> {
        if self.is_last {
            return self.read_list().or_else(|| self.read_apart());
        }
        *self.text.last_mut().filter(|last| **last == b',')? = b']';
        let read = self.read_list();
        if let Some(last) = self.text.last_mut() {
            *last = b',';
        }
        read.or_else(|| self.read_apart())
    }

    fn read_list<T: DeserializeOwned>(&self) -> Option<Vec<T>> {
        let text = std::str::from_utf8(&self.text).ok()?;
        if holds_wrapped(text.as_bytes()) || beyond_64_bits(text.as_bytes()).is_some() {
            return None;
        }
        let read: Vec<T> = serde_json::from_str(text).ok()?;
        // There is no element only behind a comma that should not be there.
        (!read.is_empty()).then_some(read)
    }

    /// In the way that knows all that Python writes.
    fn read_apart<T: DeserializeOwned>(&self) -> Option<Vec<T>> {
        let mut splitter = Splitter::behind_comma(self.text());
        let cut = splitter.cut()?;
        let is_right = if self.is_last {
            splitter.end().is_ok()
        } else {
            splitter.has_nothing_left()
        };
        if !is_right {
            return None;
        }
        match read_elements(cut, 1) {
            (read, None) => Some(read),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(text: &str, is_last: bool) -> Option<Vec<Value>> {
        let mut likely = Likely::new(text.as_bytes(), 0);
        if is_last {
            likely = likely.end();
        }
        let read = likely.read();
        assert_eq!(likely.text(), text.as_bytes());
        read
    }

    #[test]
    fn whole_elements_are_read() {
        let set = r#"{"__classname__": "builtins.set", "__version__": 1, "__data__": [1]}"#;
        for (text, count) in [
            (r#" {"a": 1},"#, 1),
            ("[1, [2]], {\"a\": [\"]\", 3]}\n,", 2),
            (&format!("{set}, 1, {set},"), 3),
        ] {
            assert_eq!(
                read(text, false).map(|read| read.len()),
                Some(count),
                "{text}"
            );
            assert_eq!(read(text, true), None, "{text}");
            let last = format!("{}] \n", text.trim_end_matches(','));
            assert_eq!(
                read(&last, true).map(|read| read.len()),
                Some(count),
                "{last}"
            );
            assert_eq!(read(&last, false), None, "{last}");
        }
    }

    #[test]
    fn what_was_cut_off_elsewhere_is_not() {
        for text in [
            "",
            ",",
            " ,",
            "1",
            "1, ,",
            "1, 2],",
            "1, [2,",
            "1, [2],,",
            r#"{"a": [{"a": 1},"#,
            r#"{"a": 1,"#,
            r#"{"a": "},"#,
            r#"{"a": "b\","#,
            r#"{"a": "__classname__","#,
            "1180591620717411303424,",
        ] {
            assert_eq!(read(text, false), None, "{text}");
        }
        for text in [
            "", "]", " ]", "1", "1, ]", "1]]", "[1]", "1], 2]", "1}", "1,]",
        ] {
            assert_eq!(read(text, true), None, "{text}");
        }
        let mut likely = Likely::new(b"\"\xff\",", 0);
        assert_eq!(likely.read::<Value>(), None);
    }

    #[test]
    fn what_is_wrapped_is_never_taken_for_what_it_is_wrapped_in() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        #[serde(default)]
        struct Order {
            id: u64,
        }
        impl Default for Order {
            fn default() -> Self {
                Self { id: 1 }
            }
        }
        let order = r#"{"__classname__": "shop.Order", "__version__": 1, "__data__": {"id": 7}},"#;
        let read = Likely::new(order.as_bytes(), 0).read::<Order>();
        assert_eq!(read, Some(vec![Order { id: 7 }]));
    }
}
