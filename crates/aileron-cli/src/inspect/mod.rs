//! `aileron inspect`: what is in a bundle.

mod tree;

use std::fmt::Write as _;
use std::path::PathBuf;

use aileron_bundle::Bundle;
use aileron_bundle::manifest::Manifest;
use serde_json::json;

use crate::executable::ExecutableKind;
use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use crate::{size, style};

/// Show what is in a bundle: Dags, tasks, arguments, sizes and digests.
///
/// Reads the manifest; the executable is not run and its digest is not checked (`aileron verify` does that).
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bundle.
    file: PathBuf,
    /// Print the embedded source and nothing else.
    #[arg(long)]
    source: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t, conflicts_with = "source")]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let bundle = Bundle::open(&arguments.file)?;
    if arguments.source {
        print_text(&bundle.source()?)?;
        return Ok(Outcome::Done);
    }
    let manifest = bundle.manifest()?;
    let kind = ExecutableKind::of(&bundle)?;
    match arguments.format {
        Format::Json => print_json(&json(&bundle, &manifest, &kind))?,
        Format::Text => print_text(&text(&bundle, &manifest, &kind)?)?,
    }
    Ok(Outcome::Done)
}

fn json(bundle: &Bundle, manifest: &Manifest, kind: &ExecutableKind) -> serde_json::Value {
    let (regions, trailer) = (bundle.regions(), bundle.trailer());
    json!({
        "path": bundle.path(),
        "size": bundle.file_len(),
        "executable": kind.to_string(),
        "regions": {
            "binary": {"offset": 0, "length": regions.source_start, "sha256": trailer.binary_sha256.to_string()},
            "source": {"offset": regions.source_start, "length": trailer.source_len},
            "manifest": {"offset": regions.metadata_start, "length": trailer.metadata_len},
        },
        "manifest": manifest,
    })
}

fn text(
    bundle: &Bundle,
    manifest: &Manifest,
    kind: &ExecutableKind,
) -> Result<String, std::fmt::Error> {
    let (regions, trailer) = (bundle.regions(), bundle.trailer());
    let mut text = String::new();
    writeln!(
        text,
        "{}",
        style::paint(style::NAME, bundle.path().display())
    )?;
    writeln!(
        text,
        "  size        {} (executable {}, source {}, manifest {})",
        size::human(bundle.file_len()),
        size::human(regions.source_start),
        size::human(trailer.source_len.into()),
        size::human(trailer.metadata_len.into()),
    )?;
    writeln!(
        text,
        "  executable  {kind}, SHA-256 {}",
        trailer.binary_sha256
    )?;
    if let Some(source) = &manifest.source {
        writeln!(text, "  source      {source}")?;
    }
    writeln!(
        text,
        "  SDK         {} {}",
        manifest.sdk.language, manifest.sdk.version
    )?;
    writeln!(
        text,
        "  schema      {}",
        manifest.sdk.supervisor_schema_version
    )?;
    if let Some(digests) = &manifest.digests {
        writeln!(text, "  cache key   {}", digests.cache)?;
    }
    tree::write(&mut text, manifest)?;
    Ok(text)
}
