//! What the tasks of the bundle `chaos` write of themselves.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

/// One thing that happened.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Line {
    /// `begin`, `found`, `will`, `done`, `fails` or `end`.
    pub(crate) what: String,
    /// Which store.
    pub(crate) key: String,
    pub(crate) value: Value,
    /// The try.
    pub(crate) attempt: i64,
    pub(crate) process: u32,
}

/// Reads a record. One that does not exist is empty.
pub(crate) fn read(path: &Path) -> Result<Vec<Line>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("{line:?}")))
        .collect()
}

/// What the record of a counting task says about the stores.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// The last value of each store that was acknowledged.
    pub(crate) acknowledged: BTreeMap<String, i64>,
    /// The same for XComs, of the last try alone: a try begins with none.
    pub(crate) xcom: Option<i64>,
    /// What the last try ended with, if it came so far.
    pub(crate) end: Option<i64>,
    /// The last try that began.
    pub(crate) attempt: i64,
    /// How many tries began.
    pub(crate) begun: usize,
}

/// Reads a record from its beginning to its end. Fails where a try found less than was acknowledged, more than was ever
/// written, or was not alone.
pub(crate) fn follow(lines: &[Line]) -> Result<Counted> {
    let mut counted = Counted::default();
    let mut attempted: BTreeMap<&str, i64> = BTreeMap::new();
    let mut process = 0;
    for (number, line) in lines.iter().enumerate() {
        let place = || format!("line {}: {line:?}", number + 1);
        let value = line.value.as_i64().unwrap_or(0);
        if line.what == "begin" {
            ensure!(
                line.attempt > counted.attempt,
                "try {} after try {}; {}",
                line.attempt,
                counted.attempt,
                place()
            );
            process = line.process;
            counted.attempt = line.attempt;
            counted.begun += 1;
            (counted.xcom, counted.end) = (None, None);
            continue;
        }
        ensure!(
            line.process == process,
            "two tries at once: a later one had begun; {}",
            place()
        );
        match line.what.as_str() {
            "found" => {
                let at_least = counted.acknowledged.get(&line.key).copied().unwrap_or(0);
                let at_most = attempted.get(line.key.as_str()).copied().unwrap_or(0);
                ensure!(
                    value >= at_least,
                    "{at_least} was acknowledged, and is lost; {}",
                    place()
                );
                ensure!(
                    value <= at_most,
                    "nobody has written more than {at_most}; {}",
                    place()
                );
                // What was written and not acknowledged may be there or not, and from here on it is known.
                counted.acknowledged.insert(line.key.clone(), value);
            }
            "will" => {
                attempted.insert(&line.key, value);
            }
            "done" if line.key == "xcom" => counted.xcom = Some(value),
            "done" => {
                counted.acknowledged.insert(line.key.clone(), value);
            }
            "end" => counted.end = Some(value),
            _ => {}
        }
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(what: &str, value: i64, process: u32) -> Line {
        Line {
            what: what.to_owned(),
            key: "variable".to_owned(),
            value: json!(value),
            attempt: i64::from(process),
            process,
        }
    }

    /// A check that cannot fail checks nothing.
    #[test]
    fn what_is_lost_invented_or_done_twice_at_once_is_seen() {
        let good = [line("begin", 0, 1), line("found", 0, 1), line("will", 1, 1)];
        let with = |more: &[Line]| {
            let lines: Vec<_> = good.iter().chain(more).cloned().collect();
            follow(&lines).map(|counted| counted.acknowledged["variable"])
        };
        let done = line("done", 1, 1);
        let begin = line("begin", 0, 2);
        assert_eq!(with(&[begin.clone(), line("found", 0, 2)]).unwrap(), 0);
        assert_eq!(with(&[begin.clone(), line("found", 1, 2)]).unwrap(), 1);
        for (bad, why) in [
            (
                vec![done.clone(), begin.clone(), line("found", 0, 2)],
                "lost",
            ),
            (vec![begin.clone(), line("found", 2, 2)], "nobody"),
            (vec![begin.clone(), done], "two tries"),
            (vec![line("begin", 0, 1)], "after try 1"),
        ] {
            let error = with(&bad).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
