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
        self.layout
            .add_row(cells.iter().map(|cell| printable(cell)));
    }

    /// A row whose last cell has colours.
    pub(crate) fn row_with_colours(&mut self, cells: &[String], last: String) {
        let cells = cells.iter().map(|cell| printable(cell));
        self.layout.add_row(cells.chain([last]));
    }
}

/// A line break would tear a row apart, and other control characters do worse to a terminal.
pub(crate) fn printable(text: &str) -> String {
    let harmless = |character: char| match character {
        '\n' | '\r' | '\t' => ' ',
        character if character.is_control() => '\u{fffd}',
        character => character,
    };
    text.chars().map(harmless).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_say_anything_to_the_terminal() {
        let mut table = Table::new(&["A", "B"]);
        table.row(vec!["x\ny".to_owned(), "\u{1b}[31mred\u{7}".to_owned()]);
        let text = table.to_string();
        let row = text.lines().nth(1).unwrap();
        assert_eq!(row, "x y  \u{fffd}[31mred\u{fffd}");
    }
}
