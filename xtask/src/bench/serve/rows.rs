//! What was seen, as rows with the targets.

use super::Operation;
use super::load::Seen;
use crate::bench::row::{Row, Target};

/// What was promised: requests for a core, the slowest of a hundred requests, memory, and PostgreSQL's own speed.
const PER_CORE: f64 = 30.0;
const P99: f64 = 0.05;
const MEMORY_MB: f64 = 30.0;
const OF_PGBENCH: f64 = 0.6;

/// One operation with so many connections.
pub(super) struct Cell {
    pub(super) operation: Operation,
    pub(super) connections: u32,
    pub(super) airflow: Seen,
    pub(super) aileron: Seen,
    /// Requests in a second, if PostgreSQL alone were asked.
    pub(super) pgbench: f64,
}

pub(super) fn of(cells: &[Cell]) -> Vec<Row> {
    let mut rows: Vec<Row> = cells.iter().flat_map(of_cell).collect();
    rows.extend(memory(cells));
    rows
}

fn of_cell(cell: &Cell) -> [Row; 5] {
    let (ours, theirs) = (&cell.aileron, &cell.airflow);
    let name = |what: &str| {
        format!(
            "{}, {} connections, {what}",
            cell.operation.name, cell.connections
        )
    };
    let row = |what, unit, ours, theirs| Row::new(name(what), unit, ours, ("Airflow", theirs));
    [
        row("requests", "/s", ours.per_second, theirs.per_second),
        row("for each core used", "/s", ours.per_core, theirs.per_core)
            .target(Target::RatioAtLeast(PER_CORE)),
        row("p50", "ms", ours.p50_ms, theirs.p50_ms),
        row("p99", "ms", ours.p99_ms, theirs.p99_ms).target(Target::RatioAtMost(P99)),
        Row::new(
            name("statements"),
            "/s",
            ours.per_second,
            ("pgbench", cell.pgbench),
        )
        .target(Target::RatioAtLeast(OF_PGBENCH)),
    ]
}

/// Resident memory over all measurements, and at the end of the last.
fn memory(cells: &[Cell]) -> Vec<Row> {
    let most = |of: fn(&Cell) -> f64| cells.iter().map(of).fold(0.0, f64::max);
    let peer = ("Airflow", most(|cell| cell.airflow.peak_mb));
    let peak = Row::new(
        "aileron serve, most resident memory",
        "MB",
        most(|cell| cell.aileron.peak_mb),
        peer,
    );
    let mut rows = vec![peak.target(Target::AtMost(MEMORY_MB))];
    rows.extend(cells.last().map(|last| {
        let peer = ("Airflow", last.airflow.resident_mb);
        Row::new(
            "aileron serve, resident memory at the end",
            "MB",
            last.aileron.resident_mb,
            peer,
        )
    }));
    rows
}
