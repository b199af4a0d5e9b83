//! A line on a terminal while one waits.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// After how many rows the count is shown anew.
const STEP: usize = 50;

/// The line. There is none where standard error is no terminal, and it makes way for rows on the same terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    rows_are_seen: bool,
}

impl Progress {
    pub(super) fn start(message: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(message);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self {
            bar,
            rows_are_seen: std::io::stdout().is_terminal(),
        }
    }

    pub(super) fn say(&self, message: String) {
        self.bar.set_message(message);
    }

    pub(super) fn row(&self, count: usize) {
        if self.rows_are_seen {
            self.end();
        } else if count % STEP == 1 {
            self.bar.set_message(format!("{count} read"));
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
