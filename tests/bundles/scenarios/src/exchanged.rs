//! Values of Python's own types, and what the instances of a mapped Python task pushed.

use aileron::prelude::*;
use aileron::python::{Date, DateTime, Decimal, Set, TimeDelta, Tuple};
use aileron::{Pulled, Xcom};
use serde::{Deserialize, Serialize};

/// What an instance of the mapped Python task returns.
#[derive(Deserialize)]
struct Described {
    n: i64,
    at: DateTime,
    price: Decimal,
    tags: Set<String>,
}

/// What `gather` found.
#[derive(Serialize)]
struct Gathered {
    count: u64,
    first: Option<i64>,
    last: Option<i64>,
    beyond: bool,
    streamed: Vec<i64>,
    slices: Vec<Vec<i64>>,
    nulls: Vec<String>,
    pair: (i64, Vec<i64>),
}

/// A Python task is mapped over this.
#[task]
async fn list_numbers(cx: &Context) -> Result<()> {
    let numbers: Vec<i64> = (1..=5).collect();
    cx.xcom().push_mapped("return_value", &numbers).await
}

#[task]
async fn gather(cx: &Context, pair: (i64, Vec<i64>)) -> Result<Gathered> {
    let described = cx.xcom().sequence::<Described>("describe").page_size(2);
    let mut total = Decimal::default();
    let mut tags = Set::default();
    let mut latest = None;
    let mut streamed = Vec::new();
    let mut all = described.stream();
    while let Some(item) = all.next().await {
        let item = item?;
        total.0 += item.price.0;
        tags.0.extend(item.tags);
        latest = latest.max(Some(item.at));
        streamed.push(item.n);
    }
    let latest = latest.ok_or_else(|| Error::msg("nothing was described"))?;
    let sent = Tuple((
        latest.clone(),
        Date(latest.date()),
        TimeDelta(jiff::SignedDuration::from_secs(60)),
        total,
        tags,
    ));
    cx.xcom().push("python", &sent).await?;
    cx.xcom().push("deleted", &1).await?;
    cx.xcom().delete("deleted").await?;

    let mut slices = Vec::new();
    for (start, stop, step) in [
        (None, None, -1),
        (Some(-2), None, 1),
        (Some(1), Some(-1), 2),
        (Some(3), Some(1), 1),
        (Some(-1), Some(0), 1),
        (Some(10), Some(1), -2),
    ] {
        let slice = described.slice(start, stop, step).await?.all().await?;
        slices.push(slice.into_iter().map(|item| item.n).collect());
    }
    Ok(Gathered {
        count: described.count().await?,
        first: described.item(0).await?.map(|item| item.n),
        last: described.item(-1).await?.map(|item| item.n),
        beyond: described.item(5).await?.is_some(),
        streamed,
        slices,
        nulls: nulls(cx.xcom()).await?,
        pair,
    })
}

/// Which kind of "no value" each pull finds.
async fn nulls(xcom: Xcom<'_>) -> Result<Vec<String>> {
    let nothing = xcom.from("leave_null");
    let checked = xcom.from("describe").key("checked");
    let pulls = [
        nothing.clone().key("nothing"),
        nothing.clone().key("never_pushed"),
        nothing.key("never_pushed").include_prior_dates(),
        xcom.from("describe"),
        checked.clone().map_index(1),
        checked.clone().map_index(0),
        checked.key("never_pushed").map_index(0),
    ];
    let mut found = Vec::new();
    for pull in pulls {
        found.push(match pull.fetch::<serde_json::Value>().await? {
            Pulled::Value(value) => value.to_string(),
            none => format!("{none:?}"),
        });
    }
    Ok(found)
}

#[dag]
pub(crate) fn exchanged(dag: &mut Dag) {
    let numbers = dag.add(list_numbers());
    let described = dag.external::<()>("describe");
    dag.set_downstream(numbers, described);
    let pair = dag.external::<(i64, Vec<i64>)>("leave_null");
    let gathered = dag.add(gather(pair).after(described));
    let compared = dag.external::<Vec<String>>("compare");
    dag.set_downstream(gathered, compared);
}
