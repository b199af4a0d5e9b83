//! Lists of rows, whole and row by row.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use aileron_xcom::ListText;
use aileron_xcom::storage::{Ended, Layout, ObjectStorage, Reference};
use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Storage, TASK, What, speed, storage};
use crate::Numbers;
use crate::xcom::{Numbered, rows};

/// Where it is said what was written.
const WRITTEN: &str = "written";

pub(super) async fn measure<R>(arguments: &Storage) -> Result<Numbers>
where
    R: Numbered + Serialize + DeserializeOwned + Send + 'static,
{
    let storage = storage(arguments)?;
    match arguments.what {
        What::Write => {
            let rows = rows::<R>(arguments.size * 1_000_000)?;
            written(arguments, "write", async || {
                let object = storage.xcom(Layout::Airflow33, &TASK, "rows")?;
                let size = storage.write_value(&object, &rows, 0).await?;
                Ok((object, size.context("nothing was written")?))
            })
            .await
        }
        What::WriteRows => {
            // No row is there before it is written, so that memory is that of writing.
            let rows = count::<R>(arguments.size * 1_000_000)?;
            written(arguments, "write_rows", async || {
                one_by_one::<R>(&storage, rows).await
            })
            .await
        }
        What::Read => {
            read(arguments, "read", async |object| {
                let rows: Vec<R> = storage.read_value(object).await?;
                Ok(rows)
            })
            .await
        }
        _ => {
            read(arguments, "read_rows", async |object| {
                let mut rows = storage.read_rows::<R>(object).await?;
                while let Some(row) = rows.next().await {
                    black_box(row?);
                }
                Ok(())
            })
            .await
        }
    }
}

/// From the value of a task to the object.
async fn written(
    arguments: &Storage,
    name: &str,
    write: impl AsyncFn() -> Result<(Reference, u64)>,
) -> Result<Numbers> {
    let (mut speeds, mut written) = (Vec::new(), String::new());
    for _ in 0..arguments.runs {
        let start = Instant::now();
        let (object, size) = write().await?;
        speeds.push(start.elapsed().div_f64(size as f64 / 1e6));
        written = object.as_str().to_owned();
    }
    fs::write(arguments.directory.join(WRITTEN), written)?;
    Ok(speed(name, speeds))
}

/// From the object to the value of a task.
async fn read<T>(
    arguments: &Storage,
    name: &str,
    read: impl AsyncFn(&Reference) -> Result<T>,
) -> Result<Numbers> {
    let storage = storage(arguments)?;
    let reference = fs::read_to_string(arguments.directory.join(WRITTEN))?;
    let object = storage.reference(&reference).context("no reference")?;
    let size = fs::metadata(reference.trim_start_matches("file://"))?.len();
    let mut speeds = Vec::new();
    for _ in 0..arguments.runs {
        let start = Instant::now();
        let rows = read(&object).await?;
        speeds.push(start.elapsed().div_f64(size as f64 / 1e6));
        black_box(rows);
    }
    Ok(speed(name, speeds))
}

async fn one_by_one<R: Numbered + Serialize>(
    storage: &ObjectStorage,
    count: u64,
) -> Result<(Reference, u64)> {
    let object = storage.xcom(Layout::Airflow33, &TASK, "rows")?;
    let mut writer = storage.writer(&object, 0)?;
    let mut list = ListText::default();
    for number in 0..count {
        list.push(&R::numbered(number))?;
        if list.len() >= ListText::PIECE {
            writer.write(list.take().into()).await?;
        }
    }
    writer.write(list.end().into()).await?;
    match writer.end().await? {
        Ended::Object { reference, size } => Ok((reference, size)),
        Ended::Short(_) => bail!("nothing was written"),
    }
}

/// How many rows have so many bytes of JSON.
fn count<R: Numbered + Serialize>(bytes: usize) -> Result<u64> {
    let (mut count, mut size) = (0, 0);
    while size < bytes {
        size += serde_json::to_vec(&R::numbered(count))?.len() + 1;
        count += 1;
    }
    Ok(count)
}
