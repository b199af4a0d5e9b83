//! `aileron state export`.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use aileron_metastore::inventory::{AssetFilter, Filter, Inventory, StateLine};
use anyhow::Context as _;

use super::asset;
use crate::stored::{Opened, Selection};

/// How many values are read at once.
const PAGE: i64 = 500;

/// Write values as lines of JSON, for `aileron state import`.
///
/// Without options it is all of both stores; with options of tasks those of tasks, with --asset those of an asset. Values stand there
/// as they are, secrets too.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Only of this asset: its name, or its URI.
    #[arg(long, value_name = "NAME|URI")]
    asset: Option<String>,
    /// The file to write, which only its owner may read. [default: standard output]
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
}

pub(super) async fn run(opened: &Opened, arguments: &Arguments) -> anyhow::Result<()> {
    let store = &opened.store;
    let filter = arguments.selection.filter();
    let of_tasks = Filter {
        key: None,
        ..filter.clone()
    } != Filter::default();
    let assets = asset::filter(store, arguments.asset.as_deref(), filter.key.as_deref()).await?;
    let mut out: Box<dyn Write> = match &arguments.output {
        Some(path) => Box::new(BufWriter::new(private_file(path)?)),
        None => Box::new(BufWriter::new(std::io::stdout().lock())),
    };
    writeln!(out, "{}", StateLine::Head.write()?)?;
    let mut count = 0;
    if of_tasks || arguments.asset.is_none() {
        count += tasks(store.inventory(), &filter, &mut out).await?;
    }
    if arguments.asset.is_some() || !of_tasks {
        count += of_assets(store.inventory(), &assets, &mut out).await?;
    }
    out.flush()?;
    anstream::eprintln!("exported {count} values");
    Ok(())
}

fn private_file(path: &Path) -> anyhow::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

async fn tasks(
    inventory: Inventory<'_>,
    filter: &Filter,
    out: &mut dyn Write,
) -> anyhow::Result<u64> {
    let (mut after, mut count) = (0, 0);
    loop {
        let page = inventory.task_lines(filter, after, PAGE).await?;
        let Some((last, _)) = page.last() else {
            return Ok(count);
        };
        after = *last;
        for (_, line) in page {
            writeln!(out, "{}", StateLine::Task(line).write()?)?;
            count += 1;
        }
    }
}

async fn of_assets(
    inventory: Inventory<'_>,
    filter: &AssetFilter,
    out: &mut dyn Write,
) -> anyhow::Result<u64> {
    let (mut after, mut count): (Option<(i64, String)>, u64) = (None, 0);
    loop {
        let from = after.as_ref().map(|(id, key)| (*id, key.as_str()));
        let page = inventory.asset_lines(filter, from, PAGE).await?;
        let Some((last, line)) = page.last() else {
            return Ok(count);
        };
        after = Some((*last, line.key.clone()));
        for (_, line) in page {
            writeln!(out, "{}", StateLine::Asset(line).write()?)?;
            count += 1;
        }
    }
}
