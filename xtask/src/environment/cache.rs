//! Where environments lie between runs.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use crate::progress::say;

/// Where root keeps the servers of tests.
const FOR_SERVERS: &str = "/var/cache/aileron";

/// `$AILERON_CACHE`, or `aileron` in `$XDG_CACHE_HOME`, or `~/.cache/aileron`.
#[derive(Debug)]
pub(super) struct Cache {
    root: PathBuf,
}

impl Cache {
    pub(super) fn open() -> Result<Self> {
        let root = Self::root().context(
            "no place for the Airflow environments: set AILERON_CACHE to a directory (HOME is not set either)",
        )?;
        Self::at(root)
    }

    /// A place that other users can look into. Servers refuse to be root; what root starts runs as somebody else, who cannot
    /// look into root's home.
    pub(super) fn open_for_servers() -> Result<Self> {
        if super::uv::is_root() && Self::own().is_none() {
            return Self::at(PathBuf::from(FOR_SERVERS));
        }
        Self::open()
    }

    fn at(root: PathBuf) -> Result<Self> {
        fs::create_dir_all(&root).with_context(|| {
            format!(
                "cannot make {}; AILERON_CACHE can name another place",
                root.display()
            )
        })?;
        Ok(Self { root })
    }

    fn root() -> Option<PathBuf> {
        Self::own()
            .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("aileron")))
            .or_else(|| set("HOME").map(|home| home.join(".cache/aileron")))
    }

    /// What `AILERON_CACHE` says.
    fn own() -> Option<PathBuf> {
        // Virtual environments need absolute paths.
        set("AILERON_CACHE").and_then(|path| std::path::absolute(path).ok())
    }

    pub(super) fn path(&self) -> &Path {
        &self.root
    }

    /// The directory for something made from these inputs: other inputs, other directory.
    pub(super) fn directory(&self, name: &str, inputs: &[&str]) -> PathBuf {
        let mut hash = Sha256::new();
        for input in inputs {
            hash.update((input.len() as u64).to_le_bytes());
            hash.update(input.as_bytes());
        }
        let hex: String = hash
            .finalize()
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.root.join(format!("{name}-{hex}"))
    }

    /// Waits until no other run prepares environments; the lock ends with the value.
    pub(super) fn lock(&self) -> Result<File> {
        let path = self.root.join("lock");
        let file =
            File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        if file.try_lock().is_err() {
            say("waiting for another run that prepares environments");
            file.lock()
                .with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(file)
    }
}

fn set(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
