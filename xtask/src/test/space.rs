//! Room on the disk for the programs that the tests are built into.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::progress::say;

/// What a build of all tests takes, in bytes, with room for what they write themselves.
const NEEDED: u64 = 10_000_000_000;
/// What is needed when all is built.
const LEAST: u64 = 1_000_000_000;

/// Checks that the disk has room for the build, of which a part may be there already. Without room the linker dies of a signal minutes
/// later, and its message does not say why.
pub(super) fn check() -> Result<()> {
    let target = target_directory()?;
    let built = size(&target).unwrap_or(0);
    let free = free(&target)?;
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    say(format!(
        "{:.1} GB are free in {}, and {:.1} GB are built",
        gigabytes(free),
        target.display(),
        gigabytes(built)
    ));
    ensure!(
        free >= NEEDED.saturating_sub(built).max(LEAST),
        "the tests take {:.0} GB in {}, where {:.1} GB are free beside {:.1} GB that are built; free some, or set CARGO_TARGET_DIR",
        gigabytes(NEEDED),
        target.display(),
        gigabytes(free),
        gigabytes(built),
    );
    Ok(())
}

/// Where cargo has put this program, and will put the others.
fn target_directory() -> Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find this program")?;
    let directory = this.parent().context("this program is in no directory")?;
    Ok(directory.to_owned())
}

fn free(path: &Path) -> Result<u64> {
    let found = rustix::fs::statvfs(path)
        .with_context(|| format!("cannot look at the disk of {}", path.display()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// The bytes of all files below a directory.
fn size(directory: &Path) -> io::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let found = entry.metadata()?;
        total += if found.is_dir() {
            size(&entry.path())?
        } else {
            found.len()
        };
    }
    Ok(total)
}
