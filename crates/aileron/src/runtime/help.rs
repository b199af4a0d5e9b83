//! What a bundle prints about itself.

use std::io::{self, Write};

use super::command::Format;
use super::{EXIT_FAILED, EXIT_OK};
use crate::Bundle;
use crate::dag::Dag;

pub(super) fn program_name() -> String {
    std::env::args_os()
        .next()
        .map(std::path::PathBuf::from)
        .and_then(|path| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        })
        .unwrap_or_else(|| "bundle".to_owned())
}

pub(super) fn print_manifest(bundle: &Bundle, format: Format) -> u8 {
    let text = match bundle.manifest() {
        Ok(manifest) => match format {
            Format::Yaml => manifest.to_yaml().map_err(|error| error.to_string()),
            Format::Json => manifest.to_json().map_err(|error| error.to_string()),
        },
        Err(error) => Err(error.to_string()),
    };
    match text {
        Ok(text) => print(text.trim_end()),
        Err(error) => {
            eprintln!("error: this bundle is not valid: {error}");
            EXIT_FAILED
        }
    }
}

pub(super) fn print_version(bundle: &Bundle) -> u8 {
    print(&format!(
        "{} {} (aileron {}, supervisor schema {})",
        bundle.name,
        bundle.version,
        env!("CARGO_PKG_VERSION"),
        super::SCHEMA_VERSION
    ))
}

pub(super) fn print_help(bundle: &Bundle) -> u8 {
    let program = program_name();
    let mut text = format!(
        "{} {}: Apache Airflow tasks in Rust, built with Aileron {}\n\nDags\n",
        bundle.name,
        bundle.version,
        env!("CARGO_PKG_VERSION")
    );
    for definition in bundle.dags() {
        match definition.build() {
            Ok(dag) => text.push_str(&dag_lines(&dag)),
            Err(errors) => text.push_str(&format!("  not valid: {errors}\n")),
        }
    }
    if bundle.dags().is_empty() {
        text.push_str("  none: `aileron::serve(bundle![my_dag])`\n");
    }
    text.push_str(&format!(
        "\n\
         An Airflow supervisor runs this program, one process for each task. To get it there:\n  \
           aileron pack               pack it into a bundle file\n  \
           aileron stub FILE          write the Python Dag file that goes with it\n  \
         then put the bundle into a folder of `executables_root` and the Dag file into the Dags folder.\n\
         \n\
         Usage\n  \
           {program} --comm=HOST:PORT --logs=HOST:PORT     run a task (a supervisor does this)\n  \
           {program} --airflow-metadata [--format yaml|json]   print the manifest\n  \
           {program} --version\n  \
           {program} --help\n\
         \n\
         Exit codes\n  \
           0  done; how the task ended is in its terminal message\n  \
           1  the supervisor could not be told, or the bundle is not valid\n  \
           2  wrong command line"
    ));
    print(&text)
}

fn dag_lines(dag: &Dag) -> String {
    let schedule = dag
        .options()
        .schedule
        .as_deref()
        .unwrap_or("only triggered");
    let mut lines = format!("  {} ({schedule})\n", dag.dag_id());
    for task_id in dag.task_ids() {
        let upstream = dag.upstream_task_ids(task_id);
        let after = if upstream.is_empty() {
            String::new()
        } else {
            format!("  after {}", upstream.join(", "))
        };
        lines.push_str(&format!("    {task_id}{after}\n"));
    }
    lines
}

/// Prints and notices a reader that went away or a full disk, which `println!` would turn into a panic.
fn print(text: &str) -> u8 {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Ok(()) => EXIT_OK,
        Err(error) => {
            eprintln!("error: cannot write to standard output: {error}");
            EXIT_FAILED
        }
    }
}
