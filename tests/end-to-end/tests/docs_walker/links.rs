//! Links between pages.

use std::path::Path;

use anyhow::{Result, ensure};
use end_to_end::workspace_root;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::page::Page;

/// Every relative link leads to a file, and to a heading in it when it names one.
pub(crate) fn check(pages: &[Page]) -> Result<()> {
    for page in pages {
        check_page(&page.path, &page.text)?;
    }
    Ok(())
}

fn check_page(path: &Path, text: &str) -> Result<()> {
    for link in links(text) {
        if link.contains("://") {
            continue;
        }
        let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let target = if file.is_empty() {
            path.to_owned()
        } else {
            path.parent().unwrap_or(Path::new("")).join(file)
        };
        let lies_at = workspace_root().join(&target);
        ensure!(
            lies_at.exists(),
            "{}: the link {link} leads nowhere",
            path.display()
        );
        if !anchor.is_empty() {
            let linked = std::fs::read_to_string(&lies_at)?;
            ensure!(
                anchors(&linked).iter().any(|known| known == anchor),
                "{}: {} has no heading for #{anchor}",
                path.display(),
                target.display()
            );
        }
    }
    Ok(())
}

fn links(text: &str) -> Vec<String> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(dest_url.into_string())
            }
            _ => None,
        })
        .collect()
}

/// The anchors that code hosts give headings: lower case, spaces as dashes, without other punctuation.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(more) | Event::Code(more) => {
                if let Some(title) = &mut heading {
                    title.push_str(&more);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some(title) = heading.take() {
                    anchors.push(anchor(&title));
                }
            }
            _ => {}
        }
    }
    anchors
}

fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}
