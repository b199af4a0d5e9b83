//! `aileron xcom report`: series of numbers, of many cells and runs, beside each other.

mod chart;
mod document;
mod fetch;
mod html;
mod model;
#[cfg(test)]
mod model_tests;
mod number;
mod rows;
mod series;
mod text;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::deployment::DeploymentArguments;
use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use crate::stored::{Secrets, block_on};
use model::{Cell, Optimum, Place, Report, Wanted};
use text::Drawn;

/// How wide a chart is drawn where there is no terminal, in columns.
const WIDTH: usize = 120;

/// Line up the numbers that mapped cells return, across runs, and say where each has its optimum.
///
/// A cell's value may be a series (a list or an object of numbers), or have series in its fields. The XComs come from a live deployment
/// as for `aileron xcom pull`, or with --from from what that has printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The Dag.
    #[arg(
        long,
        visible_alias = "dag",
        value_name = "DAG_ID",
        required_unless_present = "from"
    )]
    dag_id: Option<String>,
    /// A run; may be given several times. [default: the newest ones]
    #[arg(long, value_name = "RUN_ID")]
    run_id: Vec<String>,
    /// How many of the newest runs, when none is named.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, conflicts_with = "run_id", value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Only of this task.
    #[arg(long, value_name = "TASK_ID")]
    task_id: Option<String>,
    /// The key.
    #[arg(long, default_value = "return_value")]
    key: String,
    /// Only this field of the values, `auc_by_seed` or `scores.auc`; may be given several times. [default: all that have numbers]
    #[arg(long, value_name = "FIELD")]
    field: Vec<String>,
    /// The field with a name for the cell.
    #[arg(long, value_name = "FIELD")]
    name_field: Option<String>,
    /// Which end of a series is its optimum.
    #[arg(long, value_enum, default_value_t)]
    optimum: Optimum,
    /// Draw all charts between the smallest and the greatest number of all cells, and not each between its own.
    #[arg(long)]
    one_scale: bool,
    /// Fetch values that lie in the object storage, where Airflow runs.
    #[arg(long)]
    resolve: bool,
    /// Read what `aileron xcom pull` has printed with --format json or ndjson; `-` is standard input.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["run_id", "resolve"])]
    from: Option<PathBuf>,
    /// Write the report as one page that needs nothing else.
    #[arg(long, value_name = "PATH")]
    html: Option<PathBuf>,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    deployment: DeploymentArguments,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments, database: Option<String>) -> anyhow::Result<Outcome> {
    let cells = match &arguments.from {
        Some(path) => from_file(path)?,
        None => block_on(fetch::cells(arguments, database))?,
    };
    let wanted = Wanted {
        optimum: arguments.optimum,
        fields: arguments.field.clone(),
        label: arguments.name_field.clone(),
    };
    let report = Report::of(cells, &wanted);
    if let Some(path) = &arguments.html {
        let page = html::page(&report, &title(arguments));
        std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    match arguments.format {
        Format::Json => print_json(&document::document(&report))?,
        Format::Text => {
            let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0.into());
            let drawn = Drawn {
                width,
                one_scale: arguments.one_scale,
            };
            print_text(&text::text(&report, drawn))?;
            if let Some(path) = &arguments.html {
                anstream::eprintln!("wrote {}", path.display());
            }
        }
    }
    Ok(Outcome::Done)
}

fn from_file(path: &Path) -> anyhow::Result<Vec<Cell>> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
    };
    rows::read(&text).with_context(|| path.display().to_string())
}

fn title(arguments: &Arguments) -> String {
    if let Some(path) = &arguments.from {
        let name = path.file_stem().unwrap_or(path.as_os_str());
        return name.display().to_string();
    }
    let mut title = arguments.dag_id.clone().unwrap_or_default();
    if let Some(task_id) = &arguments.task_id {
        title += &format!(", task {task_id}");
    }
    format!("{title}: {}", arguments.key)
}

/// A cell in one line: `discriminate[3] in run monday`, or with its name.
fn shown_place(place: &Place) -> String {
    let index = match place.map_index {
        -1 => String::new(),
        index => format!("[{index}]"),
    };
    let name = place
        .label
        .as_ref()
        .map_or(String::new(), |label| format!(" ({label})"));
    format!("{}{index}{name} in run {}", place.task_id, place.run_id)
}
