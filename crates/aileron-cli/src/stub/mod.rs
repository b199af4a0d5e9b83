//! `aileron stub`: the Python Dag file that stands for a bundle.

mod annotation;
mod dag_file;
mod generated;
mod literal;
mod names;

use std::path::{Path, PathBuf};

use aileron_bundle::Bundle;
use aileron_bundle::manifest::{DagOutline, Manifest};
use anyhow::{Context as _, bail};

use crate::dag_ids;
use crate::format::print_text;
use crate::outcome::{Outcome, UsageError};
use crate::style::{self, paint};

/// Write the Python Dag file that stands for a bundle.
///
/// Airflow 3.3 reads Dags from Python files only. The file declares the bundle's Dags with `@task.stub` functions: same
/// ids, arguments, dependencies and task options, empty bodies. Their queue routes them to the coordinator that runs the
/// bundle. The file imports in Airflow 3.3 and 3.4.
///
/// Tasks that the Rust program only refers to (external tasks) are written in Python. By default the file has a
/// placeholder for each that raises NotImplementedError; with --external-module it imports them from a module of yours and
/// can be generated again at any time. There, a mapped task is a function without arguments that returns the expanded task.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aileron stub target/bundles/orders --output dags/orders.py
  aileron stub bundles/orders --queue rust-eu --dag orders --output -")]
pub(crate) struct Arguments {
    /// The bundle.
    file: PathBuf,
    /// Where to write the file; `-` is stdout. [default: dags/NAME.py, NAME being the bundle's file name]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The queue of tasks that choose none; `[sdk] queue_to_coordinator` maps it to the coordinator.
    #[arg(long, default_value = "rust")]
    queue: String,
    /// Only this Dag of the bundle.
    #[arg(long, value_name = "ID")]
    dag: Option<String>,
    /// Import external tasks from this Python module, each by its task id.
    #[arg(long, value_name = "MODULE", value_parser = names::module)]
    external_module: Option<String>,
    /// Replace a file that was not generated, or was edited since.
    #[arg(long)]
    force: bool,
}

/// What decides the text of the file.
struct Plan<'a> {
    /// The command that makes the file again, for its header.
    command: String,
    queue: &'a str,
    external_module: Option<&'a str>,
    dags: Vec<&'a DagOutline>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let manifest = Bundle::open(&arguments.file)?.manifest()?;
    let in_file = || format!("{}", arguments.file.display());
    manifest.validate().with_context(in_file)?;
    let dags = chosen(&manifest, arguments)?;
    let name = file_name(&arguments.file)?;
    let plan = Plan {
        command: command(arguments, &name),
        queue: &arguments.queue,
        external_module: arguments.external_module.as_deref(),
        dags,
    };
    let text = generated::sealed(&dag_file::render(&plan).with_context(in_file)?);
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| Path::new("dags").join(format!("{name}.py")));
    if output == Path::new("-") {
        print_text(&text)?;
        return Ok(Outcome::Done);
    }
    generated::write(&output, &text, arguments.force)?;
    let placeholders = plan.external_module.is_none() && dag_file::has_external(&plan);
    report(&output, &plan, placeholders)?;
    Ok(Outcome::Done)
}

fn chosen<'a>(
    manifest: &'a Manifest,
    arguments: &Arguments,
) -> anyhow::Result<Vec<&'a DagOutline>> {
    let file = arguments.file.display();
    let Some(outline) = &manifest.aileron else {
        bail!(
            "{file} does not outline its Dags (its SDK is {} {}); write the stub Dag file by hand",
            manifest.sdk.language,
            manifest.sdk.version
        );
    };
    let wanted = |dag: &&DagOutline| arguments.dag.as_ref().is_none_or(|id| *id == dag.dag_id);
    let dags: Vec<_> = outline.dags.iter().filter(wanted).collect();
    match &arguments.dag {
        Some(id) if dags.is_empty() => Err(UsageError(format!(
            "--dag: {file} has no Dag {id:?}, it has {}",
            dag_ids::listed(manifest)
        ))
        .into()),
        _ => Ok(dags),
    }
}

fn file_name(path: &Path) -> anyhow::Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned)
        .with_context(|| format!("{} has no file name that is UTF-8", path.display()))
}

/// Without directories, so that the file is the same wherever it is made.
fn command(arguments: &Arguments, name: &str) -> String {
    let mut command = format!("aileron stub {name} --queue {}", arguments.queue);
    for (flag, value) in [
        ("--dag", &arguments.dag),
        ("--external-module", &arguments.external_module),
    ] {
        if let Some(value) = value {
            command.push_str(&format!(" {flag} {value}"));
        }
    }
    // The command stands in a Python comment.
    command.replace(|c: char| c.is_control(), " ")
}

fn report(output: &Path, plan: &Plan<'_>, placeholders: bool) -> anyhow::Result<()> {
    let ids: Vec<_> = plan.dags.iter().map(|dag| dag.dag_id.as_str()).collect();
    let mut text = format!(
        "{} {} ({})\n",
        paint(style::OK, "Wrote"),
        output.display(),
        ids.join(", ")
    );
    if placeholders {
        let note = paint(style::NOTE, "note");
        text.push_str(&format!(
            "{note}: it has placeholders for tasks written in Python; fill them in, or keep them in a module of yours and pass \
             --external-module\n"
        ));
    }
    print_text(&text)
}
