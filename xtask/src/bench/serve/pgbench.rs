//! The statements of a request, played by pgbench.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use end_to_end::PostgresDatabase;
use jiff::{SignedDuration, Timestamp};

use super::Operation;
use super::statements::Statement;

/// Each client has a task instance of its own. This is asked once by each, and belongs to no request.
const OWN: &str = "\
\\if :ready = 0
select ti.id as ti, ti.run_id as run, dr.id as dag_run from task_instance ti join dag_run dr on dr.run_id = ti.run_id \
where dr.id = 1000000 + :client_id and ti.map_index = 0 \\gset
\\set ready 1
\\endif
";

/// What names the task instance that was looked at, and the variable with that of a client.
const NAMES: [(&str, &str); 3] = [
    ("00000000-0000-7000-8000-000000000000", ":ti"),
    ("run_0", ":run"),
    ("1000000", ":dag_run"),
];

/// What stands for the time of a request. An update that changes nothing of an indexed column costs PostgreSQL less than half.
const CLOCK: &str = "clock_timestamp()";

/// A script for pgbench, and its variables.
#[derive(Debug, PartialEq)]
pub(super) struct Script {
    text: String,
    variables: Vec<(String, String)>,
}

impl Script {
    /// The script that says these statements of an operation.
    pub(super) fn of(operation: &Operation, statements: &[Statement]) -> Result<Self> {
        ensure!(
            !statements.is_empty(),
            "{} says nothing to PostgreSQL",
            operation.name
        );
        let mut script = Self {
            text: OWN.to_owned(),
            variables: vec![("ready".to_owned(), "0".to_owned())],
        };
        for (number, statement) in statements.iter().enumerate() {
            script.add(number, statement);
        }
        Ok(script)
    }

    fn add(&mut self, number: usize, statement: &Statement) {
        let mut parts = statement.text.split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (place, rest) = part.split_at(digits);
            let value = place
                .parse::<usize>()
                .ok()
                .and_then(|place| statement.values.get(place.checked_sub(1)?));
            match value {
                Some(Some(value)) => text.push_str(&self.variable(number, place, value)),
                Some(None) => text.push_str("null"),
                None => {
                    text.push('$');
                    text.push_str(place);
                }
            }
            text.push_str(rest);
        }
        self.text.push_str(&text);
        self.text.push_str(";\n");
    }

    fn variable(&mut self, number: usize, place: &str, value: &str) -> String {
        if let Some((_, variable)) = NAMES.iter().find(|(name, _)| *name == value) {
            return (*variable).to_owned();
        }
        if is_now(value) {
            return CLOCK.to_owned();
        }
        let name = format!("s{number}_{place}");
        self.variables.push((name.clone(), value.to_owned()));
        format!(":{name}")
    }

    /// How often in a second the statements were executed, by as many clients as there are connections; each does it so often.
    ///
    /// Not for a time: the clock of pgbench runs while it connects.
    pub(super) fn run(&self, database: &PostgresDatabase, clients: u32, each: u64) -> Result<f64> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("statements.sql");
        fs::write(&file, &self.text)?;
        let mut command = database.pgbench();
        command
            .args(["--no-vacuum", "--protocol", "prepared"])
            .args(["--client", &clients.to_string()])
            .args(["--transactions", &each.to_string()])
            .args(["--jobs", "2", "--file"])
            .arg(&file);
        for (name, value) in &self.variables {
            command.args(["--define", &format!("{name}={value}")]);
        }
        let output = command
            .stdin(Stdio::null())
            .output()
            .context("cannot run pgbench")?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "pgbench failed: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            self.text
        );
        per_second(&said).with_context(|| format!("pgbench said {said}"))
    }
}

/// Whether a value is the time at which the request was made.
fn is_now(value: &str) -> bool {
    let age = |then: Timestamp| Timestamp::now().duration_since(then).abs();
    let then = value.parse::<Timestamp>().ok();
    then.is_some_and(|then| age(then) < SignedDuration::from_hours(1))
}

fn per_second(said: &str) -> Option<f64> {
    let mut lines = said.lines();
    let line = lines.find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::OPERATIONS;
    use super::*;

    #[test]
    fn values_become_variables_and_names_those_of_the_client() {
        let statement = Statement {
            text: "update t set a = $2, b = $1, c = $3 where d = $10".to_owned(),
            values: [Some("x"), Some("run_0"), None]
                .map(|value| value.map(str::to_owned))
                .to_vec(),
        };
        let script = Script::of(&OPERATIONS[0], &[statement]).unwrap();
        assert_eq!(
            script.text.strip_prefix(OWN),
            Some("update t set a = :run, b = :s0_1, c = null where d = $10;\n")
        );
        assert_eq!(script.variables[1], ("s0_1".to_owned(), "x".to_owned()));
        assert!(Script::of(&OPERATIONS[0], &[]).is_err());
    }

    #[test]
    fn the_time_of_a_request_is_that_of_each_execution() {
        let now = Timestamp::now()
            .strftime("%Y-%m-%d %H:%M:%S%.f+00")
            .to_string();
        let statement = Statement {
            text: "update t set a = $1, b = $2".to_owned(),
            values: vec![Some(now), Some("2026-01-01 00:00:00+00".to_owned())],
        };
        let script = Script::of(&OPERATIONS[0], &[statement]).unwrap();
        assert_eq!(
            script.text.strip_prefix(OWN),
            Some("update t set a = clock_timestamp(), b = :s0_2;\n")
        );
    }

    #[test]
    fn the_speed_is_the_one_without_connecting() {
        let said = "number of failed transactions: 0 (0.000%)\ntps = 812.5 (without initial connection time)\n";
        assert_eq!(per_second(said), Some(812.5));
        assert_eq!(per_second("tps?"), None);
    }
}
