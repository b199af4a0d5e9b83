//! The trigger rules of `aileron run` are Airflow's: its own class says the same of every mix of upstream states.

use std::io::Write as _;
use std::process::{Command, Stdio};

use aileron_bundle::TriggerRule;
use aileron_local::decide::{Upstream, Verdict, judge};
use aileron_wire::message::TaskInstanceState;
use anyhow::{Context, Result, ensure};
use end_to_end::{AirflowVersion, workspace_root};
use serde::Deserialize;

#[derive(Deserialize)]
struct Answer {
    cases: Vec<(String, Vec<Option<TaskInstanceState>>, i64, String)>,
    known: Vec<String>,
}

fn ask(version: AirflowVersion) -> Result<Answer> {
    let home = tempfile::tempdir()?;
    let mut child = Command::new(version.python()?)
        .arg(workspace_root().join("tests/end-to-end/python/trigger_rules.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AIRFLOW_HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("Python does not start")?;
    let rules: Vec<_> = TriggerRule::ALL.iter().map(|rule| rule.as_str()).collect();
    let mut stdin = child.stdin.take().context("there is a pipe")?;
    stdin.write_all(&serde_json::to_vec(&rules)?)?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "Python failed; see above");
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn text(verdict: Verdict) -> String {
    match verdict {
        Verdict::Run => "run".to_owned(),
        Verdict::Wait => "wait".to_owned(),
        Verdict::Become(state) => state.to_string(),
    }
}

#[test]
fn trigger_rules_decide_as_airflows_do() -> Result<()> {
    for version in AirflowVersion::ALL {
        let answer = ask(version)?;
        // Twelve rules, 1 + 6 + 36 + 216 mixes, four map indexes.
        assert_eq!(answer.cases.len(), 12 * 259 * 4);
        for (rule, states, map_index, expected) in answer.cases {
            let known = TriggerRule::from_name(&rule).context("it is one of ours")?;
            let mut upstream = Upstream::default();
            for state in &states {
                upstream.add(*state);
            }
            assert_eq!(
                text(judge(known, &upstream, map_index)),
                expected,
                "{version}: {rule}, {states:?}, map index {map_index}"
            );
        }
        // The rule that is missing is for teardown tasks, which Aileron does not have.
        let mut missing = answer.known;
        missing.retain(|rule| TriggerRule::from_name(rule).is_none());
        assert_eq!(missing, ["all_done_setup_success"], "{version}");
    }
    Ok(())
}
