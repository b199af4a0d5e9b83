//! Encoding and decoding an XCom of 10 MB.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use aileron_wire::json;
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::Numbers;
use crate::percentile::Sorted;

/// How long the value is as JSON, in bytes: at least this, less than one row more.
const SIZE: usize = 10_000_000;

/// A row as tasks pass them on: texts, numbers, a flag, a text that may be missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    order_id: u64,
    placed_at: String,
    country: String,
    product: String,
    quantity: u32,
    unit_price_cents: i64,
    discount: f64,
    paid: bool,
    note: Option<String>,
}

/// A row of few fields, as a query of two or three columns gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Narrow {
    id: u64,
    name: String,
    value: f64,
}

pub(crate) fn measure(runs: usize, write: Option<&Path>) -> Result<Numbers> {
    let rows = rows::<Row>(SIZE)?;
    let text = serde_json::to_vec(&rows)?;
    if let Some(path) = write {
        fs::write(path, &text)?;
    }
    let encoded = json::encode(&rows)?;
    ensure!(
        json::decode::<Vec<Row>>(&encoded)? == rows,
        "the rows came back otherwise"
    );
    let speed = |seconds: f64| text.len() as f64 / 1e6 / seconds;
    let mut numbers = Numbers::new();
    let mut insert = |name: &str, seconds: f64| {
        numbers.insert(format!("xcom.{name}_mb_per_s"), speed(seconds));
    };
    insert("aileron.encode", median(runs, || json::encode(&rows)));
    insert(
        "aileron.decode",
        median(runs, || json::decode::<Vec<Row>>(&encoded)),
    );
    insert(
        "serde_json.encode",
        median(runs, || serde_json::to_vec(&rows)),
    );
    insert(
        "serde_json.decode",
        median(runs, || serde_json::from_slice::<Vec<Row>>(&text)),
    );
    numbers.insert("xcom.json_mb".to_owned(), text.len() as f64 / 1e6);
    numbers.insert("xcom.wire_mb".to_owned(), encoded.len() as f64 / 1e6);
    Ok(numbers)
}

/// The median time of a call, in seconds. Dropping what it returns is not part of it.
fn median<T>(runs: usize, call: impl Fn() -> T) -> f64 {
    let times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            let returned = black_box(call());
            let time = start.elapsed();
            drop(returned);
            time
        })
        .collect();
    Sorted::of(times).median()
}

/// The same rows every time, so many bytes of JSON or little more.
pub(crate) fn rows<R: Serialize + Numbered>(bytes: usize) -> Result<Vec<R>> {
    let mut rows = Vec::new();
    let mut size = 0;
    while size < bytes {
        let row = R::numbered(rows.len() as u64);
        // And a comma.
        size += serde_json::to_vec(&row)?.len() + 1;
        rows.push(row);
    }
    Ok(rows)
}

/// A row that is made of its number.
pub(crate) trait Numbered {
    fn numbered(number: u64) -> Self;
}

/// A multiplicative hash: values that look random, the same on every machine.
fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

impl Numbered for Row {
    fn numbered(number: u64) -> Self {
        let mixed = mixed(number);
        Self {
            order_id: 1_000_000 + number,
            placed_at: format!(
                "2026-01-{:02}T{:02}:{:02}:00Z",
                1 + mixed % 28,
                mixed % 24,
                mixed % 60
            ),
            country: ["de", "fr", "uk", "us"][(mixed % 4) as usize].to_owned(),
            product: format!("product-{:05}", mixed % 20_000),
            quantity: (1 + mixed % 9) as u32,
            unit_price_cents: (mixed % 100_000) as i64,
            discount: (mixed % 1000) as f64 / 1000.0,
            paid: !mixed.is_multiple_of(10),
            note: mixed
                .is_multiple_of(8)
                .then(|| "Ring twice, then leave it with the neighbours".to_owned()),
        }
    }
}

impl Numbered for Narrow {
    fn numbered(number: u64) -> Self {
        let mixed = mixed(number);
        Self {
            id: 1_000_000 + number,
            name: format!("product-{:05}", mixed % 20_000),
            value: (mixed % 100_000) as f64 / 100.0,
        }
    }
}
