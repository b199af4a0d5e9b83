//! XComs that lie in object storage.

mod rows;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aileron_config::Config;
use aileron_xcom::storage::{Coordinate, Layout, ObjectStorage, Settings};
use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use crate::Numbers;
use crate::percentile::Sorted;
use crate::xcom::{self, Narrow, Numbered, Row};

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
    /// Rows of three fields instead of nine
    #[arg(long)]
    narrow: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Writes the rows
    Write,
    /// Reads the rows that `write` has written
    Read,
    /// Writes the rows one by one
    WriteRows,
    /// Reads the rows that `write` has written, one by one
    ReadRows,
    /// Writes and reads values of 1 KB
    Small,
    /// Writes and reads the bytes of the rows, and nothing else
    Copy,
    /// Passes a file by reference, and back
    Reference,
}

const TASK: Coordinate<'_> = Coordinate {
    dag_id: "bench",
    run_id: "run",
    task_id: "rows",
    ti_id: None,
};

/// The file that is passed by reference; Python passes it, too.
const LARGE: &str = "large";

pub(crate) fn measure(arguments: &Storage) -> Result<Numbers> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut numbers = runtime.block_on(async {
        match arguments.what {
            What::Write | What::Read | What::WriteRows | What::ReadRows if arguments.narrow => {
                rows::measure::<Narrow>(arguments).await
            }
            What::Write | What::Read | What::WriteRows | What::ReadRows => {
                rows::measure::<Row>(arguments).await
            }
            What::Small => small(arguments).await,
            What::Copy if arguments.narrow => copy::<Narrow>(arguments),
            What::Copy => copy::<Row>(arguments),
            What::Reference => reference(arguments).await,
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

/// Values of 1 KB, each in an object of its own.
async fn small(arguments: &Storage) -> Result<Numbers> {
    let storage = storage(arguments)?;
    let value = Value::from("x".repeat(1_000));
    let mut objects = Vec::new();
    let start = Instant::now();
    for _ in 0..arguments.runs {
        let object = storage.xcom(Layout::Airflow33, &TASK, "small")?;
        storage.write_value(&object, &value, 0).await?;
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

fn copy<R: Serialize + Numbered>(arguments: &Storage) -> Result<Numbers> {
    let text = serde_json::to_vec(&xcom::rows::<R>(arguments.size * 1_000_000)?)?;
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

/// A file into an object and out of it again.
async fn reference(arguments: &Storage) -> Result<Numbers> {
    let storage = storage(arguments)?;
    let [file, back, copy] = [LARGE, "back", "copied"].map(|name| arguments.directory.join(name));
    let size = arguments.size * 1_000_000;
    fill(&file, size)?;
    let (mut writes, mut reads, mut copies) = (Vec::new(), Vec::new(), Vec::new());
    let timed = |start: Instant| start.elapsed().div_f64(size as f64 / 1e6);
    for _ in 0..arguments.runs {
        let object = storage.raw(&TASK, -1, "")?;
        let start = Instant::now();
        let source = tokio::fs::File::open(&file).await?;
        let written = storage.write_raw(&object, source).await?;
        writes.push(timed(start));
        let start = Instant::now();
        let target = tokio::fs::File::create(&back).await?;
        ensure!(storage.read_raw(&object, target).await? == written);
        reads.push(timed(start));
        storage.delete(&object).await?;
        let start = Instant::now();
        let mut source = fs::File::open(&file)?;
        std::io::copy(&mut source, &mut fs::File::create(&copy)?)?;
        copies.push(timed(start));
    }
    let mut numbers = speed("reference_write", writes);
    numbers.extend(speed("reference_read", reads));
    numbers.extend(speed("reference_copy", copies));
    Ok(numbers)
}

/// A file whose bytes are not all alike.
fn fill(path: &Path, size: usize) -> Result<()> {
    let block: Vec<u8> = (0..1_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut file = fs::File::create(path)?;
    for _ in 0..size / block.len() {
        file.write_all(&block)?;
    }
    Ok(())
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
