//! The conf of a run.

use aileron_bundle::manifest::DagOutline;
use serde_json::{Map, Value};

use crate::style::{NOTE, paint};

/// A JSON object.
#[derive(Debug, Clone)]
pub(super) struct Conf(pub(super) Map<String, Value>);

pub(super) fn parse(text: &str) -> Result<Conf, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(Conf(map)),
        Ok(_) => Err("a conf is a JSON object, {\"key\": value}".to_owned()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

/// Airflow takes any key, and so does the SDK. But a key that no param has is often a slip.
pub(super) fn note_unknown(conf: &Conf, dag: &DagOutline) {
    if dag.params.is_empty() {
        return;
    }
    for key in conf.0.keys().filter(|key| !dag.params.contains_key(*key)) {
        let params: Vec<_> = dag.params.keys().map(String::as_str).collect();
        anstream::eprintln!(
            "{}: Dag {} has no param {key}; it has {}",
            paint(NOTE, "note"),
            dag.dag_id,
            params.join(", ")
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conf_is_an_object() {
        assert_eq!(parse(r#"{"a": [1]}"#).unwrap().0.len(), 1);
        assert!(parse("[1]").unwrap_err().contains("object"));
        assert!(parse("{a: 1}").unwrap_err().contains("not JSON"));
    }
}
