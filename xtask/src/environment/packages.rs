//! Python packages beside Airflow, which only some tests need: they are large, and no Airflow has them by itself.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::cache::Cache;
use super::python::{NEWEST, Python};
use super::{STAMP, install};
use crate::progress::say;

/// An environment with some packages and without an Airflow that tasks of ours run on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packages {
    name: &'static str,
    /// The exact packages.
    requirements: &'static str,
    /// The environment variable that tells the tests of its Python.
    pub(crate) variable: &'static str,
    /// The newest Python that they run on.
    newest: (u32, u32),
}

impl Packages {
    /// A C compiler and linker for other machines, for images. No test needs it.
    pub(crate) const ZIG: Self = Self {
        name: "zig",
        requirements: include_str!("../../requirements/zig.txt"),
        variable: "AILERON_ZIG_PYTHON",
        newest: NEWEST,
    };

    /// The peer of `aileron lint` in the benchmarks. No test needs it.
    pub(crate) const RUFF: Self = Self {
        name: "ruff",
        requirements: include_str!("../../requirements/ruff.txt"),
        variable: "AILERON_RUFF_PYTHON",
        newest: NEWEST,
    };

    /// The environments of the tests.
    pub(crate) const ALL: [Self; 4] = [
        // pandas, pyarrow and numpy, for the tests of values. They put its packages beside Airflow's.
        Self {
            name: "pandas",
            requirements: include_str!("../../requirements/pandas.txt"),
            variable: end_to_end::PANDAS_PYTHON,
            newest: NEWEST,
        },
        // A server with the interface of S3, for the tests of logs in an object store.
        Self {
            name: "moto",
            requirements: include_str!("../../requirements/moto.txt"),
            variable: end_to_end::MOTO_PYTHON,
            newest: NEWEST,
        },
        // The last Airflow 2, for the tests that read its database. No task of ours runs on it.
        Self {
            name: "airflow-2.11.2",
            requirements: include_str!("../../requirements/airflow-2.11.2.txt"),
            variable: end_to_end::AIRFLOW_2_PYTHON,
            newest: (3, 12),
        },
        // What Airflow's Python needs for S3 and for zstd, for the tests of values in object storage. They lie beside its own.
        Self {
            name: "storage",
            requirements: include_str!("../../requirements/storage.txt"),
            variable: end_to_end::STORAGE_PYTHON,
            newest: NEWEST,
        },
    ];

    /// Prepares the environment, at once when it is there already, and returns its Python.
    pub(crate) fn prepare(self) -> Result<PathBuf> {
        let Self {
            name,
            requirements,
            newest,
            ..
        } = self;
        let base = Python::find_up_to(newest)?;
        let cache = Cache::open()?;
        let directory = cache.directory(name, &[requirements, &base.identity()]);
        let _lock = cache.lock()?;
        if !directory.join(STAMP).is_file() {
            install(name, requirements, &directory, &base, &cache)
                .with_context(|| format!("cannot prepare {name} in {}", directory.display()))?;
            fs::write(directory.join(STAMP), "")?;
            say(format!("{name}: ready in {}", directory.display()));
        }
        Ok(directory.join("bin/python"))
    }

    /// Prepares those of the tests; each Python with the variable that tells of it.
    pub(crate) fn prepare_all() -> Result<Vec<(&'static str, PathBuf)>> {
        let all = Self::ALL.into_iter();
        all.map(|packages| Ok((packages.variable, packages.prepare()?)))
            .collect()
    }
}
