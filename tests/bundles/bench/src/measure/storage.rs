//! XComs that lie in object storage.

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use aileron_config::Config;
use aileron_wire::json;
use aileron_xcom::storage::{Coordinate, Layout, ObjectStorage, Settings};
use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::Numbers;
use crate::percentile::Sorted;
use crate::xcom::{Row, rows};

#[derive(Debug, Args)]
pub(crate) struct Storage {
    /// What is done
    what: What,
    /// The directory of the objects
    #[arg(long)]
    directory: PathBuf,
    /// How often; for small values how many
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// How long the value is as JSON, in MB
    #[arg(long, default_value_t = 44)]
    size: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Writes the rows
    Write,
    /// Reads the rows that `write` has written
    Read,
    /// Writes and reads values of 1 KB
    Small,
    /// Writes and reads the bytes of the rows, and nothing else
    Copy,
}

const TASK: Coordinate<'_> = Coordinate {
    dag_id: "bench",
    run_id: "run",
    task_id: "rows",
    ti_id: None,
};

/// Where `write` says what it has written.
const WRITTEN: &str = "written";

pub(crate) fn measure(arguments: &Storage) -> Result<Numbers> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut numbers = runtime.block_on(async {
        match arguments.what {
            What::Write => write(arguments).await,
            What::Read => read(arguments).await,
            What::Small => small(arguments).await,
            What::Copy => copy(arguments),
        }
    })?;
    numbers.insert("storage.peak_mib".to_owned(), peak()?);
    Ok(numbers)
}

fn storage(arguments: &Storage) -> Result<ObjectStorage> {
    let base = format!("file://{}", arguments.directory.display());
    let variable = ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", base);
    let settings = Settings::of_xcoms(&Config::with_environment([variable]))?;
    Ok(ObjectStorage::open(&settings, None)?)
}

/// From the value of a task to the object.
async fn write(arguments: &Storage) -> Result<Numbers> {
    let storage = storage(arguments)?;
    let rows = rows(arguments.size * 1_000_000)?;
    let (mut speeds, mut written) = (Vec::new(), String::new());
    for _ in 0..arguments.runs {
        let start = Instant::now();
        let encoded = json::encode(&rows)?;
        let object = storage.xcom(Layout::Airflow33, &TASK, "rows")?;
        let size = storage.write(&object, encoded.into()).await?;
        speeds.push(start.elapsed().div_f64(size as f64 / 1e6));
        written = object.as_str().to_owned();
    }
    fs::write(arguments.directory.join(WRITTEN), written)?;
    Ok(speed("write", speeds))
}

/// From the object to the value of a task.
async fn read(arguments: &Storage) -> Result<Numbers> {
    let storage = storage(arguments)?;
    let reference = fs::read_to_string(arguments.directory.join(WRITTEN))?;
    let object = storage.reference(&reference).context("no reference")?;
    let size = fs::metadata(reference.trim_start_matches("file://"))?.len();
    let mut speeds = Vec::new();
    for _ in 0..arguments.runs {
        let start = Instant::now();
        let rows: Vec<Row> = storage.read_value(&object).await?;
        speeds.push(start.elapsed().div_f64(size as f64 / 1e6));
        black_box(rows);
    }
    Ok(speed("read", speeds))
}

/// Values of 1 KB, each in an object of its own.
async fn small(arguments: &Storage) -> Result<Numbers> {
    let storage = storage(arguments)?;
    let value = Value::from("x".repeat(1_000));
    let mut objects = Vec::new();
    let start = Instant::now();
    for _ in 0..arguments.runs {
        let object = storage.xcom(Layout::Airflow33, &TASK, "small")?;
        storage.write(&object, json::encode(&value)?.into()).await?;
        objects.push(object);
    }
    let writing = start.elapsed().as_secs_f64();
    let start = Instant::now();
    for object in &objects {
        ensure!(storage.read_value::<Value>(object).await? == value);
    }
    let reading = start.elapsed().as_secs_f64();
    let count = arguments.runs as f64;
    Ok(Numbers::from([
        ("storage.small_writes_per_s".to_owned(), count / writing),
        ("storage.small_reads_per_s".to_owned(), count / reading),
    ]))
}

fn copy(arguments: &Storage) -> Result<Numbers> {
    let text = serde_json::to_vec(&rows(arguments.size * 1_000_000)?)?;
    let file = arguments.directory.join("copy");
    let (mut writes, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..arguments.runs {
        let start = Instant::now();
        fs::write(&file, &text)?;
        writes.push(start.elapsed().div_f64(text.len() as f64 / 1e6));
        let start = Instant::now();
        ensure!(fs::read(&file)?.len() == text.len());
        reads.push(start.elapsed().div_f64(text.len() as f64 / 1e6));
    }
    let mut numbers = speed("copy_write", writes);
    numbers.extend(speed("copy_read", reads));
    Ok(numbers)
}

/// MB/s out of times for one MB.
fn speed(name: &str, times: Vec<std::time::Duration>) -> Numbers {
    let median = Sorted::of(times).median();
    Numbers::from([(format!("storage.{name}_mb_per_s"), 1.0 / median)])
}

/// The most memory that this process has had.
fn peak() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .context("no VmHWM")?
        .parse()?;
    Ok(kibibytes / 1024.0)
}
