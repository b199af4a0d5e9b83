//! Projects of users, built in tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The profiles of this workspace: what has been compiled for it with the same features is there already. A release build must work
/// and need not be fast: optimising the dependencies would take longer than all else that tests do with new projects.
const PROFILES: &str = r#"
[profile.dev]
debug = "line-tables-only"

[profile.dev.package."*"]
debug = false

[profile.dev.package."sha2@0.11"]
opt-level = 3

[profile.release]
codegen-units = 256
lto = "off"
opt-level = 0
"#;

/// Has cargo build the projects below a directory as this workspace is built. They share its target directory, which is returned;
/// give them its lock file, too.
///
/// # Errors
/// When the configuration cannot be written.
pub fn build_like_the_workspace(directory: &Path) -> Result<PathBuf> {
    let configuration = directory.join(".cargo");
    fs::create_dir_all(&configuration)?;
    fs::write(configuration.join("config.toml"), PROFILES)?;
    // The test programs are in `target/debug/deps`.
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3);
    Ok(target
        .context("a test program lies deep in a target directory")?
        .to_owned())
}
