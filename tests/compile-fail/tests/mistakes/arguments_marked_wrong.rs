//! `#[arg]` and `#[args]` where they mean nothing.

use aileron::TaskArgs;
use aileron::prelude::*;

#[derive(TaskArgs)]
struct Report {
    country: String,
}

#[task]
async fn two_ways(#[args] input: Report, more: i64) -> Result<()> {
    Ok(())
}

#[task]
async fn renamed(#[arg(rename = "other")] more: i64) -> Result<()> {
    Ok(())
}

#[task]
async fn unknown(#[arg(optional)] more: i64) -> Result<()> {
    Ok(())
}

#[derive(TaskArgs)]
struct OneName {
    max_rows: i64,
    #[arg(rename = "maxRows")]
    other: i64,
}

#[derive(TaskArgs)]
struct Tuple(i64);

fn main() {}
