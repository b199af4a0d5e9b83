//! Environments whose packages lie beside those of an Airflow.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The environment variable that names the Python with pandas, pyarrow and numpy.
pub const PANDAS_PYTHON: &str = "AILERON_PANDAS_PYTHON";

/// The environment variable that names the Python with what Airflow needs for S3 and zstd.
pub const STORAGE_PYTHON: &str = "AILERON_STORAGE_PYTHON";

/// Where pandas lies. With this on `PYTHONPATH`, the Python of an Airflow can import it.
///
/// # Errors
/// When [`PANDAS_PYTHON`] is not set, or that Python does not run.
pub fn pandas_packages() -> Result<PathBuf> {
    packages(PANDAS_PYTHON)
}

/// Where Airflow's provider for AWS lies. With this on `PYTHONPATH`, an Airflow has `s3://` and zstd.
///
/// # Errors
/// When [`STORAGE_PYTHON`] is not set, or that Python does not run.
pub fn storage_packages() -> Result<PathBuf> {
    packages(STORAGE_PYTHON)
}

fn packages(variable: &str) -> Result<PathBuf> {
    let python = std::env::var_os(variable).with_context(|| {
        format!("{variable} is not set: `cargo xtask test` prepares it and sets it, `cargo xtask env` prints it")
    })?;
    let output = Command::new(&python)
        .args([
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ])
        .output()
        .with_context(|| format!("cannot run {}", python.display()))?;
    ensure!(
        output.status.success(),
        "{}: {}",
        python.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}
