//! `aileron state import`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use aileron_metastore::inventory::{ImportError, Imported, StateImport, StateLine};
use anyhow::{Context as _, bail};
use serde_json::json;

use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use crate::stored::{Opened, WriteArguments};
use crate::style;

/// How many problems are shown.
const SHOWN: usize = 20;

/// Store values that `aileron state export` has written: all of them, or none.
///
/// A value that is there already is left as it is; another value under the same key is a problem unless --overwrite is given. So is a
/// task instance or an asset that this database does not have. Values keep the time they were written at, who wrote them, and when
/// they expire.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to read; `-` is standard input.
    #[arg(value_name = "PATH")]
    input: PathBuf,
    /// Replace values that are there.
    #[arg(long)]
    overwrite: bool,
    /// Check everything, and store nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    write: WriteArguments,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Arguments {
    /// A dry run writes too, and takes all of it back.
    pub(super) fn writes(&self) -> Option<WriteArguments> {
        Some(match self.dry_run {
            true => WriteArguments::ALLOWED,
            false => self.write,
        })
    }
}

/// What became of the lines.
#[derive(Debug, Default)]
struct Counts {
    added: u64,
    replaced: u64,
    unchanged: u64,
    refused: u64,
    problems: Vec<String>,
}

pub(super) async fn run(opened: &Opened, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let lines = open(&arguments.input)?;
    if !arguments.dry_run {
        // Not later: others would wait for the transaction as long as nobody answers.
        let what = format!("store the values of {}", arguments.input.display());
        opened.ask(arguments.write, &what)?;
    }
    let mut import = opened
        .store
        .inventory()
        .import_state(arguments.overwrite)
        .await?;
    let counts = read(lines, &mut import).await?;
    let changes = counts.added + counts.replaced;
    let store = counts.refused == 0 && changes > 0 && !arguments.dry_run;
    if store {
        import.commit().await?;
    } else {
        import.rollback().await?;
    }
    report(&counts, store, arguments)?;
    Ok(match counts.refused {
        0 => Outcome::Done,
        _ => Outcome::ChecksFailed,
    })
}

fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file =
        std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

async fn read(lines: Box<dyn BufRead>, import: &mut StateImport) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    let mut headed = false;
    for (at, text) in lines.lines().enumerate() {
        let number = at + 1;
        let text = text.with_context(|| format!("line {number} cannot be read"))?;
        if text.trim().is_empty() {
            continue;
        }
        let line = StateLine::read(&text);
        let result = match line {
            Ok(StateLine::Head) => {
                headed = true;
                continue;
            }
            // A file that is something else altogether is not read to its end.
            _ if !headed => bail!(
                "line {number} is not the first line of an export, {{\"aileron_state\": 1}}: is this a file of \
                 `aileron state export`?"
            ),
            Ok(StateLine::Task(line)) => {
                import.task(&line).await.map_err(|error| (line.key, error))
            }
            Ok(StateLine::Asset(line)) => {
                import.asset(&line).await.map_err(|error| (line.key, error))
            }
            Err(error) => {
                counts.refuse(format!("line {number}: {error}"));
                continue;
            }
        };
        match result {
            Ok(Imported::Added) => counts.added += 1,
            Ok(Imported::Replaced) => counts.replaced += 1,
            Ok(Imported::Unchanged) => counts.unchanged += 1,
            Err((key, ImportError::Refused(problem))) => {
                counts.refuse(format!("line {number}, key {key:?}: {problem}"));
            }
            Err((_, error)) => return Err(error).with_context(|| format!("line {number}")),
        }
    }
    if !headed {
        bail!("the file is empty; even an export without values has a first line");
    }
    Ok(counts)
}

impl Counts {
    fn refuse(&mut self, problem: String) {
        self.refused += 1;
        if self.problems.len() < SHOWN {
            self.problems.push(problem);
        }
    }
}

fn report(counts: &Counts, stored: bool, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.format == Format::Json {
        return print_json(&json!({
            "stored": stored, "added": counts.added, "replaced": counts.replaced, "unchanged": counts.unchanged,
            "refused": counts.refused, "problems": counts.problems,
        }));
    }
    for problem in &counts.problems {
        anstream::eprintln!("{}: {problem}", style::paint(style::FAILED, "refused"));
    }
    if counts.refused > SHOWN as u64 {
        anstream::eprintln!("and {} more", counts.refused - SHOWN as u64);
    }
    let Counts {
        added,
        replaced,
        unchanged,
        refused,
        ..
    } = counts;
    print_text(&match (*refused, arguments.dry_run) {
        (0, false) => format!("added {added}, replaced {replaced}, unchanged {unchanged}\n"),
        (0, true) => format!("would add {added}, replace {replaced}, leave {unchanged}\n"),
        (refused, _) => format!("{refused} refused, so nothing was stored\n"),
    })
}
