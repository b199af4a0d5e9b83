//! Where a list of objects most likely can be cut, found without looking at all of its text.

use memchr::memmem::{self, FinderRev};

use super::split::Cut;

/// What stands between two elements, from the brace that ends one to the first key of the next: `}, {"order_id"`.
///
/// In a string no quote stands by itself, so only an object inside of an element can be taken for the next element. Whoever reads what
/// was cut off learns of that.
#[derive(Debug)]
pub(crate) struct Seam {
    finder: FinderRev<'static>,
    /// How far it goes with the first element: up to and with the comma.
    comma: usize,
}

impl Seam {
    /// That of a list which begins with these elements. `None` when one of them is no object with this key in front, or when the
    /// seam is inside of one, too.
    pub(crate) fn of(cut: &Cut) -> Option<Self> {
        let first = *cut.ends.first()?;
        let brace = cut.text[..first].trim_ascii_end().len().checked_sub(1)?;
        let end = first + 1 + key_end(&cut.text[first + 1..])?;
        let seam = &cut.text[brace..end];
        let found = memmem::find_iter(&cut.text, seam).count();
        let is_one = seam[0] == b'}' && found + 1 == cut.len();
        is_one.then(|| Self {
            finder: FinderRev::new(seam).into_owned(),
            comma: first + 1 - brace,
        })
    }

    /// The offset behind the comma of the last seam.
    pub(crate) fn last_in(&self, text: &[u8]) -> Option<usize> {
        self.finder.rfind(text).map(|at| at + self.comma)
    }
}

/// Where the first key of an object ends, if that is what a text begins with.
fn key_end(text: &[u8]) -> Option<usize> {
    let key = text.trim_ascii_start().strip_prefix(b"{")?;
    let key = key.trim_ascii_start().strip_prefix(b"\"")?;
    let length = memchr::memchr2(b'"', b'\\', key)?;
    (key[length] == b'"').then(|| text.len() - key.len() + length + 1)
}

#[cfg(test)]
mod tests {
    use super::super::Splitter;
    use super::*;

    fn seam(text: &str) -> Option<Seam> {
        let mut splitter = Splitter::new(text.as_bytes()).unwrap();
        Seam::of(&splitter.cut()?)
    }

    #[test]
    fn a_list_of_objects_has_one() {
        for text in [
            r#"[{"a": 1}, {"a": 2}, {"#,
            r#"[{"a":[{"b":1},{"b":2}]},{"a":"}, {\"a\""},{"#,
            "[{\"a\": 1} ,\n  {  \"a\": {\"a\": 2}}]",
        ] {
            let seam = seam(text).expect(text);
            let at = seam.last_in(text.as_bytes()).unwrap();
            assert_eq!(text.as_bytes()[at - 1], b',', "{text}");
            assert!(text[at..].trim_start().starts_with(r#"{"#), "{text}");
            assert_eq!(seam.last_in(&text.as_bytes()[at..]), None, "{text}");
        }
    }

    #[test]
    fn another_list_has_none() {
        for text in [
            r#"[{"a": 1}]"#,
            r#"[{"a": 1}, "#,
            "[1, 2, 3, ",
            r#"["a", "b", "c", "#,
            r#"[[1], {"a": 1}, {"a": 1}, "#,
            // Not all begin with the key.
            r#"[{"a": 1}, {"a": 1}, {"b": 1}, "#,
            r#"[{"a": 1}, {"a": 1}, {}, "#,
            r#"[{"a": 1}, {"\u0061": 1}, "#,
            // Not the same room between them.
            r#"[{"a": 1}, {"a": 1},{"a": 1}, "#,
            // There are such inside.
            r#"[{"a": [{"a": 1}, {"a": 2}]}, {"a": 1}, "#,
        ] {
            assert!(seam(text).is_none(), "{text}");
        }
    }
}
