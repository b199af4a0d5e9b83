//! The directory that is the root of the image.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::DAG;
use super::build::Programs;

/// What a container runtime does, as far as a task can tell: namespaces, `/proc` and `/dev`.
const CONTAINER: &str = r#"
exec unshare --user --map-root-user --mount --pid --fork --kill-child sh -c '
    mount -t proc proc "$0/proc" &&
    mount --bind /dev/null "$0/dev/null" &&
    exec chroot "$0" /aileron "$@"' "$root" "$@"
"#;

/// The root directory of the image, as `docs/kubernetes.md` has it.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
}

impl Root {
    /// `target/image`, with the command and a bundle without symbols.
    pub(super) fn assemble(programs: &Programs) -> Result<Self> {
        let path = end_to_end::workspace_root().join("target/image");
        if path.exists() {
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot empty {}", path.display()))?;
        }
        fs::create_dir_all(path.join("bundles"))?;
        let root = Self { path };
        let aileron = root.path.join("aileron");
        fs::copy(&programs.aileron, &aileron)?;
        strip(&aileron)?;
        // A bundle knows the digest of its executable: strip first, then pack.
        let stripped = root.path.join("stripped");
        fs::copy(&programs.bundle, &stripped)?;
        strip(&stripped)?;
        let output = Command::new(&aileron)
            .arg("pack")
            .arg("--executable")
            .arg(&stripped)
            .arg("--source")
            .arg(end_to_end::workspace_root().join("examples/orders/src/main.rs"))
            .arg("--output")
            .arg(root.path.join("bundles").join(DAG))
            .output()?;
        ensure!(
            output.status.success(),
            "aileron pack failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        fs::remove_file(stripped)?;
        Ok(root)
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The files of the image, and their sizes in bytes.
    pub(super) fn files(&self) -> Result<Vec<(String, u64)>> {
        let names = ["aileron".to_owned(), format!("bundles/{DAG}")];
        names
            .into_iter()
            .map(|name| {
                let bytes = fs::metadata(self.path.join(&name))?.len();
                Ok((format!("/{name}"), bytes))
            })
            .collect()
    }

    /// The size of the image in bytes.
    pub(super) fn bytes(&self) -> Result<u64> {
        Ok(self.files()?.into_iter().map(|(_, bytes)| bytes).sum())
    }

    /// Writes a program that does with its arguments what a container of the image does. It stands in for a container
    /// runtime, which not every machine has: it sees the image, a directory for logs, and its own processes.
    pub(super) fn container(&self, file: &Path) -> Result<()> {
        for directory in ["airflow", "dev", "proc"] {
            fs::create_dir_all(self.path.join(directory))?;
        }
        fs::write(self.path.join("dev/null"), "")?;
        let root = self.path.display();
        fs::write(file, format!("#!/bin/sh\nroot='{root}'\n{CONTAINER}"))?;
        fs::set_permissions(file, fs::Permissions::from_mode(0o755))?;
        let output = Command::new(file).arg("--version").output()?;
        ensure!(
            output.status.success(),
            "the image does not start: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}

fn strip(file: &Path) -> Result<()> {
    let status = Command::new("strip")
        .arg(file)
        .status()
        .context("cannot run strip, which comes with the linker that Rust needs")?;
    ensure!(status.success(), "strip {}: {status}", file.display());
    Ok(())
}
