//! A resume handler returns what its task returns, and exists.

use aileron::prelude::*;
use aileron::{Trigger, TriggerEvent};

#[task(resume = [other_type])]
async fn waits() -> Result<i64> {
    Err(Trigger::new("some.Trigger").resume(waits::misspelled))
}

async fn other_type(_cx: &Context, _event: TriggerEvent) -> Result<String> {
    Ok(String::new())
}

#[task(resume = [wrong_event])]
async fn waits_too() -> Result<i64> {
    Ok(1)
}

async fn wrong_event(_cx: &Context, _event: i64) -> Result<i64> {
    Ok(1)
}

#[task(resume = wrong_event)]
async fn not_a_list() -> Result<i64> {
    Ok(1)
}

#[task(resume = [twice, twice])]
async fn names_one_twice() -> Result<i64> {
    Ok(1)
}

fn no_decision(_error: &Error, _cx: &Context) -> bool {
    true
}

#[task(retry_policy = no_decision)]
async fn judged() -> Result<i64> {
    Ok(1)
}

fn main() {}
