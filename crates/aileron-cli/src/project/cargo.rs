//! Building the project with cargo and finding what it built.

use std::ffi::OsString;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use cargo_metadata::{Artifact, Message, MetadataCommand};

use crate::outcome::UsageError;

/// What to build.
pub(crate) struct Build<'a> {
    pub(crate) dir: &'a Path,
    /// In the release profile, unless the cargo arguments name another.
    pub(crate) release: bool,
    pub(crate) target: Option<&'a str>,
    pub(crate) package: Option<&'a str>,
    pub(crate) bin: Option<&'a str>,
    pub(crate) cargo_args: &'a [String],
}

/// What was built.
pub(crate) struct Built {
    /// Name of the binary.
    pub(crate) name: String,
    pub(crate) executable: PathBuf,
    /// The binary's root source file.
    pub(crate) source: PathBuf,
    pub(crate) target_directory: PathBuf,
}

/// Runs `cargo build`; cargo's own progress and errors go to stderr as they come.
pub(crate) fn build(build: &Build<'_>) -> anyhow::Result<Built> {
    if !build.dir.join("Cargo.toml").is_file() {
        let message = "there is no Cargo.toml; give the directory of a project (`aileron new` makes one), or a ready \
                       file (`aileron pack --executable FILE`, `aileron run FILE`)";
        return Err(UsageError(format!("{}: {message}", build.dir.display())).into());
    }
    // From the project's directory, so that its own cargo configuration counts.
    let metadata = MetadataCommand::new()
        .current_dir(build.dir)
        .no_deps()
        .exec()
        .with_context(|| format!("cannot read the project in {}", build.dir.display()))?;
    let artifact = only_one(build_artifacts(build)?, build)?;
    let executable = artifact
        .executable
        .context("cargo built the binary but did not say where it is")?;
    Ok(Built {
        name: artifact.target.name,
        executable: executable.into(),
        source: artifact.target.src_path.into(),
        target_directory: metadata.target_directory.into(),
    })
}

fn build_artifacts(build: &Build<'_>) -> anyhow::Result<Vec<Artifact>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut child = Command::new(&cargo)
        .args(arguments(build))
        .current_dir(build.dir)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| {
            format!(
                "cannot run {}; is the Rust toolchain installed?",
                cargo.display()
            )
        })?;
    let stdout = child
        .stdout
        .take()
        .context("cargo's output was not captured")?;
    let mut artifacts = Vec::new();
    for message in Message::parse_stream(BufReader::new(stdout)) {
        match message.context("cannot understand what cargo reports")? {
            Message::CompilerArtifact(artifact)
                if artifact.executable.is_some() && artifact.target.is_bin() =>
            {
                artifacts.push(artifact);
            }
            _ => {}
        }
    }
    let status = child.wait().context("cannot wait for cargo")?;
    if !status.success() {
        bail!("`cargo build` failed ({status}); its messages are above");
    }
    Ok(artifacts)
}

fn arguments(build: &Build<'_>) -> Vec<String> {
    let mut arguments = vec![
        "build".to_owned(),
        "--message-format=json-render-diagnostics".to_owned(),
    ];
    let has_profile =
        |argument: &String| argument == "--profile" || argument.starts_with("--profile=");
    if build.release && !build.cargo_args.iter().any(has_profile) {
        arguments.push("--release".to_owned());
    }
    for (flag, value) in [
        ("--target", build.target),
        ("--package", build.package),
        ("--bin", build.bin),
    ] {
        if let Some(value) = value {
            arguments.extend([flag.to_owned(), value.to_owned()]);
        }
    }
    arguments.extend_from_slice(build.cargo_args);
    arguments
}

fn only_one(mut artifacts: Vec<Artifact>, build: &Build<'_>) -> anyhow::Result<Artifact> {
    if artifacts.len() > 1 {
        let names: Vec<_> = artifacts
            .iter()
            .map(|artifact| artifact.target.name.as_str())
            .collect();
        let message = format!(
            "the project has several binaries ({}); choose one with --bin",
            names.join(", ")
        );
        return Err(UsageError(message).into());
    }
    let Some(artifact) = artifacts.pop() else {
        bail!(
            "the project in {} has no binary; a bundle needs a main.rs",
            build.dir.display()
        );
    };
    Ok(artifact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments_of(cargo_args: &[&str]) -> Vec<String> {
        let cargo_args: Vec<_> = cargo_args
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect();
        let dir = Path::new(".");
        arguments(&Build {
            dir,
            release: true,
            target: Some("t"),
            package: None,
            bin: Some("b"),
            cargo_args: &cargo_args,
        })
    }

    #[test]
    fn the_release_profile_is_used_unless_another_is_asked_for() {
        assert!(arguments_of(&[]).contains(&"--release".to_owned()));
        assert!(!arguments_of(&["--profile=fast"]).contains(&"--release".to_owned()));
        assert!(!arguments_of(&["--profile", "fast"]).contains(&"--release".to_owned()));
    }

    #[test]
    fn cargo_arguments_come_last_so_that_they_win() {
        assert_eq!(
            arguments_of(&["--locked"])[3..],
            ["--target", "t", "--bin", "b", "--locked"]
        );
    }
}
