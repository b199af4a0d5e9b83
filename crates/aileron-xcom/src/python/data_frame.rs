//! `pandas.DataFrame`, as Arrow record batches.

use std::fmt;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Value;

use super::wrap;
use crate::class::Class;
use crate::wrapped::View;

/// A `pandas.DataFrame`: record batches of one schema.
///
/// It travels as a Parquet file with snappy compression, in hexadecimal digits: twice the file's size, inside the XCom.
/// The schema keeps what pandas noted about its index under the metadata key `pandas`; an index that is more than a range
/// is a column (`__index_level_0__` when it has no name). Nullable integers come back in pandas as floats when nothing
/// under that key says otherwise: that is how pyarrow reads them.
///
/// ```
/// use std::sync::Arc;
/// use aileron_xcom::{from_value, python::DataFrame};
/// use arrow_array::{ArrayRef, Int64Array, RecordBatch};
///
/// let batch = RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)])?;
/// let json = serde_json::to_value(DataFrame::from(batch))?;
/// let frame: DataFrame = from_value(&json)?;
/// assert_eq!(frame.rows(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DataFrame {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

/// Why record batches are no data frame.
#[derive(Debug, Clone, thiserror::Error)]
#[error("record batch {position} has another schema than the data frame")]
pub struct DataFrameError {
    /// Which batch; the first is 0.
    pub position: usize,
}

impl DataFrame {
    /// A data frame of these batches, which all have this schema.
    ///
    /// # Errors
    /// When a batch has another schema.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self, DataFrameError> {
        match batches.iter().position(|batch| batch.schema() != schema) {
            Some(position) => Err(DataFrameError { position }),
            None => Ok(Self { schema, batches }),
        }
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// The rows, taken out.
    pub fn into_batches(self) -> Vec<RecordBatch> {
        self.batches
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// A Parquet file with snappy compression.
    ///
    /// # Errors
    /// When a column has a type that Parquet does not know.
    pub fn to_parquet(&self) -> Result<Vec<u8>, parquet::errors::ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), self.schema.clone(), Some(properties))?;
        for batch in &self.batches {
            writer.write(batch)?;
        }
        writer.into_inner()
    }

    /// Reads a Parquet file.
    ///
    /// # Errors
    /// When it is none, and why.
    pub fn from_parquet(file: Vec<u8>) -> Result<Self, String> {
        let text = |error: &dyn fmt::Display| format!("not a Parquet file: {error}");
        let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file))
            .map_err(|error| text(&error))?;
        let schema = builder.schema().clone();
        let batches = builder
            .build()
            .map_err(|error| text(&error))?
            // The reader leaves the schema's metadata out of its batches.
            .map(|batch| batch.and_then(|batch| batch.with_schema(schema.clone())))
            .collect::<Result<_, _>>()
            .map_err(|error| text(&error))?;
        Ok(Self { schema, batches })
    }
}

impl From<RecordBatch> for DataFrame {
    fn from(batch: RecordBatch) -> Self {
        Self {
            schema: batch.schema(),
            batches: vec![batch],
        }
    }
}

impl Serialize for DataFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let file = self.to_parquet().map_err(|error| {
            S::Error::custom(format_args!("the data frame cannot be Parquet: {error}"))
        })?;
        // Both pandas 2 and 3 know the class by this name.
        wrap(serializer, "pandas.DataFrame", 1, &hex::encode(file))
    }
}

impl<'de> Deserialize<'de> for DataFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let view =
            View::of(&value).ok_or_else(|| D::Error::custom("expected a pandas.DataFrame"))?;
        let digits = match (view.class, view.data) {
            (Class::DataFrame, Value::String(digits)) => digits,
            _ => {
                return Err(D::Error::custom(format_args!(
                    "expected a pandas.DataFrame, and a Python `{}` came",
                    view.classname
                )));
            }
        };
        let file = hex::decode(digits).map_err(|error| {
            D::Error::custom(format_args!("the data frame is not hexadecimal: {error}"))
        })?;
        Self::from_parquet(file).map_err(D::Error::custom)
    }
}
