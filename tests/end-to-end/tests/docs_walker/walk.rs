//! Doing what a page says.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use end_to_end::workspace_root;

use super::page::{Directive, Page, Step, What};
use super::shell::Shell;
use super::{console, snippet};

/// The file that makes doctests of the pages' Rust snippets.
const DOCTESTS: &str = "crates/aileron/src/doc_pages.rs";

/// Does everything on a page, in order.
pub(crate) fn walk(page: &Page) -> Result<()> {
    let mut shell = Shell::new()?;
    let result = steps(page, &mut shell);
    result.with_context(|| shell.airflow_logs())
}

fn steps(page: &Page, shell: &mut Shell) -> Result<()> {
    let mut next = None;
    for Step { line, what } in &page.steps {
        let place = || format!("{}:{line}", page.path.display());
        match what {
            What::Directive(directive) => {
                ensure!(
                    next.is_none(),
                    "{}: the directive before this one needs a block",
                    place()
                );
                next = follow(directive, shell).with_context(place)?;
            }
            What::Block { language, text } => {
                if let Some(directive) = next.take() {
                    place_or_compare(directive, text, shell).with_context(place)?;
                } else {
                    ensure!(
                        language != "rs",
                        "{}: an `rs` block is a file or an excerpt; a snippet that stands for itself is `rust`",
                        place()
                    );
                }
                block(language, text, page, shell).with_context(place)?;
            }
        }
    }
    ensure!(next.is_none(), "the last directive needs a block");
    Ok(())
}

/// Follows a directive; gives it back when it is about the next block.
fn follow<'a>(directive: &'a Directive, shell: &mut Shell) -> Result<Option<&'a Directive>> {
    match directive {
        Directive::Prepare(commands) => {
            let ran = shell.run(&format!("set -e\n{commands}\nset +e"))?;
            ensure!(ran.succeeded, "`{commands}` failed:\n{}", ran.output);
        }
        Directive::Airflow { version, running } => shell.use_airflow(*version, *running)?,
        Directive::Generated => {}
        Directive::File(_) | Directive::Excerpt(_) => return Ok(Some(directive)),
    }
    Ok(None)
}

fn place_or_compare(directive: &Directive, text: &str, shell: &Shell) -> Result<()> {
    match directive {
        Directive::File(path) => shell.write(path, text),
        Directive::Excerpt(path) => excerpt(path, text),
        Directive::Prepare(_) | Directive::Airflow { .. } | Directive::Generated => Ok(()),
    }
}

fn block(language: &str, text: &str, page: &Page, shell: &mut Shell) -> Result<()> {
    match language {
        "console" => console::run(text, shell),
        "rust" => {
            let doctests = fs::read_to_string(workspace_root().join(DOCTESTS))?;
            ensure!(
                doctests.contains(&format!("{}\"", page.path.display())),
                "{DOCTESTS} does not include this page, so nothing compiles its Rust"
            );
            Ok(())
        }
        "python" | "ini" | "json" | "toml" | "yaml" => snippet::check(language, text, shell),
        // Drawings, and files that the directive before has dealt with.
        "text" | "rs" => Ok(()),
        other => bail!("this test does not know what to do with a block of language {other:?}"),
    }
}

/// Every line stands in the file, in the same order; `// ...` stands for lines left out.
fn excerpt(path: &Path, text: &str) -> Result<()> {
    let file = fs::read_to_string(workspace_root().join(path))
        .with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = file.lines();
    for line in text.lines() {
        if line.trim().is_empty() || line.trim() == "// ..." {
            continue;
        }
        ensure!(
            lines.any(|candidate| candidate == line),
            "{} does not have this line, or not at this place: {line}",
            path.display()
        );
    }
    Ok(())
}
