//! What was found, for people.

use std::fmt::Write as _;

use aileron_flip::calibrate::{Proposal, Sizes, Source, is_control_flow};

use super::Report;
use super::document::travel;
use crate::size::human;
use crate::stored::Table;
use crate::style::{self, paint};

/// The longest bar of the histogram.
const BAR: u64 = 40;

/// The thresholds that are compared with the proposal.
const LADDER: [u64; 6] = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20];

pub(super) fn text(report: &Report, data_from: u64, top: usize) -> String {
    let overall = report.distribution.overall();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{}: {} XComs, {} of JSON{}\n",
        report.database,
        overall.count(),
        human(overall.bytes()),
        match report.distribution.references {
            0 => String::new(),
            references => format!("; {references} more refer to the object store already"),
        }
    );
    if overall.count() == 0 {
        let _ = writeln!(text, "nothing to go by: let the Dags run first");
        return text;
    }
    histogram(&mut text, &overall);
    sources(&mut text, report, data_from, top);
    match &report.proposal {
        Some(proposal) => {
            ladder(&mut text, report, &overall, proposal);
            explain(&mut text, &overall, proposal);
        }
        None => {
            let _ = writeln!(
                text,
                "no key has a median below {data_from} bytes: there is no control flow to go by. Say with --data-from \
                 from which median on values are data"
            );
        }
    }
    text
}

fn histogram(text: &mut String, overall: &Sizes) {
    let most = overall
        .powers()
        .map(|(_, power)| power.count)
        .max()
        .unwrap_or(1);
    for (from, power) in overall.powers() {
        // What is there is seen, however little it is.
        let length = (power.count * BAR).div_ceil(most);
        let bar = "#".repeat(usize::try_from(length).unwrap_or_default());
        let _ = writeln!(
            text,
            "{:>10} .. {:>10}  {bar:<40} {:>10}  {:>10}",
            human(from),
            human(from * 2),
            power.count,
            human(power.bytes)
        );
    }
    text.push('\n');
}

fn sources(text: &mut String, report: &Report, data_from: u64, top: usize) {
    let mut sources: Vec<(&Source, &Sizes)> = report.distribution.sources.iter().collect();
    sources.sort_by_key(|(_, sizes)| std::cmp::Reverse(sizes.bytes()));
    let mut table = Table::new(&[
        "DAG",
        "TASK",
        "KEY",
        "XCOMS",
        "P50",
        "P99",
        "P99.9",
        "MAX",
        "IS",
        "AT PROPOSAL",
    ]);
    for (source, sizes) in sources.iter().take(top) {
        let size = |share: f64| human(sizes.quantile(share));
        table.row(vec![
            source.dag_id.clone(),
            source.task_id.clone(),
            source.key.clone(),
            sizes.count().to_string(),
            size(0.5),
            size(0.99),
            size(0.999),
            human(sizes.largest()),
            match is_control_flow(sizes, data_from) {
                true => "control flow".to_owned(),
                false => "data".to_owned(),
            },
            match &report.proposal {
                Some(proposal) => travel(sizes, proposal.threshold).to_owned(),
                None => String::new(),
            },
        ]);
    }
    let _ = writeln!(text, "{table}");
    if sources.len() > top {
        let _ = writeln!(
            text,
            "and {} more; --top shows more of them\n",
            sources.len() - top
        );
    }
}

fn ladder(text: &mut String, report: &Report, overall: &Sizes, proposal: &Proposal) {
    let mut thresholds = LADDER.to_vec();
    thresholds.push(proposal.threshold);
    thresholds.sort_unstable();
    thresholds.dedup();
    let mut table = Table::new(&[
        "THRESHOLD",
        "OFFLOADED",
        "SHARE",
        "BYTES LEFT IN DATABASE",
        "KEYS ON BOTH SIDES",
    ]);
    for threshold in thresholds {
        let moved = overall.from_power_of_two(threshold);
        let both = report.distribution.sources.values();
        let both = both
            .filter(|sizes| travel(sizes, threshold) == "both")
            .count();
        let mark = if threshold == proposal.threshold {
            " <"
        } else {
            ""
        };
        table.row(vec![
            format!("{threshold}{mark}"),
            moved.count.to_string(),
            format!(
                "{:.2} %",
                moved.count as f64 * 100.0 / overall.count() as f64
            ),
            human(overall.bytes() - moved.bytes),
            both.to_string(),
        ]);
    }
    let _ = writeln!(text, "{table}");
}

fn explain(text: &mut String, overall: &Sizes, proposal: &Proposal) {
    let moved = overall.from_power_of_two(proposal.threshold);
    let _ = writeln!(
        text,
        "{}\n\nControl flow: {} keys with a median below {} bytes, {} XComs, 99.9 % of them up to {} bytes, the largest {}.\n\
         Data: {} keys, {} XComs, the median {}.\n\
         Twice the 99.9 % of control flow, as a power of two and at least 1 KiB, gives {}: values from that many bytes on are \
         offloaded, {} XComs with {} of those in the database now.",
        paint(
            style::NAME,
            format!(
                "[common.io] xcom_objectstorage_threshold = {}",
                proposal.threshold
            )
        ),
        proposal.control_flow_sources,
        proposal.data_from,
        proposal.control_flow.count(),
        proposal.control_flow.quantile(0.999),
        human(proposal.control_flow.largest()),
        proposal.data_sources,
        proposal.data.count(),
        human(proposal.data.quantile(0.5)),
        proposal.threshold,
        moved.count,
        human(moved.bytes),
    );
    for source in proposal.control_flow_above.iter().take(10) {
        let _ = writeln!(
            text,
            "{}: {} of {}.{} is control flow, and single values of it would be offloaded",
            paint(style::NOTE, "note"),
            source.key,
            source.dag_id,
            source.task_id
        );
    }
}
