//! The query of a URL.

use serde_json::Value;

use super::{Place, Problems};

/// The query of a URL. Of a key that is given several times the last one counts, but for lists.
pub(crate) struct Query(Vec<(String, Value)>);

type Text<'a, T> = &'a dyn Fn(&Value, &Place<'_>, &mut Problems) -> Option<T>;

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(
            pairs
                .map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())))
                .collect(),
        )
    }

    fn last(&self, key: &str) -> Option<&Value> {
        self.0
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    pub(crate) fn required<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        read: impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<T>,
    ) -> Option<T> {
        let part = Place::part("query");
        match self.last(key) {
            Some(value) => read(value, &part.key(key), problems),
            None => problems.missing(&part.key(key), &Value::Null),
        }
    }

    pub(crate) fn optional<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        read: impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.last(key) {
            Some(_) => self.required(key, problems, read).map(Some),
            None => Some(None),
        }
    }

    /// Every value of a key; `None` when it is not there.
    pub(crate) fn list<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        read: Text<'_, T>,
    ) -> Option<Option<Vec<T>>> {
        let part = Place::part("query");
        let place = part.key(key);
        let values = self.0.iter().filter(|(name, _)| name == key);
        let read: Vec<_> = values
            .enumerate()
            .map(|(index, (_, value))| read(value, &place.index(index), problems))
            .collect();
        if read.is_empty() {
            return Some(None);
        }
        read.into_iter().collect::<Option<Vec<_>>>().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    #[test]
    fn the_last_of_several_values_counts() {
        let query = Query::parse(Some("a=1&a=2&b=x+y%2Fz&c="));
        let mut problems = Problems::default();
        assert_eq!(
            query.required("a", &mut problems, text).as_deref(),
            Some("2")
        );
        assert_eq!(
            query.required("b", &mut problems, text).as_deref(),
            Some("x y/z")
        );
        assert_eq!(
            query.required("c", &mut problems, text).as_deref(),
            Some("")
        );
        assert_eq!(
            query.list("a", &mut problems, &text).unwrap().unwrap(),
            ["1", "2"]
        );
        assert_eq!(query.list("d", &mut problems, &text), Some(None));
        assert!(problems.is_empty());
    }
}
