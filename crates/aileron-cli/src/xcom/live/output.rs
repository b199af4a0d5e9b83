//! Printing one item after the other, in every format.

use std::io::{self, Write as _};
use std::marker::PhantomData;

use clap::ValueEnum;

use crate::format::print_text;
use crate::stored::Table;

/// How to print the result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LiveFormat {
    /// A block for each, for people; may change between versions.
    #[default]
    Text,
    /// A line for each, for people, with the beginning of its value.
    Table,
    /// One JSON document, a list; keys are only added, never renamed.
    Json,
    /// One JSON object for each line, as they come.
    Ndjson,
    /// Comma-separated values, with a head.
    Csv,
}

/// Something that is printed.
pub(super) trait Shown {
    /// The head of the table.
    const HEAD: &'static [&'static str];
    /// The names of the columns of [`record`](Self::record).
    const COLUMNS: &'static [&'static str];
    /// Whether a table says it better than blocks.
    const TEXT_IS_TABLE: bool;

    /// Lines for a person, with their line breaks.
    fn block(&self) -> String;
    /// The cells of a line of the table.
    fn cells(&self) -> Vec<String>;
    /// The fields of a line of CSV.
    fn record(&self) -> Vec<String>;
    /// A JSON object on one line.
    fn document(&self) -> serde_json::Result<String>;
}

/// Where items go.
pub(super) struct Output<S> {
    sink: Sink,
    item: PhantomData<S>,
}

enum Sink {
    Text,
    Table(Box<Table>),
    Json { is_first: bool },
    Ndjson,
    Csv(Box<csv::Writer<io::Stdout>>),
}

impl<S: Shown> Output<S> {
    pub(super) fn new(format: LiveFormat) -> anyhow::Result<Self> {
        let sink = match format {
            LiveFormat::Text if S::TEXT_IS_TABLE => Sink::Table(Box::new(Table::new(S::HEAD))),
            LiveFormat::Text => Sink::Text,
            LiveFormat::Table => Sink::Table(Box::new(Table::new(S::HEAD))),
            LiveFormat::Json => Sink::Json { is_first: true },
            LiveFormat::Ndjson => Sink::Ndjson,
            LiveFormat::Csv => {
                let mut writer = csv::Writer::from_writer(io::stdout());
                written(writer.write_record(S::COLUMNS))?;
                Sink::Csv(Box::new(writer))
            }
        };
        Ok(Self {
            sink,
            item: PhantomData,
        })
    }

    pub(super) fn item(&mut self, item: &S) -> anyhow::Result<()> {
        match &mut self.sink {
            Sink::Text => print_text(&item.block())?,
            Sink::Table(table) => table.row(item.cells()),
            Sink::Json { is_first } => {
                let before = if std::mem::take(is_first) {
                    "[\n"
                } else {
                    ",\n"
                };
                write(&format!("{before}  {}", item.document()?))?;
            }
            Sink::Ndjson => write(&format!("{}\n", item.document()?))?,
            Sink::Csv(writer) => {
                written(writer.write_record(item.record()))?;
            }
        }
        Ok(())
    }

    /// Prints what ends the document.
    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        match &mut self.sink {
            Sink::Text => {}
            Sink::Table(table) if table.is_empty() => {}
            Sink::Table(table) => print_text(&table.to_string())?,
            Sink::Json { is_first: true } => write("[]\n")?,
            Sink::Json { is_first: false } => write("\n]\n")?,
            Sink::Ndjson => {}
            Sink::Csv(writer) => writer.flush()?,
        }
        Ok(io::stdout().flush()?)
    }
}

/// Text without colours, which standard output collects into lines.
fn write(text: &str) -> io::Result<()> {
    io::stdout().lock().write_all(text.as_bytes())
}

/// So that a closed pipe is known for what it is.
fn written(result: csv::Result<()>) -> anyhow::Result<()> {
    result.map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => anyhow::anyhow!("cannot write CSV: {other:?}"),
    })
}
