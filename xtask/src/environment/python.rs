//! The machine's Python, which the environments are made with.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

/// The Pythons that both Airflow versions under test and their pinned packages run on.
const OLDEST: (u32, u32) = (3, 11);
pub(super) const NEWEST: (u32, u32) = (3, 14);

/// Prints path, version and whether virtual environments with pip can be made (Debian splits that off).
const PROBE: &str = "import os, sys, importlib.util as u; \
    print(os.path.realpath(sys.executable)); print('%d.%d.%d' % sys.version_info[:3]); \
    print(bool(u.find_spec('ensurepip') and u.find_spec('venv')))";

#[derive(Debug, Clone)]
pub(super) struct Python {
    path: PathBuf,
    version: String,
    makes_environments: bool,
}

impl Python {
    /// The Python that `AILERON_PYTHON` names, or the first one on the path that fits.
    pub(super) fn find() -> Result<Self> {
        Self::find_up_to(NEWEST)
    }

    /// The same for packages that do not run on the newest ones.
    pub(super) fn find_up_to(newest: (u32, u32)) -> Result<Self> {
        let named = std::env::var("AILERON_PYTHON").ok();
        let candidates: Vec<String> = match &named {
            Some(python) => vec![python.clone()],
            None => std::iter::once("python3".to_owned())
                .chain(
                    (OLDEST.1..=newest.1)
                        .rev()
                        .map(|minor| format!("python3.{minor}")),
                )
                .collect(),
        };
        let found: Vec<Self> = candidates
            .iter()
            .filter_map(|candidate| Self::probe(candidate))
            .collect();
        if let Some(python) = found.iter().find(|python| python.fits(newest)) {
            return Ok(python.clone());
        }
        let wanted = format!(
            "Python {}.{} to {}.{}",
            OLDEST.0, OLDEST.1, newest.0, newest.1
        );
        match (found.first(), named) {
            (Some(python), _) => bail!(
                "the real Airflow needs {wanted}, but {} is Python {}; install one, or let AILERON_PYTHON name it",
                python.path.display(),
                python.version
            ),
            (None, Some(named)) => {
                bail!("AILERON_PYTHON is {named}, which does not run; it must name {wanted}")
            }
            (None, None) => bail!(
                "the real Airflow needs {wanted}, and there is no python3 on the PATH; \
                 install it (Debian: apt-get install python3 python3-venv), or let AILERON_PYTHON name it"
            ),
        }
    }

    fn probe(candidate: &str) -> Option<Self> {
        let output = Command::new(candidate)
            .args(["-c", PROBE])
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut lines = text.lines();
        Some(Self {
            path: PathBuf::from(lines.next()?),
            version: lines.next()?.to_owned(),
            makes_environments: lines.next()? == "True",
        })
    }

    fn fits(&self, newest: (u32, u32)) -> bool {
        let mut numbers = self
            .version
            .split('.')
            .filter_map(|number| number.parse::<u32>().ok());
        let minor = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        (OLDEST..=newest).contains(&minor)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Whether `python -m venv` makes an environment with pip.
    pub(super) fn makes_environments(&self) -> bool {
        self.makes_environments
    }

    /// What an environment made with this Python depends on.
    pub(super) fn identity(&self) -> String {
        format!(
            "{} {} {}",
            self.path.display(),
            self.version,
            std::env::consts::ARCH
        )
    }
}
