//! Arguments of a resumed task in the encoding that clients before 2026-04-06 know.

use serde_json::{Map, Value, json};

const CLASS_NAME: &str = "__classname__";
const TYPE: &str = "__type";
const VALUE: &str = "__var";

/// Wraps every map. `None` when there are Python objects among the values.
///
/// Arguments that are wrapped already stay as they are.
pub(super) fn legacy_kwargs(kwargs: &Map<String, Value>) -> Option<Value> {
    if kwargs.contains_key(TYPE) && kwargs.contains_key(VALUE) {
        return Some(Value::Object(kwargs.clone()));
    }
    wrap(kwargs)
}

fn wrap(map: &Map<String, Value>) -> Option<Value> {
    if map.contains_key(CLASS_NAME) {
        return None;
    }
    let converted = map
        .iter()
        .map(|(key, value)| Some((key.clone(), convert(value)?)));
    let converted: Map<String, Value> = converted.collect::<Option<_>>()?;
    Some(json!({VALUE: converted, TYPE: "dict"}))
}

fn convert(value: &Value) -> Option<Value> {
    match value {
        Value::Object(map) => wrap(map),
        Value::Array(items) => items
            .iter()
            .map(convert)
            .collect::<Option<Vec<_>>>()
            .map(Value::Array),
        value => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn legacy(value: Value) -> Option<Value> {
        legacy_kwargs(value.as_object().unwrap())
    }

    #[test]
    fn every_map_is_wrapped_and_nothing_else() {
        assert_eq!(
            legacy(json!({"event": {"a": [1, {"b": null}]}, "n": 1})),
            Some(json!({"__type": "dict", "__var": {
                "event": {"__type": "dict", "__var": {
                    "a": [1, {"__type": "dict", "__var": {"b": null}}],
                }},
                "n": 1,
            }}))
        );
    }

    #[test]
    fn what_is_wrapped_already_stays() {
        let wrapped = json!({"__type": "dict", "__var": {"a": 1}});
        assert_eq!(legacy(wrapped.clone()), Some(wrapped));
    }

    #[test]
    fn a_python_object_is_not_rewritten() {
        let date = json!({"at": {"__classname__": "datetime.datetime", "__data__": {}}});
        assert_eq!(legacy(date), None);
    }
}
