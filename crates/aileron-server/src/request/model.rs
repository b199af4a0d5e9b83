//! Objects and lists.

use serde_json::{Map, Value};

use super::{Place, Problems};

/// An object whose keys are read one by one.
///
/// Problems come in the order in which keys are asked for, those of unknown keys last.
pub(crate) struct Model<'v, 'p> {
    whole: &'v Value,
    map: &'v Map<String, Value>,
    place: Place<'p>,
    known: Vec<&'static str>,
}

impl<'v, 'p> Model<'v, 'p> {
    pub(crate) fn of(value: &'v Value, place: Place<'p>, problems: &mut Problems) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self {
                whole: value,
                map,
                place,
                known: Vec::new(),
            }),
            _ => problems.add(
                "model_attributes_type",
                &place,
                "Input should be a valid dictionary or object to extract fields from",
                value,
            ),
        }
    }

    /// A key that must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
        read: impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<T>,
    ) -> Option<T> {
        self.known.push(key);
        match self.map.get(key) {
            Some(value) => read(value, &self.place.key(key), problems),
            None => problems.missing(&self.place.key(key), self.whole),
        }
    }

    /// A key that may be absent: `Some(None)` then.
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
        read: impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<T>,
    ) -> Option<Option<T>> {
        self.known.push(key);
        match self.map.get(key) {
            Some(value) => read(value, &self.place.key(key), problems).map(Some),
            None => Some(None),
        }
    }

    /// Refuses keys that nobody asked for.
    pub(crate) fn forbid_others(&self, problems: &mut Problems) {
        for (key, value) in self.map {
            if !self.known.contains(&key.as_str()) {
                let _: Option<()> = problems.add(
                    "extra_forbidden",
                    &self.place.key(key),
                    "Extra inputs are not permitted",
                    value,
                );
            }
        }
    }
}

/// A list of what `read` reads.
pub(crate) fn list<T>(
    read: impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<T>,
) -> impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<Vec<T>> {
    move |value, place, problems| {
        let Value::Array(items) = value else {
            return problems.add("list_type", place, "Input should be a valid list", value);
        };
        let read: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| read(item, &place.index(index), problems))
            .collect();
        read.into_iter().collect()
    }
}

/// An object with any keys.
pub(crate) fn map(
    value: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map.clone()),
        _ => problems.add(
            "dict_type",
            place,
            "Input should be a valid dictionary",
            value,
        ),
    }
}
