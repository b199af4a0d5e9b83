//! `aileron skill`: what a coding agent should know about state in Airflow Dags.

mod files;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use files::{NAME, SkillFile};

/// Print or install an agent skill: state in Airflow Dags (AIP-103).
///
/// The skill tells a coding agent where a value belongs, how the state stores and resumable jobs of Airflow 3.3 are used, what
/// breaks when state is kept in Variables and XComs, and how to repair it. Its anti-patterns are the documentation of the rules
/// of `aileron lint`. It is a directory with a SKILL.md and reference files.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Install it as DIR/airflow-state; `~/.claude/skills` and `.claude/skills` are such directories.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// With --dir: replace files of an installed skill that are different.
    #[arg(long, requires = "dir")]
    force: bool,
    /// How to print the skill, or with --dir what was written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let files = files::all();
    match &arguments.dir {
        Some(directory) => install(&files, &directory.join(NAME), arguments)?,
        None => print(&files, arguments.format)?,
    }
    Ok(Outcome::Done)
}

/// All files, one after the other.
fn print(files: &[SkillFile], format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            let files: Vec<_> = files
                .iter()
                .map(|file| json!({"path": file.path, "text": file.text}))
                .collect();
            print_json(&json!({"name": NAME, "files": files}))
        }
        Format::Text => {
            let mut text = String::new();
            for file in files {
                // The first begins with its front matter, which must be the first thing in a SKILL.md.
                if !text.is_empty() {
                    text.push_str(&format!("\n<!-- {} -->\n\n", file.path));
                }
                text.push_str(&file.text);
            }
            print_text(&text)
        }
    }
}

fn install(files: &[SkillFile], directory: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let mut written = Vec::new();
    for file in files {
        let path = directory.join(file.path);
        let parent = path
            .parent()
            .context("a file of the skill has a directory")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        match fs::read_to_string(&path) {
            Ok(text) if text == file.text => continue,
            Ok(_) if !arguments.force => bail!(
                "{} is there and different; --force replaces it",
                path.display()
            ),
            _ => {}
        }
        fs::write(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))?;
        written.push(path);
    }
    match arguments.format {
        Format::Json => print_json(&json!({"directory": directory, "written": written})),
        Format::Text if written.is_empty() => {
            print_text(&format!("{} is up to date\n", directory.display()))
        }
        Format::Text => {
            let lines: String = written
                .iter()
                .map(|path| format!("wrote {}\n", path.display()))
                .collect();
            print_text(&lines)
        }
    }
}
