//! How a command ends: exit codes and the last words on stderr.

use std::fmt;
use std::process::ExitCode;

use aileron_deployment::Failure;

use crate::style;

/// Shown at the end of `aileron --help` and `aileron help`.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0    done; every check passed; the Dag run succeeded
  1    the operation failed, a check did not pass, or the Dag run did not succeed
  2    the command line is wrong: an unknown flag, a missing or contradictory argument
  3    `doctor` has warnings and no errors
  130  interrupted by Ctrl-C; 143 by SIGTERM";

/// A command that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All well.
    Done,
    /// It ran, and what it checked is not in order. The report is on stdout already.
    ChecksFailed,
    /// It ran, and what it checked works, but not for ever. The report is on stdout already.
    Warned,
    /// A Dag ran, and did not succeed. The report is on stdout already.
    RunFailed,
    /// This signal ended it, in order.
    Interrupted(u8),
}

/// An error in how the command was called, found only after the command line was parsed.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Reports an error and chooses the exit code.
pub(crate) fn exit_code(result: anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Warned) => ExitCode::from(3),
        Ok(Outcome::ChecksFailed | Outcome::RunFailed) => ExitCode::from(1),
        Ok(Outcome::Interrupted(signal)) => ExitCode::from(128 + signal),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let (red, end) = (style::ERROR.render(), style::ERROR.render_reset());
            anstream::eprintln!("{red}error{end}: {error:#}");
            ExitCode::from(code(&error))
        }
    }
}

fn code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.exit_code(),
        None if error.is::<UsageError>() => 2,
        None => 1,
    }
}

/// `aileron inspect ... | head` is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
