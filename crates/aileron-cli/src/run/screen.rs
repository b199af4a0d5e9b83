//! What a person sees while a Dag runs: on a terminal a line for each running task, elsewhere a line for each event.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use aileron_local::{Event, InstanceName, Listener};
use anstyle::Style;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::log_tail;
use crate::style::{DIM, ERROR, NAME, NOTE, OK, paint};

/// How many lines of the log of a failed try are shown.
const TAIL: usize = 15;

pub(super) struct Screen {
    progress: MultiProgress,
    is_terminal: bool,
    running: RefCell<HashMap<InstanceName, ProgressBar>>,
}

impl Screen {
    pub(super) fn new() -> Self {
        let progress = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self {
            is_terminal: !progress.is_hidden(),
            progress,
            running: RefCell::new(HashMap::new()),
        }
    }

    pub(super) fn close(&self) {
        for (_, bar) in self.running.borrow_mut().drain() {
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        self.progress.suspend(|| anstream::eprintln!("{text}"));
    }

    fn started(&self, instance: &InstanceName, try_number: i64) {
        let again = if try_number > 1 {
            format!(", try {try_number}")
        } else {
            String::new()
        };
        if !self.is_terminal {
            self.line(&format!("{instance}: started{again}"));
            return;
        }
        let bar = self.progress.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(format!("{instance}{again}"));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.running.borrow_mut().insert(instance.clone(), bar);
    }

    fn ended(&self, instance: &InstanceName, state: &str, duration: Duration, notes: &[String]) {
        if let Some(bar) = self.running.borrow_mut().remove(instance) {
            bar.finish_and_clear();
            self.progress.remove(&bar);
        }
        self.line(&format!(
            "{instance}: {} {}",
            paint(style(state), state),
            paint(DIM, format!("in {:.2} s", duration.as_secs_f64()))
        ));
        for note in notes {
            self.line(&format!("  {note}"));
        }
    }

    fn log(&self, log: &Path) {
        match log_tail::of(log, TAIL) {
            Ok(lines) => {
                for line in lines {
                    self.line(&format!("  {} {line}", paint(DIM, "|")));
                }
                self.line(&format!(
                    "  {} {}",
                    paint(DIM, "the whole log:"),
                    log.display()
                ));
            }
            Err(error) => self.line(&format!(
                "  its log {} cannot be read: {error}",
                log.display()
            )),
        }
    }
}

impl Listener for Screen {
    fn on_event(&self, event: &Event) {
        match event {
            Event::Begun {
                dag_id,
                run_id,
                resumed,
                instances,
                finished,
            } => {
                let how = if *resumed {
                    format!("goes on; {finished} of {instances} are finished")
                } else {
                    format!("{instances} to run")
                };
                self.line(&format!(
                    "Dag {}, run {}: {how}",
                    paint(NAME, dag_id),
                    paint(NAME, run_id)
                ));
            }
            Event::Orphaned { instance, state } => self.line(&format!(
                "{instance}: its process was killed; {}",
                paint(style(state.as_str()), state)
            )),
            Event::Started {
                instance,
                try_number,
            } => self.started(instance, *try_number),
            Event::Ended {
                instance,
                state,
                duration,
                log,
                notes,
                ..
            } => {
                let state = state
                    .as_ref()
                    .map_or("to run again", |state| state.as_str());
                self.ended(instance, state, *duration, notes);
                if matches!(state, "failed" | "up_for_retry") {
                    self.log(log);
                }
            }
            Event::Decided { instance, state } => {
                self.line(&format!(
                    "{instance}: {}",
                    paint(style(state.as_str()), state)
                ));
            }
            Event::Expanded { task_id, count } => {
                self.line(&format!("{task_id}: {count} instances"))
            }
            Event::Waits { instance, until } => {
                self.line(&format!("{instance}: waits until {until:.0}"));
            }
            Event::Note(text) => self.line(&format!("{}: {text}", paint(NOTE, "note"))),
            Event::Stopping => self.line(&format!(
                "{}: ending what runs; again to kill it",
                paint(NOTE, "stopping")
            )),
            Event::Over { .. } => {}
        }
    }
}

/// The colour of a state.
pub(super) fn style(state: &str) -> Style {
    match state {
        "success" => OK,
        "failed" | "upstream_failed" => ERROR,
        "up_for_retry" | "up_for_reschedule" | "deferred" | "awaiting_input" | "running" => NOTE,
        _ => DIM,
    }
}
