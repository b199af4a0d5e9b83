//! Percent-encoding, URIs and query strings as Python's `urllib.parse` writes and reads them: Airflow compares texts that it made
//! that way.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What `quote(text, safe="")` encodes: everything but letters, digits and `_.-~`.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');

/// `quote(text, safe="")`.
pub fn quote(text: &str) -> String {
    utf8_percent_encode(text, QUOTED).to_string()
}

/// `quote_plus(text)`.
fn quote_plus(text: &str) -> String {
    quote(text).replace("%20", "+")
}

/// `unquote(text)`.
pub fn unquote(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `urlencode(pairs)`.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(key, value)| format!("{}={}", quote_plus(key), quote_plus(value)))
        .collect();
    pairs.join("&")
}

/// `parse_qsl(text, keep_blank_values=...)`.
pub fn parse_query(text: &str, keep_blank: bool) -> Vec<(String, String)> {
    let decoded = |part: &str| unquote(&part.replace('+', " "));
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(_, value)| keep_blank || !value.is_empty())
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

/// A URI taken apart as `urlsplit` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// As written: `urlsplit` makes it lower case.
    pub scheme: &'a str,
    /// `None` without `//`.
    pub authority: Option<&'a str>,
    /// With its leading slash.
    pub path: &'a str,
    /// Without the `?`.
    pub query: &'a str,
}

impl<'a> Parts<'a> {
    /// Takes a URI apart. A text that is none is all path.
    pub fn split(uri: &'a str) -> Self {
        let (scheme, rest) = match uri.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
            _ => ("", uri),
        };
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                (Some(&rest[..end]), &rest[end..])
            }
            None => (None, rest),
        };
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self {
            scheme,
            authority,
            path,
            query,
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_python_quotes_them() {
        assert_eq!(quote("a/b c~d_é*"), "a%2Fb%20c~d_%C3%A9%2A");
        assert_eq!(unquote("a%2Fb+c%C3%A9%zz"), "a/b+cé%zz");
        assert_eq!(query([("a b", "1&2"), ("é", "")]), "a+b=1%262&%C3%A9=");
        let pairs = [("a b", "1&2"), ("é", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(parse_query("a+b=1%262&&%C3%A9=", true), pairs);
        assert_eq!(parse_query("a+b=1%262&%C3%A9=&x", false), pairs[..1]);
    }

    #[test]
    fn uris_are_taken_apart() {
        let parts = Parts::split("S3://user@bucket/a/b?x=1&y#z");
        assert_eq!((parts.scheme, parts.authority), ("S3", Some("user@bucket")));
        assert_eq!((parts.path, parts.query), ("/a/b", "x=1&y"));
        let parts = Parts::split("plain name: with a colon");
        assert_eq!((parts.scheme, parts.authority), ("", None));
    }
}
