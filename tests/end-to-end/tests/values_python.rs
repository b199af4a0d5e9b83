//! Values cross both ways: Airflow's own XCom code writes, Rust reads and writes, and Airflow's code reads again.

use std::sync::{Arc, OnceLock};

use aileron_wire::json as wire;
use aileron_xcom::python::{
    DataFrame, Date, DateTime, Decimal, FrozenSet, NaiveDateTime, Set, TimeDelta, Tuple, Uuid,
};
use aileron_xcom::{Wrapped, decode};
use anyhow::{Context, Result, anyhow, ensure};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array as _, ArrayRef, Int64Array, RecordBatch, StringArray};
use end_to_end::{AirflowVersion, call_python, pandas_packages};
use jiff::{SignedDuration, Timestamp, Zoned, civil};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Runs a function of `python/value_cases.py` with Airflow's Python.
fn python(version: AirflowVersion, function: &str, input: &Value) -> Result<Map<String, Value>> {
    let allowed = (
        "AIRFLOW__CORE__ALLOWED_DESERIALIZATION_CLASSES",
        "value_cases.*",
    );
    let call = ("value_cases", function);
    let output = call_python(version, call, input, &pandas_packages()?, &[allowed])?;
    Ok(serde_json::from_slice(&output)?)
}

/// What Airflow's Python wrote, by name.
struct Written(Map<String, Value>);

impl Written {
    /// Starting Python takes seconds, so all tests share what it wrote.
    fn by(version: AirflowVersion) -> Result<&'static Self> {
        static WRITTEN: [OnceLock<Result<Written, String>>; 2] = [OnceLock::new(), OnceLock::new()];
        let place = match version {
            AirflowVersion::V3_3_2 => &WRITTEN[0],
            AirflowVersion::V3_4_0b2 => &WRITTEN[1],
        };
        place
            .get_or_init(|| {
                python(version, "write", &Value::Null)
                    .map(Self)
                    .map_err(|error| format!("{error:?}"))
            })
            .as_ref()
            .map_err(|error| anyhow!("{error}"))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let value = self.0.get(name).with_context(|| format!("no {name}"))?;
        decode(&wire::encode(value)?).with_context(|| name.to_owned())
    }
}

/// What goes back to Python, by name.
#[derive(Default)]
struct Answers(Map<String, Value>);

impl Answers {
    fn write<T: Serialize>(&mut self, name: &str, value: &T) -> Result<()> {
        // As a task does: encoded for the wire.
        let encoded = wire::encode(value)?;
        self.0.insert(name.to_owned(), wire::decode(&encoded)?);
        Ok(())
    }

    /// Sends them, and fails with what is wrong.
    fn check(self, version: AirflowVersion) -> Result<()> {
        let wrong = python(version, "check", &Value::Object(self.0))?;
        ensure!(wrong.is_empty(), "{version}: {wrong:#?}");
        Ok(())
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u32,
    tags: Vec<String>,
    day: civil::Date,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: f64,
    at: DateTime,
}

/// Reads a value as `T`, and writes it as `T`.
macro_rules! pass {
    ($written:ident, $answers:ident: $($name:literal $type:ty;)*) => {$(
        $answers.write($name, &$written.read::<$type>($name)?)?;
    )*};
}

fn values_come_back_as_equal_objects(version: AirflowVersion) -> Result<()> {
    let written = Written::by(version)?;
    let mut answers = Answers::default();
    pass!(written, answers:
        "utc" DateTime;
        "paris" DateTime;
        "fixed" DateTime;
        "naive" NaiveDateTime;
        "date" Date;
        "delta" TimeDelta;
        "minute" TimeDelta;
        "price" Decimal;
        "whole" Decimal;
        "uuid" Uuid;
        "tuple" Tuple<(i64, String, Tuple<(Date, Option<i64>)>)>;
        "set" Set<i64>;
        "frozen" FrozenSet<String>;
        "model" Wrapped<Order>;
        "point" Wrapped<Point>;
        "opaque" Value;
        "plain" Value;
        "frame" DataFrame;
        "no_rows" DataFrame;
    );
    let digits: rust_decimal::Decimal = "1234567890123456.789012345678".parse()?;
    answers.write("digits", &Decimal(digits))?;
    let tokyo: Zoned = "2024-06-01T00:00:00+09:00[Asia/Tokyo]".parse()?;
    answers.write("tokyo", &DateTime(tokyo))?;
    answers.write("empty", &Set::<i64>::default())?;
    let n: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let s: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
    let made = RecordBatch::try_from_iter_with_nullable([("n", n, false), ("s", s, true)])?;
    answers.write("rust_frame", &DataFrame::from(made))?;
    answers.check(version)
}

fn everything_survives_as_a_tree(version: AirflowVersion) -> Result<()> {
    let written = Written::by(version)?;
    let mut answers = Answers::default();
    for (name, value) in &written.0 {
        let bytes = wire::encode(value)?;
        let tree: Value = decode(&bytes)?;
        ensure!(wire::encode(&tree)? == bytes, "{version}: {name}");
        // Python cannot read all that it writes back to equal objects of equal types.
        if !READ_ONLY.contains(&name.as_str()) {
            answers.write(name, &tree)?;
        }
    }
    answers.check(version)
}

const READ_ONLY: [&str; 8] = [
    "int64",
    "uint8",
    "float32",
    "bool",
    "pendulum",
    "pendulum_date",
    "unnamed_zone",
    "zone",
];

fn values_fit_types_that_know_nothing_of_python(version: AirflowVersion) -> Result<()> {
    let written = Written::by(version)?;
    let instant: Timestamp = "1969-07-20T20:17:40.999999Z".parse()?;
    assert_eq!(written.read::<Timestamp>("utc")?, instant);
    let paris = "2024-06-01T12:00:00.123456+02:00[Europe/Paris]";
    assert_eq!(written.read::<String>("paris")?, paris);
    assert_eq!(written.read::<Zoned>("paris")?, paris.parse::<Zoned>()?);
    let fixed = written.read::<Zoned>("fixed")?;
    assert_eq!(fixed.offset().seconds(), 5_400);
    let naive: Timestamp = "2024-06-01T12:00:00.000005Z".parse()?;
    assert_eq!(written.read::<Timestamp>("naive")?, naive);
    assert_eq!(
        written.read::<civil::Date>("date")?,
        civil::date(2024, 2, 29)
    );
    let delta = SignedDuration::from_micros(-3 * 86_400_000_000 + 7);
    assert_eq!(written.read::<SignedDuration>("delta")?, delta);
    assert_eq!(written.read::<u64>("minute")?, 60);
    assert_eq!(written.read::<f64>("price")?, 1234.56);
    assert_eq!(written.read::<String>("price")?, "1234.56");
    assert_eq!(written.read::<i32>("whole")?, 12);
    let uuid: uuid::Uuid = "12345678-1234-5678-1234-567812345678".parse()?;
    assert_eq!(written.read::<uuid::Uuid>("uuid")?, uuid);
    let pair: (i64, String, (civil::Date, Option<i64>)) = written.read("tuple")?;
    assert_eq!(pair, (1, "a".into(), (civil::date(2024, 1, 1), None)));
    let order = written.read::<Order>("model")?;
    assert_eq!((order.id, order.tags.len()), (7, 1));
    assert_eq!(written.read::<Point>("point")?.x, 0.5);

    assert_eq!(written.read::<i64>("int64")?, -3);
    assert_eq!(written.read::<u8>("uint8")?, 200);
    assert_eq!(written.read::<f32>("float32")?, 0.5);
    assert!(written.read::<bool>("bool")?);
    let tokyo: Zoned = "2024-06-01T00:00:00+09:00[Asia/Tokyo]".parse()?;
    assert_eq!(written.read::<Zoned>("pendulum")?, tokyo);
    let day = civil::date(2024, 6, 1);
    assert_eq!(written.read::<civil::Date>("pendulum_date")?, day);
    // Python itself fails to read this one.
    let midnight: Timestamp = "2024-06-01T00:00:00Z".parse()?;
    assert_eq!(written.read::<Timestamp>("unnamed_zone")?, midnight);
    assert_eq!(written.read::<String>("zone")?, "Asia/Tokyo");
    Ok(())
}

fn data_frames_are_record_batches(version: AirflowVersion) -> Result<()> {
    let written = Written::by(version)?;
    let frame: DataFrame = written.read("frame")?;
    assert_eq!(frame.rows(), 3);
    let batch = frame.batches().first().context("a batch")?;
    let column = |name: &str| batch.column_by_name(name).context(name.to_owned());
    assert_eq!(
        column("n")?.as_primitive::<Int64Type>().values(),
        &[1, 2, 3]
    );
    assert_eq!(column("x")?.as_primitive::<Float64Type>().value(2), -1.5);
    assert_eq!(column("row")?.len(), 3);
    assert_eq!(written.read::<DataFrame>("no_rows")?.rows(), 0);
    assert!(written.read::<DataFrame>("set").is_err());
    assert!(written.read::<String>("frame").is_err());
    Ok(())
}

macro_rules! on_both_versions {
    ($($name:ident)*) => {
        $(mod $name {
            #[test]
            fn airflow_3_3_2() -> anyhow::Result<()> {
                super::$name(end_to_end::AirflowVersion::V3_3_2)
            }

            #[test]
            fn airflow_3_4_0b2() -> anyhow::Result<()> {
                super::$name(end_to_end::AirflowVersion::V3_4_0b2)
            }
        })*
    };
}

on_both_versions! {
    values_come_back_as_equal_objects
    everything_survives_as_a_tree
    values_fit_types_that_know_nothing_of_python
    data_frames_are_record_batches
}

#[test]
fn a_damaged_data_frame_is_an_error() -> Result<()> {
    let n: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let frame = DataFrame::from(RecordBatch::try_from_iter([("n", n)])?);
    let digits = serde_json::to_value(&frame)?["__data__"]
        .as_str()
        .context("digits")?
        .to_owned();
    let half = digits.len() / 4 * 2;
    for data in [&digits[..half], &digits[1..], "", "zz", "00ff"] {
        let damaged =
            json!({"__classname__": "pandas.DataFrame", "__version__": 1, "__data__": data});
        ensure!(decode::<DataFrame>(&wire::encode(&damaged)?).is_err());
    }
    Ok(())
}
