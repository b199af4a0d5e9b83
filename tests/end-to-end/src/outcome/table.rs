//! The table: a JSON file for each Dag, with what Airflow's coordinator gives.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::Difference;
use crate::workspace_root;

/// Set to anything, it makes the coordinator's tests write the table instead of comparing with it.
const WRITE: &str = "AILERON_WRITE_OUTCOMES";

fn file(dag_id: &str) -> PathBuf {
    workspace_root().join(format!("tests/end-to-end/outcomes/{dag_id}.json"))
}

/// The row of a Dag.
fn expected(dag_id: &str) -> Result<Value> {
    let file = file(dag_id);
    let text = std::fs::read_to_string(&file).with_context(|| {
        format!(
            "there is no {}; run the test airflow_332 with {WRITE}=1",
            file.display()
        )
    })?;
    Ok(serde_json::from_str(&text)?)
}

/// Compares what a run left with the table, but for the part of it that `keep` takes away.
///
/// # Errors
/// Names every difference that is not listed, and every listed one that is none or another.
pub fn compare(
    dag_id: &str,
    mut ours: Value,
    listed: &[Difference],
    keep: impl Fn(&mut Value),
) -> Result<()> {
    let mut table = expected(dag_id)?;
    keep(&mut table);
    keep(&mut ours);
    let mut wrong = Vec::new();
    for difference in listed {
        let gives: Value = serde_json::from_str(difference.gives)
            .with_context(|| format!("{}: {}", difference.at, difference.gives))?;
        let (theirs, ours) = (
            take(&mut table, difference.at),
            take(&mut ours, difference.at),
        );
        if theirs == ours {
            wrong.push(format!(
                "{} is no difference: strike it off the list",
                difference.at
            ));
        } else if *ours.as_ref().unwrap_or(&Value::Null) != gives {
            let ours = ours.unwrap_or_default();
            wrong.push(format!(
                "{}: the list says {gives}, it is {ours}",
                difference.at
            ));
        }
    }
    differences("", &table, &ours, &mut wrong);
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("Dag {dag_id}:\n  {}", wrong.join("\n  "))
}

/// Compares the runs of a real Airflow with the table, or writes the table when the environment says so.
///
/// # Errors
/// Names every difference.
pub fn compare_all(outcomes: impl IntoIterator<Item = (&'static str, Value)>) -> Result<()> {
    let writes = std::env::var_os(WRITE).is_some();
    let mut wrong = Vec::new();
    for (dag_id, outcome) in outcomes {
        if writes {
            let file = file(dag_id);
            std::fs::create_dir_all(file.parent().context("it has a parent")?)?;
            std::fs::write(file, format!("{outcome:#}\n"))?;
        } else if let Err(error) = compare(dag_id, outcome, &[], |_| ()) {
            wrong.push(format!("{error:#}"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{}", wrong.join("\n"))
}

fn take(value: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, name) = pointer.rsplit_once('/')?;
    match value.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(name),
        _ => None,
    }
}

fn differences(at: &str, table: &Value, ours: &Value, found: &mut Vec<String>) {
    match (table, ours) {
        (Value::Object(table), Value::Object(ours)) => {
            for (name, theirs) in table {
                match ours.get(name) {
                    Some(ours) => differences(&format!("{at}/{name}"), theirs, ours, found),
                    None => found.push(format!("{at}/{name}: {theirs} is not there")),
                }
            }
            let more = ours.iter().filter(|(name, _)| !table.contains_key(*name));
            found.extend(more.map(|(name, ours)| format!("{at}/{name}: {ours} is too much")));
        }
        (table, ours) if table == ours => (),
        (table, ours) => found.push(format!("{at}: {table} in the table, {ours} here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_difference_is_named_with_its_place() {
        let mut found = Vec::new();
        let table = json!({"a": {"b": 1, "c": [1]}, "d": 2});
        differences(
            "",
            &table,
            &json!({"a": {"b": 2, "e": 3}, "d": 2}),
            &mut found,
        );
        assert_eq!(
            found,
            [
                "/a/b: 1 in the table, 2 here",
                "/a/c: [1] is not there",
                "/a/e: 3 is too much"
            ]
        );
    }

    #[test]
    fn a_place_is_taken_away() {
        let mut value = json!({"a": {"b": 1, "c": 2}});
        assert_eq!(take(&mut value, "/a/b"), Some(json!(1)));
        assert_eq!(take(&mut value, "/a/b"), None);
        assert_eq!(value, json!({"a": {"c": 2}}));
    }
}
