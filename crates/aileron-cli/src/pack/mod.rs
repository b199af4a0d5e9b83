//! `aileron pack`: from a cargo project, or from a ready executable, to a bundle.

mod report;

use std::fs;
use std::path::{Path, PathBuf};

use aileron_bundle::BundleWriter;
use aileron_bundle::manifest::Manifest;
use anyhow::{Context as _, bail};

use crate::format::Format;
use crate::outcome::{Outcome, UsageError};
use crate::project::{cargo, describe};
use crate::schema::{AirflowRelease, SchemaVersion};

/// Build a project and pack its executable into a bundle.
///
/// Runs `cargo build --release`, asks the executable for its Dags and writes the bundle: a file that runs as it is and
/// that Airflow's executable coordinator can read. The default output is `bundles/NAME` in the project's target
/// directory, `bundles/TRIPLE/NAME` with --target.
///
/// With --executable nothing is built: the given file is packed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aileron pack
  aileron pack orders --output airflow/bundles/orders -- --locked --features postgres
  aileron pack --target aarch64-unknown-linux-gnu --airflow-metadata manifest.json
  aileron pack --executable orders --source main.rs --output bundles/orders")]
pub(crate) struct Arguments {
    /// Directory of the cargo project.
    #[arg(default_value = ".", conflicts_with = "executable")]
    dir: PathBuf,
    /// Where to write the bundle. Keep the file name without a dot: Airflow 3.4 reads Dags only from bundles without an
    /// extension.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Build for another machine, as `cargo build --target` does.
    #[arg(long, value_name = "TRIPLE", conflicts_with = "executable")]
    target: Option<String>,
    /// The workspace package to build.
    #[arg(long, short, value_name = "NAME", conflicts_with = "executable")]
    package: Option<String>,
    /// The binary to pack when the package has several.
    #[arg(long, value_name = "NAME", conflicts_with = "executable")]
    bin: Option<String>,
    /// The supervisor schema version to declare instead of the one the executable prints. 2026-06-16 works on Airflow 3.3
    /// and 3.4.
    #[arg(long, value_name = "VERSION", value_enum)]
    supervisor_schema: Option<SchemaVersion>,
    /// The oldest Airflow release the bundle must run on; another way to say --supervisor-schema.
    #[arg(
        long,
        value_name = "RELEASE",
        value_enum,
        conflicts_with = "supervisor_schema"
    )]
    airflow: Option<AirflowRelease>,
    /// Pack this executable instead of building one. Strip it before, never after.
    #[arg(long, value_name = "FILE", requires = "output")]
    executable: Option<PathBuf>,
    /// The source file to embed; Airflow shows it. Found by itself for a cargo project.
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
    /// The manifest to use, YAML or JSON, instead of running the executable. Make one by running the executable with
    /// `--airflow-metadata` where it can run.
    #[arg(long, value_name = "FILE")]
    airflow_metadata: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Arguments for `cargo build`.
    #[arg(last = true, value_name = "CARGO ARGS", conflicts_with = "executable")]
    cargo_args: Vec<String>,
}

/// What goes into a bundle, and where it goes.
struct Inputs {
    executable: PathBuf,
    source: Option<PathBuf>,
    output: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let inputs = inputs(arguments)?;
    refuse_bundle(&inputs.executable)?;
    let mut manifest = manifest(arguments, &inputs.executable)?;
    if let Some(version) = arguments
        .supervisor_schema
        .or(arguments.airflow.map(Into::into))
    {
        manifest.sdk.supervisor_schema_version = version.text().to_owned();
    }
    let writer = with_source(
        BundleWriter::new(&inputs.executable, manifest),
        inputs.source.as_deref(),
    )?;
    if let Some(parent) = inputs.output.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create the directory {}", parent.display()))?;
    }
    let packed = writer.write(&inputs.output)?;
    report::print(&inputs.output, &packed, arguments.format)?;
    Ok(Outcome::Done)
}

fn inputs(arguments: &Arguments) -> anyhow::Result<Inputs> {
    if let (Some(executable), Some(output)) = (&arguments.executable, &arguments.output) {
        let source = arguments.source.clone();
        return Ok(Inputs {
            executable: executable.clone(),
            source,
            output: output.clone(),
        });
    }
    let built = cargo::build(&cargo::Build {
        dir: &arguments.dir,
        release: true,
        target: arguments.target.as_deref(),
        package: arguments.package.as_deref(),
        bin: arguments.bin.as_deref(),
        cargo_args: &arguments.cargo_args,
    })?;
    let output = arguments.output.clone().unwrap_or_else(|| {
        let mut output = built.target_directory.join("bundles");
        output.extend(&arguments.target);
        output.join(&built.name)
    });
    let source = arguments.source.clone().unwrap_or(built.source);
    Ok(Inputs {
        executable: built.executable,
        source: Some(source),
        output,
    })
}

/// A bundle runs like an executable, so without this check it would be asked for its Dags first.
fn refuse_bundle(executable: &Path) -> anyhow::Result<()> {
    if executable.is_dir() {
        return Err(UsageError(format!(
            "--executable: {} is a directory",
            executable.display()
        ))
        .into());
    }
    if aileron_bundle::Bundle::open(executable).is_ok() {
        return Err(aileron_bundle::BundleError::AlreadyPacked {
            path: executable.to_path_buf(),
        }
        .into());
    }
    Ok(())
}

fn manifest(arguments: &Arguments, executable: &Path) -> anyhow::Result<Manifest> {
    let manifest = match &arguments.airflow_metadata {
        Some(path) => {
            let bytes = fs::read(path)
                .with_context(|| format!("--airflow-metadata: cannot read {}", path.display()))?;
            Manifest::from_yaml(&bytes)
                .with_context(|| format!("--airflow-metadata: {}", path.display()))?
        }
        None => describe::ask(executable)?,
    };
    let origin = arguments.airflow_metadata.as_deref().unwrap_or(executable);
    manifest
        .validate()
        .with_context(|| format!("the manifest of {} cannot be used", origin.display()))?;
    Ok(manifest)
}

fn with_source(writer: BundleWriter, source: Option<&Path>) -> anyhow::Result<BundleWriter> {
    let Some(path) = source else {
        return Ok(writer);
    };
    let bytes =
        fs::read(path).with_context(|| format!("--source: cannot read {}", path.display()))?;
    let Ok(text) = String::from_utf8(bytes) else {
        bail!("--source: {} is not UTF-8 text", path.display())
    };
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        bail!(
            "--source: {} has no file name that is UTF-8",
            path.display()
        )
    };
    Ok(writer.source(name, text))
}
