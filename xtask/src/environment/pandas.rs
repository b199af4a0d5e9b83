//! pandas, pyarrow and numpy, which only the tests of values need: they are large, and no Airflow has them by itself.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::cache::Cache;
use super::python::Python;
use super::{STAMP, install};
use crate::progress::say;

/// The exact packages.
const REQUIREMENTS: &str = include_str!("../../requirements/pandas.txt");

/// A prepared environment with pandas and without Airflow.
#[derive(Debug, Clone)]
pub(crate) struct Pandas {
    /// Its Python. The tests put its packages beside Airflow's.
    pub(crate) python: PathBuf,
}

impl Pandas {
    /// The environment variable that tells the tests of it.
    pub(crate) const VARIABLE: &str = end_to_end::PANDAS_PYTHON;

    /// Prepares the environment; at once when it is there already.
    pub(crate) fn prepare() -> Result<Self> {
        let base = Python::find()?;
        let cache = Cache::open()?;
        let directory = cache.directory("pandas", &[REQUIREMENTS, &base.identity()]);
        let _lock = cache.lock()?;
        if !directory.join(STAMP).is_file() {
            install("pandas", REQUIREMENTS, &directory, &base, &cache)
                .with_context(|| format!("cannot prepare pandas in {}", directory.display()))?;
            fs::write(directory.join(STAMP), "")?;
            say(format!("pandas: ready in {}", directory.display()));
        }
        Ok(Self {
            python: directory.join("bin/python"),
        })
    }
}
