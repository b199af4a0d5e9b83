//! `aileron new`: a project to start from.

mod name;
mod template;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::format::print_text;
use crate::outcome::{Outcome, UsageError};
use crate::style::{self, paint};
use name::ProjectName;

/// Make a project: a Dag with two typed tasks and a unit test, ready to build, test and pack.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aileron new sales
  aileron new sales --path work/sales-tasks")]
pub(crate) struct Arguments {
    /// Name of the package and of the bundle. The Dag gets it too, with `_` for `-`.
    name: ProjectName,
    /// Directory of the project; it must be new or empty. [default: NAME]
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// Use the `aileron` crate in this directory instead of the published one.
    #[arg(long, value_name = "DIR")]
    aileron_path: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let directory = arguments
        .path
        .clone()
        .unwrap_or_else(|| PathBuf::from(arguments.name.package()));
    let dependency = dependency(arguments.aileron_path.as_deref())?;
    refuse_occupied(&directory)?;
    for (path, text) in template::files(&arguments.name, &dependency) {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot create the directory {}", parent.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    report(&directory, &arguments.name)?;
    Ok(Outcome::Done)
}

/// The value of the `aileron` dependency in Cargo.toml.
fn dependency(aileron_path: Option<&Path>) -> anyhow::Result<String> {
    let Some(path) = aileron_path else {
        return Ok(template::quoted(env!("CARGO_PKG_VERSION")));
    };
    if !path.join("Cargo.toml").is_file() {
        let message = format!(
            "--aileron-path: {} is not the directory of a crate (no Cargo.toml)",
            path.display()
        );
        return Err(UsageError(message).into());
    }
    // Relative to the new project the path would be another.
    let path = path
        .canonicalize()
        .with_context(|| format!("--aileron-path: cannot open {}", path.display()))?;
    let Some(path) = path.to_str() else {
        bail!("--aileron-path: {} is not UTF-8", path.display())
    };
    Ok(format!("{{ path = {} }}", template::quoted(path)))
}

fn refuse_occupied(directory: &Path) -> anyhow::Result<()> {
    match fs::read_dir(directory) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => bail!(
                "{} is not empty; choose another directory with --path",
                directory.display()
            ),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error)
            .with_context(|| format!("cannot use {} for the project", directory.display())),
    }
}

fn report(directory: &Path, name: &ProjectName) -> anyhow::Result<()> {
    let (made, next) = (paint(style::OK, "Made"), paint(style::NAME, "Next"));
    let shown = directory.display();
    print_text(&format!(
        "{made} {shown} (package {}, Dag {})\n{next}\n  cd {shown}\n  cargo test\n  aileron pack\n",
        name.package(),
        name.dag()
    ))
}
