//! The program that runs the tasks.

use std::path::{Path, PathBuf};

use aileron_bundle::manifest::Manifest;
use aileron_bundle::{Bundle, BundleError};
use aileron_local::Source;
use aileron_wire::SchemaVersion;
use anyhow::{Context as _, bail};

use super::Arguments;
use crate::outcome::UsageError;
use crate::project::{cargo, describe};

/// A program and what it says about itself.
pub(super) struct Program {
    pub(super) executable: PathBuf,
    pub(super) manifest: Manifest,
    pub(super) schema_version: SchemaVersion,
    /// Where its Dags are written.
    pub(super) source: Source,
}

/// Builds a project; a file is taken as it is.
pub(super) fn prepare(arguments: &Arguments) -> anyhow::Result<Program> {
    let what = &arguments.what;
    if what.is_dir() {
        return build(arguments);
    }
    if !what.exists() {
        return Err(UsageError(format!("there is no {}", what.display())).into());
    }
    match Bundle::open(what) {
        Ok(bundle) => {
            bundle
                .verify()
                .context("the bundle is damaged; pack it again")?;
            let manifest = bundle.manifest()?;
            let name = manifest.source.clone();
            let text = bundle.source()?;
            program(what, manifest, name.map(|name| (name, text)))
        }
        // No bundle: an executable that was not packed.
        Err(BundleError::Trailer { .. }) => program(what, describe::ask(what)?, None),
        Err(error) => Err(error.into()),
    }
}

fn build(arguments: &Arguments) -> anyhow::Result<Program> {
    let built = cargo::build(&cargo::Build {
        dir: &arguments.what,
        release: arguments.release,
        target: None,
        package: arguments.package.as_deref(),
        bin: arguments.bin.as_deref(),
        cargo_args: &arguments.cargo_args,
    })?;
    let manifest = describe::ask(&built.executable)?;
    let name = built.source.file_name().and_then(|name| name.to_str());
    let text = std::fs::read_to_string(&built.source).unwrap_or_default();
    let source = name.map(|name| (name.to_owned(), text));
    program(&built.executable, manifest, source)
}

fn program(
    executable: &Path,
    manifest: Manifest,
    source: Option<(String, String)>,
) -> anyhow::Result<Program> {
    manifest
        .validate()
        .with_context(|| format!("the manifest of {} cannot be used", executable.display()))?;
    let version = &manifest.sdk.supervisor_schema_version;
    let Ok(schema_version) = version.parse() else {
        bail!(
            "{} speaks the supervisor schema {version}, which is not known here; use a newer `aileron`",
            executable.display()
        );
    };
    // A bare name would be looked up in PATH, and tasks may run elsewhere.
    let executable = executable
        .canonicalize()
        .with_context(|| format!("cannot open {}", executable.display()))?;
    let (name, text) = source.unwrap_or_else(|| ("main.rs".to_owned(), String::new()));
    Ok(Program {
        source: Source {
            path: executable.clone(),
            name,
            text,
        },
        executable,
        manifest,
        schema_version,
    })
}
