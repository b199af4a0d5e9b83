//! The shapes in which one secret can turn up in a text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Every form of `secret` to look for: as it is, without surrounding white space, URL-encoded, and escaped as the usual
/// printers escape a string (JSON, Rust's `{:?}`, Python's `repr`), up to twice: a JSON text inside a debug print is common.
pub(super) fn forms(secret: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for base in [secret, secret.trim()] {
        all.extend(url_encoded(base));
        let once = escaped(base);
        all.extend(once.iter().flat_map(|form| escaped(form)));
        all.extend(once);
        all.insert(base.to_owned());
    }
    all
}

/// One way to write a text in a URL: which bytes stay as they are, and whether a space is a plus sign.
struct Encoding {
    keeps: fn(u8) -> bool,
    plus: bool,
}

const ENCODINGS: [Encoding; 6] = [
    // RFC 3986, and Python's `quote(.., safe="")`.
    Encoding {
        keeps: |byte| is_word(byte) || b"-_.~".contains(&byte),
        plus: false,
    },
    // Python's `quote`.
    Encoding {
        keeps: |byte| is_word(byte) || b"-_.~/".contains(&byte),
        plus: false,
    },
    // JavaScript's `encodeURIComponent`.
    Encoding {
        keeps: |byte| is_word(byte) || b"-_.~!*'()".contains(&byte),
        plus: false,
    },
    // Python's `quote_plus`.
    Encoding {
        keeps: |byte| is_word(byte) || b"-_.~".contains(&byte),
        plus: true,
    },
    // HTML forms (`application/x-www-form-urlencoded`).
    Encoding {
        keeps: |byte| is_word(byte) || b"*-._".contains(&byte),
        plus: true,
    },
    // The user information of a URL as the WHATWG standard writes it.
    Encoding {
        keeps: |byte| byte.is_ascii_graphic() && !b"\"#<>?`{}/:;=@[\\]^|".contains(&byte),
        plus: false,
    },
];

fn url_encoded(text: &str) -> impl Iterator<Item = String> {
    let both_cases = |encoding| {
        [
            percent(text, encoding, true),
            percent(text, encoding, false),
        ]
    };
    ENCODINGS.iter().flat_map(both_cases)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn percent(text: &str, encoding: &Encoding, upper: bool) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b' ' if encoding.plus => out.push('+'),
            byte if (encoding.keeps)(byte) => out.push(char::from(byte)),
            byte if upper => _ = write!(out, "%{byte:02X}"),
            byte => _ = write!(out, "%{byte:02x}"),
        }
    }
    out
}

fn escaped(text: &str) -> Vec<String> {
    vec![
        json(text),
        ascii_json(&json(text)),
        unquoted(format!("{text:?}")),
        text.escape_default().to_string(),
        python_repr(text, '\''),
        python_repr(text, '"'),
    ]
}

fn json(text: &str) -> String {
    unquoted(serde_json::Value::from(text).to_string())
}

/// A JSON text with `\uXXXX` for everything outside ASCII, as Python's `json.dumps` writes it.
fn ascii_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

fn unquoted(text: String) -> String {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inner.map(str::to_owned).unwrap_or(text)
}

/// The inside of a Python string literal. Printable characters outside ASCII stay as they are there.
fn python_repr(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            character if character == quote => out.extend(['\\', quote]),
            character if character.is_ascii_control() => {
                _ = write!(out, "\\x{:02x}", u32::from(character))
            }
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_word_has_one_form() {
        assert_eq!(
            forms("hunter2000"),
            BTreeSet::from(["hunter2000".to_owned()])
        );
    }

    #[test]
    fn the_forms_hold_the_usual_encodings() {
        let secret = "a/b c\"d\né'\u{1F511}";
        let forms = forms(secret);
        for expected in [
            secret,
            "a%2Fb%20c%22d%0A%C3%A9%27%F0%9F%94%91",
            "a%2fb%20c%22d%0a%c3%a9%27%f0%9f%94%91",
            "a/b%20c%22d%0A%C3%A9%27%F0%9F%94%91",
            "a%2Fb+c%22d%0A%C3%A9%27%F0%9F%94%91",
            "a/b c\\\"d\\né'\u{1F511}",
            "a/b c\\\"d\\n\\u00e9'\\ud83d\\udd11",
            "a/b c\"d\\né\\'\u{1F511}",
            "a/b c\\\\\\\"d\\\\né'\u{1F511}",
        ] {
            assert!(forms.contains(expected), "{expected} is not in {forms:#?}");
        }
    }

    #[test]
    fn a_secret_read_from_a_file_is_known_without_its_line_end() {
        assert!(forms("hunter2000\n").contains("hunter2000"));
    }
}
