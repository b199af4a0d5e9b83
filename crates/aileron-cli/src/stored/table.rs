//! Tables for people.

use comfy_table::{ContentArrangement, Table as Layout, presets};
use jiff::{Timestamp, Unit};

use crate::style;

/// A table: a head and rows, no lines between them.
pub(crate) struct Table {
    layout: Layout,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        let mut layout = Layout::new();
        layout
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(head);
        Self { layout }
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.layout.is_empty()
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        // A cell with a line break would tear its row apart.
        let cells = cells.into_iter().map(|cell| cell.replace('\n', " "));
        self.layout.add_row(cells);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, line) in self.layout.lines().enumerate() {
            let line = line.trim();
            match at {
                0 => writeln!(f, "{}", style::paint(style::NAME, line))?,
                _ => writeln!(f, "{line}")?,
            }
        }
        Ok(())
    }
}

/// A map index, or a dash for a task that is not mapped.
pub(crate) fn index_text(map_index: i64) -> String {
    match map_index {
        -1 => "-".to_owned(),
        index => index.to_string(),
    }
}

/// A time without its fraction of a second.
pub(crate) fn time_text(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}
