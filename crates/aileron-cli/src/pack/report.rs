//! What `aileron pack` says when it is done.

use std::fmt::Write as _;
use std::path::Path;

use aileron_bundle::Packed;
use serde_json::json;

use crate::format::{Format, print_json, print_text};
use crate::schema::SchemaVersion;
use crate::{dag_ids, size, style};

pub(super) fn print(output: &Path, packed: &Packed, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => print_json(&json!({
            "path": output,
            "size": packed.len,
            "sha256": packed.trailer.binary_sha256.to_string(),
            "manifest": packed.manifest,
        })),
        Format::Text => print_text(&text(output, packed)?),
    }
}

fn text(output: &Path, packed: &Packed) -> Result<String, std::fmt::Error> {
    let shown = near(output).display();
    let name = output.file_name().unwrap_or_default().display();
    let version = &packed.manifest.sdk.supervisor_schema_version;
    let accepted = SchemaVersion::known(version)
        .map_or("no known Airflow release", SchemaVersion::accepted_by);
    let mut text = String::new();
    writeln!(
        text,
        "{} {shown} ({})",
        style::paint(style::OK, "Packed"),
        size::human(packed.len)
    )?;
    writeln!(text, "  Dags    {}", dag_ids::listed(&packed.manifest))?;
    writeln!(text, "  schema  {version}: {accepted}")?;
    if output.extension().is_some() {
        let note = style::paint(style::NOTE, "note");
        writeln!(
            text,
            "  {note}    Airflow 3.4 reads Dags only from bundles whose file name has no dot; rename it there"
        )?;
    }
    writeln!(text, "{}", style::paint(style::NAME, "Next"))?;
    writeln!(text, "  check it       aileron verify {shown}")?;
    writeln!(
        text,
        "  stub Dag file  aileron stub {shown} --output DAGS_FOLDER/{name}.py"
    )?;
    writeln!(
        text,
        "  install it     copy the bundle into `executables_root` of the coordinator (Airflow 3.3)"
    )?;
    writeln!(
        text,
        "                 or into the Dag bundle (Airflow 3.4)"
    )?;
    Ok(text)
}

/// The path as seen from the current directory, when it lies below it: shorter to read and to copy.
fn near(path: &Path) -> &Path {
    std::env::current_dir()
        .ok()
        .and_then(|here| path.strip_prefix(here).ok())
        .unwrap_or(path)
}
