//! `aileron xcom audit`: what the tasks of Python Dags push, and whether XCom can carry it.

use std::path::{Path, PathBuf};

use aileron_lint::configuration::Configuration;
use aileron_lint::discovery::{Discovery, Found, IgnoreSyntax, Problem, discover};
use aileron_lint::project::read_all;
use aileron_lint::{Lines, Producer, Transport, xcom_producers};
use serde_json::{Value, json};

use crate::format::{Format, print_json, print_text};
use crate::lint::setup::{absolute, common_directory, counted, progress, shortened, target};
use crate::outcome::Outcome;
use crate::stored::Table;
use crate::style::{FAILED, paint};

/// Check whether XCom can carry what the tasks of Python Dags return and push.
///
/// It can carry JSON, and what the serializers of Airflow 3.3 know; a custom XCom backend may differ. Files are read, never imported or run. The exit code is 1 if there is a value that XCom cannot carry, or a file that cannot be
/// read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files, and directories that are searched for Python files.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Only values that XCom cannot carry.
    #[arg(long)]
    failing: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A producer, and where it is.
struct Row {
    path: PathBuf,
    line: usize,
    /// The value's text in the file, its first line.
    text: String,
    producer: Producer,
}

/// What one file gave: its producers, or why it has none.
type Looked = Result<Vec<Row>, String>;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let directory = common_directory(&arguments.paths)?;
    let configuration = Configuration::find(&directory)?;
    // Which Airflow it is says how `.airflowignore` is written.
    let target = target(None, &configuration, &directory)?;
    let default = IgnoreSyntax::default_of(target.version);
    let discovery = Discovery {
        syntax: configuration.airflowignore_syntax.unwrap_or(default),
        respect_ignore_files: configuration.respect_ignore_files,
    };
    let mut found = discover(&absolute(&arguments.paths)?, &discovery);
    found.files.retain(|file| !configuration.excludes(file));
    let (mut rows, problems) = look(&found, configuration.max_file_size)?;
    if arguments.failing {
        rows.retain(|row| row.producer.transport == Transport::No);
    }
    let failed = rows
        .iter()
        .any(|row| row.producer.transport == Transport::No);
    match arguments.format {
        Format::Text => print_text(&text(&rows, &problems, &found))?,
        Format::Json => print_json(&json(&rows, &problems, &found))?,
    }
    Ok(if failed || !problems.is_empty() {
        Outcome::ChecksFailed
    } else {
        Outcome::Done
    })
}

/// Every producer in the files, and what is wrong with files.
fn look(found: &Found, max_file_size: u64) -> anyhow::Result<(Vec<Row>, Vec<String>)> {
    let bar = progress(found.files.len());
    let looked = read_all(found, max_file_size, |path, source| {
        bar.inc(1);
        rows_of(path, &source.text)
    })?;
    bar.finish_and_clear();
    let mut problems: Vec<String> = found.problems.iter().map(Problem::to_string).collect();
    let mut rows = Vec::new();
    for one in looked {
        match one {
            Ok(Ok(of_file)) => rows.extend(of_file),
            Ok(Err(problem)) => problems.push(problem),
            Err(problem) => problems.push(problem.to_string()),
        }
    }
    for row in &mut rows {
        row.path = shortened(&row.path)?;
    }
    Ok((rows, problems))
}

fn rows_of(path: &Path, source: &str) -> Looked {
    let producers = xcom_producers(source)
        .map_err(|reason| format!("{}: not Python 3: {reason}", path.display()))?;
    let lines = Lines::new(source);
    Ok(producers
        .into_iter()
        .map(|producer| Row {
            path: path.to_owned(),
            line: lines.line_of(producer.range.start),
            text: first_line(&source[producer.range.clone()]),
            producer,
        })
        .collect())
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(40) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None if line.len() < text.len() => format!("{line} ..."),
        None => line.to_owned(),
    }
}

fn text(rows: &[Row], problems: &[String], found: &Found) -> String {
    let mut table = Table::new(&[
        "WHERE", "DAG", "TASK", "KEY", "VALUE", "TYPE", "CARRIED", "WHY",
    ]);
    for row in rows {
        let producer = &row.producer;
        table.row(vec![
            format!("{}:{}", row.path.display(), row.line),
            producer.dag_id.clone().unwrap_or_else(|| "-".to_owned()),
            producer.task.clone(),
            producer
                .key
                .clone()
                .unwrap_or_else(|| "(computed)".to_owned()),
            row.text.clone(),
            producer.value.clone(),
            // Colours would count as width.
            producer.transport.as_str().to_owned(),
            producer.reason.clone(),
        ]);
    }
    let mut text = if rows.is_empty() {
        String::new()
    } else {
        table.to_string()
    };
    for problem in problems {
        text.push_str(&format!("{} {problem}\n", paint(FAILED, "not read:")));
    }
    let count = |transport| {
        let fits = rows
            .iter()
            .filter(|row| row.producer.transport == transport);
        fits.count()
    };
    text.push_str(&format!(
        "{} in {}: {} carried, {} not, {} unknown\n",
        counted(rows.len(), "producer"),
        counted(found.files.len(), "file"),
        count(Transport::Yes),
        count(Transport::No),
        count(Transport::Unknown),
    ));
    text
}

fn json(rows: &[Row], problems: &[String], found: &Found) -> Value {
    let producers: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "path": row.path,
                "line": row.line,
                "dag_id": row.producer.dag_id,
                "task": row.producer.task,
                "key": row.producer.key,
                "text": row.text,
                "value": row.producer.value,
                "transport": row.producer.transport.as_str(),
                "reason": row.producer.reason,
            })
        })
        .collect();
    json!({
        "files": found.files.len(),
        "producers": producers,
        "problems": problems,
    })
}
