//! The command line of a bundle.
//!
//! Read by hand: five flags do not need a parser, and a task must start in a few milliseconds.

use std::ffi::OsString;
use std::net::SocketAddr;

/// What the process was started for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Coordinate { comm: SocketAddr, logs: SocketAddr },
    Metadata { format: Format },
    Help,
    Version,
}

/// How the manifest is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    Yaml,
    Json,
}

/// A command line that makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Usage {
    #[error("`{0}` needs a value: `{0}=..`")]
    NoValue(&'static str),
    #[error("`{0}` is given twice")]
    Twice(&'static str),
    #[error("`{flag}={value}` is not an address; it looks like `{flag}=127.0.0.1:4000`")]
    BadAddress { flag: &'static str, value: String },
    #[error("`--format={0}` is not a format; it is `yaml` or `json`")]
    BadFormat(String),
    #[error("`{given}` is given without `{missing}`; a supervisor gives both")]
    HalfPair {
        given: &'static str,
        missing: &'static str,
    },
    #[error("`--format` goes with `--airflow-metadata`")]
    LoneFormat,
    #[error("`--airflow-metadata` does not go with `--comm` and `--logs`")]
    TwoModes,
    #[error("unknown argument `{0}`")]
    Unknown(String),
}

#[derive(Default)]
struct Flags {
    comm: Option<String>,
    logs: Option<String>,
    format: Option<String>,
    metadata: bool,
}

impl Command {
    pub(super) fn from_env() -> Result<Self, Usage> {
        Self::parse(std::env::args_os().skip(1))
    }

    fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, Usage> {
        let mut arguments = arguments
            .map(|argument| argument.to_string_lossy().into_owned())
            .peekable();
        if arguments.peek().is_none() {
            return Ok(Self::Help);
        }
        let mut flags = Flags::default();
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            match name {
                "-h" | "--help" => return Ok(Self::Help),
                "-V" | "--version" => return Ok(Self::Version),
                "--airflow-metadata" => flags.metadata = true,
                "--comm" => set(&mut flags.comm, "--comm", value, &mut arguments)?,
                "--logs" => set(&mut flags.logs, "--logs", value, &mut arguments)?,
                "--format" => set(&mut flags.format, "--format", value, &mut arguments)?,
                _ => return Err(Usage::Unknown(argument)),
            }
        }
        flags.command()
    }
}

fn set(
    slot: &mut Option<String>,
    flag: &'static str,
    value: Option<String>,
    rest: &mut impl Iterator<Item = String>,
) -> Result<(), Usage> {
    let value = value.or_else(|| rest.next()).ok_or(Usage::NoValue(flag))?;
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Usage::Twice(flag)),
    }
}

impl Flags {
    fn command(self) -> Result<Command, Usage> {
        let (comm, logs) = match (self.comm, self.logs) {
            (None, None) => return metadata(self.metadata, self.format),
            (Some(comm), Some(logs)) => (comm, logs),
            (Some(_), None) => return Err(half("--comm", "--logs")),
            (None, Some(_)) => return Err(half("--logs", "--comm")),
        };
        if self.metadata {
            return Err(Usage::TwoModes);
        }
        if self.format.is_some() {
            return Err(Usage::LoneFormat);
        }
        Ok(Command::Coordinate {
            comm: address("--comm", comm)?,
            logs: address("--logs", logs)?,
        })
    }
}

fn half(given: &'static str, missing: &'static str) -> Usage {
    Usage::HalfPair { given, missing }
}

fn metadata(asked: bool, format: Option<String>) -> Result<Command, Usage> {
    if !asked {
        // Only `--format` can have been given: no arguments at all prints the help.
        return Err(Usage::LoneFormat);
    }
    let format = match format.as_deref() {
        None | Some("yaml") => Format::Yaml,
        Some("json") => Format::Json,
        Some(other) => return Err(Usage::BadFormat(other.to_owned())),
    };
    Ok(Command::Metadata { format })
}

fn address(flag: &'static str, value: String) -> Result<SocketAddr, Usage> {
    value.parse().map_err(|_| Usage::BadAddress { flag, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, Usage> {
        Command::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn a_supervisor_starts_coordinator_mode() {
        let expected = Command::Coordinate {
            comm: "127.0.0.1:1".parse().unwrap(),
            logs: "127.0.0.1:2".parse().unwrap(),
        };
        assert_eq!(
            parse("--comm=127.0.0.1:1 --logs=127.0.0.1:2").unwrap(),
            expected
        );
        assert_eq!(
            parse("--logs 127.0.0.1:2 --comm 127.0.0.1:1").unwrap(),
            expected
        );
    }

    #[test]
    fn one_address_without_the_other_is_a_usage_error() {
        assert_eq!(
            parse("--comm=127.0.0.1:1").unwrap_err(),
            half("--comm", "--logs")
        );
        assert_eq!(
            parse("--logs=127.0.0.1:1").unwrap_err(),
            half("--logs", "--comm")
        );
    }

    #[test]
    fn the_manifest_is_printed_in_both_formats() {
        let yaml = Command::Metadata {
            format: Format::Yaml,
        };
        let json = Command::Metadata {
            format: Format::Json,
        };
        assert_eq!(parse("--airflow-metadata").unwrap(), yaml);
        assert_eq!(parse("--airflow-metadata --format yaml").unwrap(), yaml);
        assert_eq!(parse("--format=json --airflow-metadata").unwrap(), json);
    }

    #[test]
    fn no_arguments_print_the_help() {
        assert_eq!(parse("").unwrap(), Command::Help);
        assert_eq!(parse("--help").unwrap(), Command::Help);
        assert_eq!(parse("--version").unwrap(), Command::Version);
    }

    #[test]
    fn a_wrong_command_line_says_what_is_wrong() {
        for (line, expected) in [
            ("--comm", "`--comm` needs a value"),
            (
                "--comm=here --logs=127.0.0.1:2",
                "`--comm=here` is not an address",
            ),
            (
                "--comm=127.0.0.1:1 --comm=127.0.0.1:1",
                "`--comm` is given twice",
            ),
            (
                "--airflow-metadata --format=toml",
                "`--format=toml` is not a format",
            ),
            ("--format=json", "`--format` goes with"),
            (
                "--airflow-metadata --comm=127.0.0.1:1 --logs=127.0.0.1:2",
                "does not go with",
            ),
            ("--frob", "unknown argument `--frob`"),
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
