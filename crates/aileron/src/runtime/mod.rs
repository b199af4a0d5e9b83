//! Running a bundle: the command line, coordinator mode, and one task from start to terminal message.

mod arguments;
mod body;
mod command;
mod coordinator;
mod disagreement;
mod ending;
mod execute;
mod help;
mod outcome;
mod panics;
mod settle;
mod signals;

use std::process::ExitCode;

use aileron_wire::version::SchemaVersion;

use crate::Bundle;

/// The supervisor schema this SDK speaks unless the packer says otherwise: both Airflow 3.3 and 3.4 know it.
pub(crate) const SCHEMA_VERSION: SchemaVersion = SchemaVersion::V2026_06_16;

/// The process did what it was asked, a task that failed included: the supervisor learned it from the terminal message.
const EXIT_OK: u8 = 0;
/// The process could not report: no connection, a broken protocol, a supervisor that went away.
const EXIT_FAILED: u8 = 1;
/// The command line makes no sense.
const EXIT_USAGE: u8 = 2;

/// Runs the bundle as its command line says. Call it from `main` and return what it gives.
///
/// | arguments | what happens |
/// |---|---|
/// | `--comm=HOST:PORT --logs=HOST:PORT` | an Airflow supervisor runs one task (coordinator mode) |
/// | `--airflow-metadata [--format yaml\|json]` | prints the manifest |
/// | none, `--help` | says what this program is and how to run it |
///
/// Exit codes: 0 when it did what it was asked (also when the task failed: that is in the terminal message), 1 when it
/// could not report to the supervisor or the bundle is not valid, 2 for a wrong command line.
///
/// ```no_run
/// use aileron::prelude::*;
///
/// #[task]
/// async fn hello() -> Result<String> {
///     Ok("Hello".into())
/// }
///
/// #[dag]
/// fn greetings(dag: &mut Dag) {
///     dag.add(hello());
/// }
///
/// fn main() -> std::process::ExitCode {
///     aileron::serve(bundle![greetings])
/// }
/// ```
pub fn serve(bundle: Bundle) -> ExitCode {
    use command::Command;
    let code = match Command::from_env() {
        Ok(Command::Coordinate { comm, logs }) => coordinator::run(&bundle, comm, logs),
        Ok(Command::Metadata { format }) => help::print_manifest(&bundle, format),
        Ok(Command::Help) => help::print_help(&bundle),
        Ok(Command::Version) => help::print_version(&bundle),
        Err(usage) => {
            eprintln!("error: {usage}\n\nTry `{} --help`.", help::program_name());
            EXIT_USAGE
        }
    };
    ExitCode::from(code)
}
