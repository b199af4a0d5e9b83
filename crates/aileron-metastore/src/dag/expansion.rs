//! How many task instances a mapped task has when its run begins: that is known where it is mapped over values of the Dag file.
//!
//! Source: `get_mapped_ti_count` and the classes of `models/expandinput.py` of Airflow 3.3.2.

use serde_json::Value;

/// The number of instances that the argument of `expand` or `expand_kwargs` asks for; `None` when it is not known before other
/// tasks have run.
pub(super) fn count(input: &Value) -> Option<i64> {
    let value = input.get("value")?;
    if input.get("type")?.as_str()? == "list-of-dicts" {
        return length(value);
    }
    let arguments = value.get("__var")?.as_object()?;
    if arguments.is_empty() {
        return Some(0);
    }
    arguments
        .values()
        .try_fold(1_i64, |count, value| count.checked_mul(length(value)?))
}

/// The length of what stands in the Dag file: a list as it is, anything else with its type beside it.
fn length(value: &Value) -> Option<i64> {
    let length = match value {
        Value::Array(items) => items.len(),
        _ => match (value.get("__type")?.as_str()?, value.get("__var")?) {
            ("dict", Value::Object(items)) => items.len(),
            ("tuple" | "set", Value::Array(items)) => items.len(),
            _ => return None,
        },
    };
    i64::try_from(length).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_the_dag_file_are_multiplied_and_anything_else_is_not_known() {
        let dict = |fields: Value| json!({"__type": "dict", "__var": fields});
        let lists = |fields: Value| count(&json!({"type": "dict-of-lists", "value": dict(fields)}));
        let tuple = json!({"__type": "tuple", "__var": [1, 2]});
        let xcom = json!({"__type": "xcomref", "__var": {"task_id": "a", "key": "return_value"}});
        assert_eq!(lists(json!({"x": [1, 2, 3]})), Some(3));
        let both = lists(json!({"x": tuple, "y": dict(json!({"a": 1, "b": 2, "c": 3}))}));
        assert_eq!(both, Some(6));
        assert_eq!(lists(json!({"x": [], "y": [1]})), Some(0));
        assert_eq!(lists(json!({})), Some(0));
        assert_eq!(lists(json!({"x": [1, 2], "y": xcom})), None);
        let dicts = |value: Value| count(&json!({"type": "list-of-dicts", "value": value}));
        assert_eq!(dicts(json!([dict(json!({})), dict(json!({}))])), Some(2));
        assert_eq!(dicts(xcom), None);
        assert_eq!(count(&Value::Null), None);
    }
}
