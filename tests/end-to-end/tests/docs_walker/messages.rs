//! Messages that the troubleshooting tables quote.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use end_to_end::{AirflowVersion, workspace_root};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::page::Page;

/// A table whose first column is called so quotes messages there, as code; `...` stands for what differs.
const COLUMN: &str = "Message";
/// Shorter parts of a message say nothing.
const SHORTEST: usize = 8;

/// Every quoted message stands in the sources of this workspace or of an Airflow under test.
pub(crate) fn check(pages: &[Page]) -> Result<()> {
    let sources = sources()?;
    let mut seen = 0;
    for page in pages {
        for message in quoted(&page.text) {
            seen += 1;
            let parts: Vec<&str> = message
                .split("...")
                .map(str::trim)
                .filter(|part| part.len() >= SHORTEST)
                .collect();
            ensure!(!parts.is_empty(), "{message:?} is too short to be found");
            for part in parts {
                ensure!(
                    sources.iter().any(|source| source.contains(part)),
                    "{}: nothing prints {part:?}",
                    page.path.display()
                );
            }
        }
    }
    ensure!(seen > 0, "no page quotes a message");
    Ok(())
}

fn quoted(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    let (mut quotes, mut column, mut in_head) = (false, 0, false);
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::TableHead) => (in_head, quotes, column) = (true, false, 0),
            Event::End(TagEnd::TableHead) => in_head = false,
            Event::Start(Tag::TableRow) => column = 0,
            Event::End(TagEnd::TableCell) => column += 1,
            Event::Text(title) if in_head && column == 0 => quotes = &*title == COLUMN,
            Event::Code(message) if quotes && !in_head && column == 0 => {
                messages.push(message.into_string());
            }
            _ => {}
        }
    }
    messages
}

/// All sources, with every message in one piece.
fn sources() -> Result<Vec<String>> {
    let mut files = Vec::new();
    collect(&workspace_root().join("crates"), "rs", &mut files)?;
    for version in AirflowVersion::ALL {
        let python = version.python()?;
        let environment = python
            .parent()
            .and_then(Path::parent)
            .context("Python lies in an environment")?;
        for entry in fs::read_dir(environment.join("lib"))? {
            let airflow = entry?.path().join("site-packages/airflow");
            for part in ["sdk", "providers/standard"] {
                collect(&airflow.join(part), "py", &mut files)?;
            }
        }
    }
    ensure!(!files.is_empty(), "no sources found");
    Ok(files.iter().map(|text| joined(text)).collect())
}

/// String literals that go on in the next line, in one line.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.lines().map(str::trim) {
        let literal = line
            .strip_prefix("f\"")
            .or_else(|| line.strip_prefix('"'))
            .filter(|_| joined.ends_with('"'));
        if let Some(literal) = literal {
            joined.pop();
            joined.push_str(literal);
        } else if joined.ends_with('\\') {
            joined.pop();
            joined.push_str(line);
        } else {
            joined.push('\n');
            joined.push_str(line);
        }
    }
    joined
}

fn collect(directory: &Path, extension: &str, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            collect(&path, extension, files)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(fs::read_to_string(&path)?);
        }
    }
    Ok(())
}
