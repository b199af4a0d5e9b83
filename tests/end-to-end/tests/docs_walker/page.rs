//! A page: its blocks and the directives between them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use end_to_end::{AirflowVersion, workspace_root};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A page of the documentation.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Relative to the workspace.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) steps: Vec<Step>,
}

/// Something to do, in the order of the page.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Line of the page, from 1.
    pub(crate) line: usize,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Directive(Directive),
    Block { language: String, text: String },
}

/// An HTML comment `<!-- name: value -->`. Readers do not see it.
#[derive(Debug, Clone)]
pub(crate) enum Directive {
    /// `prepare`: shell commands that make what a reader has already.
    Prepare(String),
    /// `file`: the next block is written to this file.
    File(PathBuf),
    /// `excerpt`: the lines of the next block stand in this file of the workspace, in this order.
    Excerpt(PathBuf),
    /// `conformance`: a generated part begins or ends; `cargo xtask test` compares it with its source.
    Generated,
    /// `airflow: VERSION` or `airflow: VERSION running`: the commands that follow have this Airflow.
    Airflow {
        version: AirflowVersion,
        running: bool,
    },
}

/// The pages at the root of the workspace.
const AT_THE_ROOT: [&str; 4] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
];

/// The pages at the root, and all pages in `docs/`.
pub(crate) fn read_all() -> Result<Vec<Page>> {
    let root = workspace_root();
    let mut paths: Vec<PathBuf> = AT_THE_ROOT.iter().map(PathBuf::from).collect();
    let mut pages: Vec<PathBuf> = fs::read_dir(root.join("docs"))?
        .map(|entry| Ok(Path::new("docs").join(entry?.file_name())))
        .collect::<Result<_>>()?;
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    paths.extend(pages);
    paths.iter().map(|path| read(path)).collect()
}

/// One page, named by its path in the workspace.
fn read(path: &Path) -> Result<Page> {
    let text = fs::read_to_string(workspace_root().join(path))
        .with_context(|| format!("cannot read {}", path.display()))?;
    parse(path, text)
}

/// A page with this text.
pub(crate) fn parse(path: &Path, text: String) -> Result<Page> {
    let steps = steps(&text).with_context(|| path.display().to_string())?;
    Ok(Page {
        path: path.to_owned(),
        text,
        steps,
    })
}

fn steps(text: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut language = None;
    let mut collected = String::new();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let line = 1 + text[..range.start].matches('\n').count();
        let what = match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                bail!("line {line}: an indented block has no language; use a fence")
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                language = Some(info.to_string());
                continue;
            }
            Event::Start(Tag::HtmlBlock) => continue,
            Event::Text(more) if language.is_some() => {
                collected.push_str(&more);
                continue;
            }
            Event::InlineHtml(html) => {
                bail!("line {line}: {html} stands inside of text, where it would be passed over")
            }
            Event::Html(more) => {
                collected.push_str(&more);
                continue;
            }
            Event::End(TagEnd::CodeBlock) => What::Block {
                language: language.take().unwrap_or_default(),
                text: std::mem::take(&mut collected),
            },
            Event::End(TagEnd::HtmlBlock) => {
                let html = std::mem::take(&mut collected);
                What::Directive(directive(&html).with_context(|| format!("line {line}"))?)
            }
            _ => continue,
        };
        steps.push(Step { line, what });
    }
    Ok(steps)
}

fn directive(html: &str) -> Result<Directive> {
    let inner = html
        .trim()
        .strip_prefix("<!--")
        .and_then(|rest| rest.strip_suffix("-->"))
        .with_context(|| format!("only comments are known HTML, not {html}"))?;
    let (name, value) = inner
        .trim()
        .split_once(':')
        .with_context(|| format!("a comment is `name: value`, not {html}"))?;
    let value = value.trim();
    Ok(match name {
        "prepare" => Directive::Prepare(value.to_owned()),
        "file" => Directive::File(value.into()),
        "excerpt" => Directive::Excerpt(value.into()),
        "conformance" => Directive::Generated,
        "airflow" => {
            let (version, running) = match value.split_once(' ') {
                Some((version, "running")) => (version, true),
                Some(_) => bail!("`airflow: VERSION [running]`, not {value:?}"),
                None => (value, false),
            };
            let version = AirflowVersion::ALL
                .into_iter()
                .find(|known| known.as_str() == version)
                .with_context(|| format!("no Airflow {version} under test"))?;
            Directive::Airflow { version, running }
        }
        other => bail!("there is no directive {other:?}"),
    })
}
