//! uv, which installs an environment in seconds: the machine's own, or one installed beside the environments.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::cache::Cache;
use super::python::Python;
use super::{STAMP, run};
use crate::progress::say;

/// The version installed when the machine has none.
const VERSION: &str = "0.13.8";

/// The certificate authorities of Debian and its relatives; uv brings its own for machines without them.
const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

#[derive(Debug)]
pub(super) struct Uv {
    path: PathBuf,
}

impl Uv {
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        // Only the given Python and the given environment, nothing that lies around.
        command
            .env("UV_PYTHON_DOWNLOADS", "never")
            .env_remove("VIRTUAL_ENV")
            .env_remove("CONDA_PREFIX");
        // A network may have a certificate authority or a package index of its own; pip is told about them in other ways.
        if Path::new(SYSTEM_CERTIFICATES).is_file() && env::var_os("UV_SYSTEM_CERTS").is_none() {
            command.env("UV_SYSTEM_CERTS", "true");
        }
        if let (None, Some(index)) = (
            env::var_os("UV_DEFAULT_INDEX"),
            env::var_os("PIP_INDEX_URL"),
        ) {
            command.env("UV_DEFAULT_INDEX", index);
        }
        command
    }
}

/// Finds uv on the path, or installs it into the cache.
pub(super) fn find(base: &Python, cache: &Cache) -> Result<Uv> {
    let own = Command::new("uv").arg("--version").output();
    if own.is_ok_and(|output| output.status.success()) {
        return Ok(Uv {
            path: PathBuf::from("uv"),
        });
    }
    let directory = cache.directory("uv", &[VERSION, &base.identity()]);
    if !directory.join(STAMP).is_file() {
        install(&directory, base)
            .with_context(|| format!("cannot install uv in {}", cache.path().display()))?;
    }
    Ok(Uv {
        path: directory.join("bin/uv"),
    })
}

fn install(directory: &Path, base: &Python) -> Result<()> {
    say(format!("installing uv {VERSION} (once)"));
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    if !base.makes_environments() {
        // Debian keeps the part of Python that makes environments with pip in a package of its own.
        match fetch(directory, base) {
            Ok(()) => return finish(directory),
            Err(error) => install_debian_package(base).context(format!("{error:#}"))?,
        }
    }
    run(Command::new(base.path())
        .args(["-m", "venv"])
        .arg(directory))?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    run(Command::new(directory.join("bin/python"))
        .args(pip)
        .arg(format!("uv=={VERSION}")))?;
    finish(directory)
}

fn finish(directory: &Path) -> Result<()> {
    fs::write(directory.join(STAMP), "")?;
    Ok(())
}

/// Gets uv's executable alone.
fn fetch(directory: &Path, base: &Python) -> Result<()> {
    let script = include_str!("../../python/fetch_uv.py");
    run(Command::new(base.path())
        .args(["-c", script, VERSION])
        .arg(directory.join("bin/uv")))
    .context("cannot get uv without pip")
}

/// Root may install what is missing; anybody else is told the command.
fn install_debian_package(base: &Python) -> Result<()> {
    let package = "python3-venv";
    if !is_root() || Command::new("apt-get").arg("--version").output().is_err() {
        bail!(
            "{} cannot make virtual environments; install that part of Python (Debian and Ubuntu: \
             sudo apt-get install {package}), or install uv (https://docs.astral.sh/uv), and try again",
            base.path().display()
        );
    }
    say(format!("installing the Debian package {package}"));
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    run(apt().args(["update", "-qq"]))?;
    run(apt().args(["install", "-y", "-qq", "--no-install-recommends", package]))
}

pub(super) fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
