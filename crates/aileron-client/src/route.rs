//! Paths and queries, percent-encoded.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The path of a request below the server's URL, with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    text: String,
    has_query: bool,
    problem: Option<String>,
}

impl Route {
    /// Starts with fixed text.
    pub(crate) fn new(fixed: &str) -> Self {
        Self {
            text: fixed.to_owned(),
            has_query: false,
            problem: None,
        }
    }

    /// Adds a part of the path that may hold anything.
    pub(crate) fn part(mut self, part: &str) -> Self {
        // Every URL library takes these two for steps within the path, encoded or not; and an empty part would name another
        // route.
        if matches!(part, "" | "." | "..") {
            self.problem = Some(format!(
                "{part:?} cannot be part of a URL's path; give it another name"
            ));
        }
        self.text.push('/');
        self.text.extend(utf8_percent_encode(part, RESERVED));
        self
    }

    /// Adds fixed text to the path.
    pub(crate) fn fixed(mut self, text: &str) -> Self {
        self.text.push('/');
        self.text.push_str(text);
        self
    }

    /// Adds `name=value` to the query.
    pub(crate) fn query(mut self, name: &str, value: impl Display) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.text.push_str(name);
        self.text.push('=');
        self.text
            .extend(utf8_percent_encode(&value.to_string(), RESERVED));
        self
    }

    /// Adds `name=value` when there is one.
    pub(crate) fn query_if<T: Display>(self, name: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds `name=true` when it is.
    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        self.query_if(name, value.then_some("true"))
    }

    /// Adds `map_index` for an instance of a mapped task.
    pub(crate) fn map_index(self, map_index: Option<i64>) -> Self {
        self.query_if("map_index", map_index.filter(|index| *index >= 0))
    }

    /// Adds `name=value` for each value.
    pub(crate) fn query_all<T: Display>(self, name: &str, values: Option<&Vec<T>>) -> Self {
        values
            .into_iter()
            .flatten()
            .fold(self, |route, value| route.query(name, value))
    }

    /// The text to put behind the server's URL, or why there is none.
    pub(crate) fn text(&self) -> Result<&str, &str> {
        match &self.problem {
            None => Ok(&self.text),
            Some(problem) => Err(problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_can_stand_in_a_path_and_a_query() {
        let route = Route::new("variables")
            .part("a/b c?d#e%f+\u{e4}\u{1f600}")
            .query("prefix", "x&y=z")
            .flag("absent", false)
            .map_index(Some(-1))
            .query_all("states", Some(&vec!["null", "a b"]));
        assert_eq!(
            route.text().unwrap(),
            "variables/a%2Fb%20c%3Fd%23e%25f%2B%C3%A4%F0%9F%98%80?prefix=x%26y%3Dz&states=null&states=a%20b"
        );
    }

    #[test]
    fn what_a_url_cannot_say_is_refused() {
        for part in ["", ".", ".."] {
            let problem = Route::new("variables")
                .part(part)
                .text()
                .unwrap_err()
                .to_owned();
            assert!(problem.contains(&format!("{part:?}")), "{problem}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_part_comes_back_from_the_url_as_it_was(part: String) {
            let route = Route::new("variables").part(&part).query("q", &part);
            if let Ok(text) = route.text() {
                let url = reqwest::Url::parse(&format!("http://h/execution/{text}")).unwrap();
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                proptest::prop_assert_eq!(segments.len(), 3);
                let decoded = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
                proptest::prop_assert_eq!(decoded, part.as_str());
                let query: Vec<_> = url.query_pairs().collect();
                proptest::prop_assert_eq!(&query[0].1, part.as_str());
            }
        }
    }
}
