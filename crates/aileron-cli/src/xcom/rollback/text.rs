//! What was found and done, for people.

use std::fmt::Write as _;

use aileron_flip::rollback::{Mode, Plan};

use super::{Done, Report};
use crate::size::human;
use crate::stored::{Table, index_text, time_text};
use crate::style::{self, paint};

/// How many runs and values are listed.
const LISTED: usize = 50;

pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    if let Some(done) = &report.done {
        done_text(&mut text, done);
    }
    plan_text(&mut text, &report.plan);
    verdict(&mut text, report);
    text
}

// Writing to a string cannot fail.
fn done_text(text: &mut String, done: &Done) {
    let (verb, will) = match done.mode {
        Mode::Rehearsal => ("rehearsed, and taken back", "would stay"),
        Mode::Execution => ("brought back", "stay"),
    };
    let _ = writeln!(
        text,
        "{} values {verb}, {} of JSON",
        done.restored,
        human(done.bytes)
    );
    if done.changed > 0 {
        let _ = writeln!(
            text,
            "{} were written again or deleted meanwhile, and left alone",
            done.changed
        );
    }
    if !done.stays.is_empty() {
        let _ = writeln!(
            text,
            "{} {will} in the object store; their tasks have to run again, in the order below:",
            done.stays.len()
        );
        for stays in done.stays.iter().take(LISTED) {
            let xcom = &stays.xcom;
            let _ = writeln!(
                text,
                "  {} {:?} of task {} ({}) in run {} of Dag {}: {}",
                paint(style::FAILED, "stays"),
                xcom.key,
                xcom.task_id,
                index_text(xcom.map_index),
                xcom.run_id,
                xcom.dag_id,
                stays.why
            );
        }
        more(text, done.stays.len());
    }
    for run in &done.cleared {
        let _ = writeln!(
            text,
            "  {} {} task instances in run {} of Dag {}",
            paint(style::OK, "cleared"),
            run.task_instances,
            run.run_id,
            run.dag_id
        );
    }
    text.push('\n');
}

fn plan_text(text: &mut String, plan: &Plan) {
    if plan.in_flight.is_empty() {
        let _ = writeln!(text, "no unfinished run has an offloaded XCom");
    } else {
        let _ = writeln!(
            text,
            "{} offloaded XComs in flight, in {} unfinished runs; in the order in which to start them again:",
            plan.count(),
            plan.in_flight.len()
        );
        let mut table = Table::new(&["DAG", "RUN", "STATE", "RUN AFTER", "XCOMS", "TASKS"]);
        for run in plan.in_flight.iter().take(LISTED) {
            let mut tasks: Vec<&str> = run
                .task_instances()
                .into_iter()
                .map(|(task, _)| task)
                .collect();
            tasks.dedup();
            table.row(vec![
                run.run.dag_id.clone(),
                run.run.run_id.clone(),
                run.run.state.clone(),
                time_text(run.run.run_after),
                run.xcoms.len().to_string(),
                tasks.join(", "),
            ]);
        }
        let _ = write!(text, "{table}");
        more(text, plan.in_flight.len());
    }
    if plan.at_rest > 0 {
        let _ = writeln!(
            text,
            "{} more in runs that have ended: a task that is cleared there, or that reads them from another run, would get a path. \
             --all-runs brings them back too",
            plan.at_rest
        );
    }
    if plan.running > 0 {
        let _ = writeln!(
            text,
            "{} task instances are running: those that began before the threshold was -1 may still offload. Look again when they \
             have ended",
            plan.running
        );
    }
}

fn more(text: &mut String, count: usize) {
    if count > LISTED {
        let _ = writeln!(
            text,
            "  and {} more; --format json has them all",
            count - LISTED
        );
    }
}

fn verdict(text: &mut String, report: &Report) {
    if report.refusals.is_empty() {
        let _ = writeln!(
            text,
            "{}: [core] xcom_backend may be set back",
            paint(style::OK, "revert")
        );
        return;
    }
    let _ = writeln!(
        text,
        "{}: [core] xcom_backend must not be set back yet",
        paint(style::FAILED, "refused")
    );
    for refusal in &report.refusals {
        let _ = writeln!(text, "  {refusal}");
    }
    if report.plan.count() > 0 {
        let _ = writeln!(
            text,
            "--rehearse tries to bring the values back, --yes does it"
        );
    }
}
