//! What came of a run, as a table.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use aileron_local::{InstanceReport, Outcome, RunReport};

use super::screen::style;
use crate::style::{DIM, NAME, paint};

/// A mapped task with more instances than this is one row.
const MANY: usize = 12;

pub(super) fn text(report: &RunReport) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let rows = rows(report);
    let widths: [usize; 3] = [0, 1, 2].map(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    });
    writeln!(text)?;
    for (index, row) in rows.iter().enumerate() {
        let [task, state, tries, time] = row;
        let padded = format!("{state:<width$}", width = widths[1]);
        let shown = if index == 0 {
            paint(DIM, &padded)
        } else {
            paint(style(state), &padded)
        };
        writeln!(
            text,
            "  {task:<0$}  {shown}  {tries:>1$}  {time:>9}",
            widths[0], widths[2]
        )?;
    }
    let state = report.state.as_str();
    writeln!(
        text,
        "\nDag {}, run {}: {}{}",
        paint(NAME, &report.dag_id),
        report.run_id,
        paint(style(state), state),
        took(report)
    )?;
    if report.outcome == Outcome::Interrupted {
        writeln!(
            text,
            "Interrupted. To go on: aileron run .. --run-id {}",
            report.run_id
        )?;
    }
    Ok(text)
}

fn took(report: &RunReport) -> String {
    let (Some(start), Some(end)) = (report.start_date, report.end_date) else {
        return String::new();
    };
    format!(" in {:.1} s", start.duration_until(end).as_secs_f64())
}

/// Task, state, tries, seconds.
fn rows(report: &RunReport) -> Vec<[String; 4]> {
    let mut rows = vec![["task", "state", "tries", "seconds"].map(str::to_owned)];
    for of_task in report
        .task_instances
        .chunk_by(|a, b| a.task_id == b.task_id)
    {
        if of_task.len() > MANY {
            rows.extend(together(of_task));
        } else {
            rows.extend(of_task.iter().map(row));
        }
    }
    rows
}

fn row(instance: &InstanceReport) -> [String; 4] {
    let name = match instance.map_index {
        ..0 => instance.task_id.clone(),
        index => format!("{}[{index}]", instance.task_id),
    };
    [
        name,
        state(instance).to_owned(),
        instance.try_number.to_string(),
        instance
            .duration
            .map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.2}")),
    ]
}

/// One row for each state that instances of a mapped task are in.
fn together(instances: &[InstanceReport]) -> Vec<[String; 4]> {
    let mut by_state: BTreeMap<&str, Vec<&InstanceReport>> = BTreeMap::new();
    for instance in instances {
        by_state.entry(state(instance)).or_default().push(instance);
    }
    let rows = by_state.into_iter().map(|(state, instances)| {
        let tries: i64 = instances.iter().map(|instance| instance.try_number).sum();
        let seconds: f64 = instances
            .iter()
            .filter_map(|instance| instance.duration)
            .sum();
        [
            format!("{} ({} instances)", instances[0].task_id, instances.len()),
            state.to_owned(),
            tries.to_string(),
            format!("{seconds:.2}"),
        ]
    });
    rows.collect()
}

fn state(instance: &InstanceReport) -> &str {
    instance.state.as_ref().map_or("-", |state| state.as_str())
}
