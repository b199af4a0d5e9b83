//! Where a text stops being JSON, in the words of Python's `json`.

/// What Python's `json` says about a text that is no JSON, and at which character.
///
/// Only called with text that was found to be wrong; what Python would take (`NaN`) is called an
/// expected value.
pub(super) fn json_error(text: &str) -> (&'static str, usize) {
    let mut scan = Scan {
        text: text.chars().collect(),
        at: 0,
    };
    scan.blank();
    match scan.value(0) {
        Err(found) => found,
        Ok(()) => {
            scan.blank();
            ("Extra data", scan.at)
        }
    }
}

struct Scan {
    text: Vec<char>,
    at: usize,
}

type Found = Result<(), (&'static str, usize)>;

const EXPECTED: &str = "Expecting value";
const NAME: &str = "Expecting property name enclosed in double quotes";
/// `serde_json` stops there too.
const MAX_DEPTH: usize = 128;

impl Scan {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Found {
        match self.peek() {
            _ if depth > MAX_DEPTH => Err((EXPECTED, self.at)),
            Some('"') => self.string(),
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('-' | '0'..='9') => self.number(),
            _ => ["true", "false", "null"]
                .iter()
                .find_map(|word| self.word(word))
                .ok_or((EXPECTED, self.at)),
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let matches = word.chars().eq(rest.iter().copied().take(word.len()));
        matches.then(|| self.at += word.len())
    }

    fn object(&mut self, depth: usize) -> Found {
        self.at += 1;
        self.blank();
        if self.peek() == Some('}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some('"') {
                return Err((NAME, self.at));
            }
            self.string()?;
            self.blank();
            if self.peek() != Some(':') {
                return Err(("Expecting ':' delimiter", self.at));
            }
            self.at += 1;
            self.blank();
            self.value(depth + 1)?;
            self.blank();
            match self.peek() {
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(',') => self.at += 1,
                _ => return Err(("Expecting ',' delimiter", self.at)),
            }
            self.blank();
        }
    }

    fn array(&mut self, depth: usize) -> Found {
        self.at += 1;
        self.blank();
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            self.blank();
            match self.peek() {
                Some(']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(',') => self.at += 1,
                _ => return Err(("Expecting ',' delimiter", self.at)),
            }
            self.blank();
        }
    }

    fn string(&mut self) -> Found {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(("Unterminated string starting at", start)),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => self.escape(start)?,
                Some(c) if c < ' ' => return Err(("Invalid control character at", self.at)),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self, start: usize) -> Found {
        let backslash = self.at;
        self.at += 1;
        match self.peek() {
            None => Err(("Unterminated string starting at", start)),
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => {
                self.at += 1;
                Ok(())
            }
            Some('u') => {
                let digits = self.text.get(self.at + 1..self.at + 5);
                if digits.is_some_and(|digits| digits.iter().all(char::is_ascii_hexdigit)) {
                    self.at += 5;
                    Ok(())
                } else {
                    Err(("Invalid \\uXXXX escape", self.at))
                }
            }
            Some(_) => Err(("Invalid \\escape", backslash)),
        }
    }

    /// A number ends where it stops being one; the rest is somebody else's problem.
    fn number(&mut self) -> Found {
        let start = self.at;
        if self.peek() == Some('-') {
            self.at += 1;
        }
        match self.peek() {
            Some('0') => self.at += 1,
            Some('1'..='9') => self.digits(),
            _ => return Err((EXPECTED, start)),
        }
        self.part(&['.'], &[]);
        self.part(&['e', 'E'], &['+', '-']);
        Ok(())
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
    }

    /// A fraction or an exponent, if it is whole.
    fn part(&mut self, marks: &[char], signs: &[char]) {
        let start = self.at;
        if !self.peek().is_some_and(|c| marks.contains(&c)) {
            return;
        }
        self.at += 1;
        if self.peek().is_some_and(|c| signs.contains(&c)) {
            self.at += 1;
        }
        let first = self.at;
        self.digits();
        if self.at == first {
            self.at = start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_and_the_places_are_pythons() {
        for (text, message, at) in [
            ("{bad", NAME, 1),
            ("{\"a\":1", "Expecting ',' delimiter", 6),
            ("\u{ff}\u{fe}", EXPECTED, 0),
            ("{", NAME, 1),
            ("[1 2]", "Expecting ',' delimiter", 3),
            ("[1,]", EXPECTED, 3),
            ("1 2", "Extra data", 2),
            ("{\"a\" 1}", "Expecting ':' delimiter", 5),
            ("\"abc", "Unterminated string starting at", 0),
            ("\"a\\x\"", "Invalid \\escape", 2),
            ("-", EXPECTED, 0),
            ("1.", "Extra data", 1),
            ("{\"a\":1,}", NAME, 7),
        ] {
            assert_eq!(json_error(text), (message, at), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\":,\\\\0-9a-z.eE+-]*|.*") {
            json_error(&text);
        }

        #[test]
        fn whole_json_is_never_found_wrong_inside(number in proptest::num::f64::NORMAL, text in ".*") {
            let value = serde_json::json!({"a": [number, text, null, true], "b": {}}).to_string();
            let (message, at) = json_error(&value);
            proptest::prop_assert_eq!((message, at), ("Extra data", value.chars().count()));
        }
    }
}
