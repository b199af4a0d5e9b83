//! Colours. Printing through `anstream` drops them where they don't belong.

use anstyle::{AnsiColor, Style};

/// The word `error`.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// A check that failed.
pub(crate) const FAILED: Style = ERROR;
/// A check that passed.
pub(crate) const OK: Style = AnsiColor::Green.on_default();
/// Something to know.
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default();
/// What a line is about.
pub(crate) const NAME: Style = Style::new().bold();
/// What explains, drawn back.
pub(crate) const DIM: Style = Style::new().dimmed();

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{}{text}{}", style.render(), style.render_reset())
}
