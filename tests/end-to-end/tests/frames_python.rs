//! Record batches that tasks pass by reference: written by a task in Rust, read by a task in Rust and by pandas as the page says; and those
//! of pandas, read by a task in Rust.

use std::path::Path;
use std::sync::Arc;

use aileron::StoredObject;
use aileron::prelude::*;
use aileron::python::DataFrame;
use aileron::testing::Airflow;
use anyhow::{Context as _, anyhow, ensure};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use end_to_end::{AirflowVersion, call_python, pandas_packages};
use serde_json::{Value, json};

/// 1969-07-20T20:17:40Z.
const LANDED: i64 = -14_182_940_000_000;

fn rows() -> anyhow::Result<RecordBatch> {
    let columns: [(&str, ArrayRef); 5] = [
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        ("name", Arc::new(StringArray::from(vec![Some("ä"), None]))),
        ("price", Arc::new(Float64Array::from(vec![Some(0.5), None]))),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(LANDED), None]).with_timezone("UTC"),
            ),
        ),
        ("sold", Arc::new(BooleanArray::from(vec![true, false]))),
    ];
    let nullable = columns.map(|(name, column)| (name, column, true));
    Ok(RecordBatch::try_from_iter_with_nullable(nullable)?)
}

#[task]
async fn export(cx: &Context) -> Result<StoredObject> {
    let batch = rows().map_err(Error::msg)?;
    Ok(cx.objects().put_frame(&DataFrame::from(batch)).await?)
}

#[task]
async fn load(cx: &Context, export: StoredObject) -> Result<DataFrame> {
    Ok(cx.objects().get_frame(&export).await?)
}

fn told(error: Error) -> anyhow::Error {
    anyhow!("{error}")
}

fn airflow(base: &str) -> Airflow {
    Airflow::new()
        .config(
            "core",
            "xcom_backend",
            "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
        )
        .config("common.io", "xcom_objectstorage_path", base)
}

fn python(version: AirflowVersion, function: &str, input: &Value) -> anyhow::Result<Value> {
    let call = ("stored_frames", function);
    let output = call_python(version, call, input, &pandas_packages()?, &[])?;
    Ok(serde_json::from_slice(&output)?)
}

async fn frames_cross_both_ways(version: AirflowVersion, directory: &Path) -> anyhow::Result<()> {
    let base = format!("file://{}", directory.display());
    let airflow = airflow(&base);

    let exported = export::run(&airflow.context("export"))
        .await
        .map_err(told)?;
    let back = load::run(&airflow.context("load"), exported.clone())
        .await
        .map_err(told)?;
    ensure!(back.batches() == [rows()?], "{back:?}");
    let found = python(version, "read", &serde_json::to_value(&exported)?)?;
    let expected = json!({
        "keys": ["__aileron_object__", "format", "sha256", "size", "uri"],
        "format": "parquet",
        "suffix": ".parquet",
        "size": true,
        "sha256": true,
        "columns": {"id": "int64", "price": "float64", "at": "datetime64[us, UTC]", "sold": "bool"},
        "rows": [
            [1, "ä", 0.5, "1969-07-20T20:17:40.000000Z", true],
            [2, null, null, null, false],
        ],
    });
    ensure!(found == expected, "{version}: {found:#}");

    let written = python(version, "write", &json!({"base": base}))?;
    let object: StoredObject = serde_json::from_value(written)?;
    let frame = load::run(&airflow.context("load"), object)
        .await
        .map_err(told)?;
    of_pandas(&frame)
}

/// The frame of `python/stored_frames.py`.
fn of_pandas(frame: &DataFrame) -> anyhow::Result<()> {
    ensure!(frame.rows() == 3, "{frame:?}");
    let batch = &frame.batches()[0];
    let column = |name: &str| batch.column_by_name(name).with_context(|| name.to_owned());
    ensure!(column("id")?.as_primitive::<Int64Type>().values() == &[1, 2, 3]);
    // pandas has large texts by itself, and other programs that write Parquet have not.
    let names = texts(column("name")?);
    ensure!(names == [Some("ä".to_owned()), None, Some("c".to_owned())]);
    let price = column("price")?.as_primitive::<Float64Type>();
    ensure!(price.value(0) == 0.5 && price.value(2) == -1.5);
    ensure!(price.is_null(1) || price.value(1).is_nan());
    let at = column("at")?.as_primitive::<TimestampMicrosecondType>();
    ensure!(at.is_null(1) && at.value(2) == LANDED, "{at:?}");
    ensure!(column("sold")?.as_boolean().true_count() == 2);
    Ok(())
}

fn texts(column: &ArrayRef) -> Vec<Option<String>> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    match column.as_string_opt::<i64>() {
        Some(large) => large.iter().map(owned).collect(),
        None => column.as_string::<i32>().iter().map(owned).collect(),
    }
}

#[tokio::test]
async fn with_airflow_3_3_2() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    frames_cross_both_ways(AirflowVersion::V3_3_2, directory.path()).await
}

#[tokio::test]
async fn with_airflow_3_4_0b2() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    frames_cross_both_ways(AirflowVersion::V3_4_0b2, directory.path()).await
}

#[tokio::test]
async fn what_is_no_parquet_file_is_an_error_that_names_the_object() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let airflow = airflow(&format!("file://{}", directory.path().display()));
    let object = airflow.context("t").objects().put(b"no frame").await?;
    let error = load::run(&airflow.context("load"), object.clone()).await;
    let text = error.err().map(|error| error.to_string());
    ensure!(
        text.as_ref().is_some_and(|text| text.contains(&object.uri)),
        "{text:?}"
    );
    Ok(())
}
