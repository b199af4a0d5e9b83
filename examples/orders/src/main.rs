//! Orders of a day: extract, summarise, publish, and send invoices.
//!
//! Four typed tasks. The arrow from `extract` to `summarise` carries a `Vec<Order>`, the one from `summarise` to
//! `publish` a `Summary`; exchange two of them and this file does not compile. `invoice` remembers how far it has come: when
//! its process is killed, the next try goes on from there.

use std::collections::BTreeMap;
use std::process::ExitCode;

use aileron::prelude::*;
use serde::{Deserialize, Serialize};

/// The orders that come with the example. The param `orders_csv` names another file.
const SAMPLE: &str = include_str!("../data/orders.csv");

/// One line of the shop's export.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    order_id: u64,
    placed_at: String,
    country: String,
    product: String,
    quantity: u32,
    unit_price_cents: i64,
    status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Paid,
    Refunded,
    Cancelled,
}

/// What one country sold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Summary {
    country: String,
    orders: usize,
    revenue_cents: i64,
    by_product: BTreeMap<String, i64>,
}

/// How many invoices went out.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sent {
    /// In earlier tries.
    before: usize,
    /// In the try that got to the end.
    now: usize,
}

/// Reads the orders of the day.
#[task]
async fn extract(cx: &Context) -> Result<Vec<Order>> {
    let path: Option<String> = cx.param("orders_csv")?;
    let text = match &path {
        Some(path) => std::fs::read_to_string(path).context(format_args!("reading {path}"))?,
        None => SAMPLE.to_owned(),
    };
    let orders = csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<Vec<Order>, csv::Error>>()
        // The same file would be just as wrong in half a minute.
        .no_retry()?;
    tracing::info!(
        orders = orders.len(),
        file = path.as_deref().unwrap_or("(sample)"),
        "orders read"
    );
    Ok(orders)
}

/// Adds up what a country paid for.
#[task(retries = 2, retry_delay = "10s")]
fn summarise(country: String, orders: Vec<Order>) -> Result<Summary> {
    let mut by_product = BTreeMap::new();
    let mut count = 0;
    for order in orders {
        if order.country == country && order.status == Status::Paid {
            count += 1;
            *by_product.entry(order.product).or_default() +=
                order.unit_price_cents * i64::from(order.quantity);
        }
    }
    if count == 0 {
        return Err(Error::no_retry(format!(
            "no paid order from `{country}`: is the country code right?"
        )));
    }
    Ok(Summary {
        country,
        orders: count,
        revenue_cents: by_product.values().sum(),
        by_product,
    })
}

/// Writes the summary where the param `publish_to` says, or only to the log.
#[task]
async fn publish(cx: &Context, summary: Summary) -> Result<String> {
    let line = format!(
        "{}: {} orders, {}.{:02} EUR",
        summary.country,
        summary.orders,
        summary.revenue_cents / 100,
        summary.revenue_cents % 100
    );
    if let Some(path) = cx.param::<Option<String>>("publish_to")? {
        std::fs::write(&path, serde_json::to_vec_pretty(&summary)?)
            .context(format_args!("writing {path}"))?;
    }
    tracing::info!(revenue_cents = summary.revenue_cents, "{line}");
    Ok(line)
}

/// Sends an invoice for every paid order of a country. Killed half way, it goes on where it stood.
#[task(retries = 2, retry_delay = "1s")]
async fn invoice(cx: &Context, country: String, orders: Vec<Order>) -> Result<Sent> {
    let paid = orders
        .into_iter()
        .filter(|order| order.country == country && order.status == Status::Paid);
    let paid: Vec<_> = paid.collect();
    // The task state store survives the process, and goes with the run.
    let progress = cx.task_state_store();
    let before = progress.get("sent").await?.unwrap_or(0);
    if before > 0 {
        tracing::info!("{before} invoices were sent by an earlier try");
    }
    let crash_after: Option<usize> = cx.param("crash_after")?;
    for (order, number) in paid.iter().zip(1..).skip(before) {
        tracing::debug!(order_id = order.order_id, "invoice sent");
        progress.set("sent", &number).await?;
        if crash_after == Some(number) {
            // Nobody is told, nothing is cleaned up: as when the machine is switched off.
            std::process::abort();
        }
    }
    let now = paid.len() - before;
    tracing::info!("{now} invoices sent, {} in all", paid.len());
    Ok(Sent { before, now })
}

/// What the shop sold yesterday in the UK.
#[dag(schedule = "@daily", start_date = "2026-01-01", tags = ["example", "orders"])]
fn orders(dag: &mut Dag) {
    dag.param("orders_csv", None::<String>);
    dag.param("publish_to", None::<String>);
    dag.param("crash_after", None::<usize>);
    let orders = dag.add(extract());
    let summary = dag.add(summarise("uk", orders));
    dag.add(publish(summary));
    dag.add(invoice("uk", orders));
}

fn main() -> ExitCode {
    aileron::serve(bundle![orders])
}

#[cfg(test)]
mod tests {
    use aileron::testing::Airflow;

    use super::*;

    #[tokio::test]
    async fn the_sample_adds_up() {
        let airflow = Airflow::new()
            .param("orders_csv", None::<String>)
            .param("publish_to", None::<String>);
        let orders = extract::run(&airflow.context("extract")).await.unwrap();
        assert_eq!(orders.len(), 600);
        let expected: i64 = orders
            .iter()
            .filter(|order| order.country == "uk" && order.status == Status::Paid)
            .map(|order| order.unit_price_cents * i64::from(order.quantity))
            .sum();
        let summary = summarise::run("uk".into(), orders).unwrap();
        assert_eq!(summary.revenue_cents, expected);
        let line = publish::run(&airflow.context("publish"), summary.clone())
            .await
            .unwrap();
        assert!(line.starts_with(&format!("uk: {} orders, ", summary.orders)));
    }

    #[tokio::test]
    async fn invoices_go_on_where_they_stood() {
        let airflow = Airflow::new()
            .param("orders_csv", None::<String>)
            .param("crash_after", None::<usize>);
        let orders = extract::run(&airflow.context("extract")).await.unwrap();
        let cx = airflow.context("invoice");
        cx.task_state_store().set("sent", &40).await.unwrap();
        let sent = invoice::run(&cx, "uk".into(), orders).await.unwrap();
        assert_eq!(sent.before, 40);
        assert!(sent.now > 0);
        let stored = cx.task_state_store().get("sent").await.unwrap();
        assert_eq!(stored, Some(sent.before + sent.now));
    }

    #[test]
    fn a_country_without_orders_is_not_tried_again() {
        let error = summarise::run("xx".into(), Vec::new()).unwrap_err();
        assert!(!error.may_retry());
    }
}
