//! Values that are large enough for object storage.

use aileron::StoredObject;
use aileron::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(PartialEq, Serialize, Deserialize)]
struct Row {
    id: u64,
    name: String,
    price: f64,
}

/// More than a store takes in one part would take too long here; the unit tests of `aileron-xcom` have that.
#[task]
async fn make_rows(cx: &Context) -> Result<Vec<Row>> {
    cx.xcom().push("small", &1).await?;
    // Twice under one key: the first object must not stay.
    cx.xcom().push("twice", &"first ".repeat(100)).await?;
    cx.xcom().push("twice", &"second ".repeat(100)).await?;
    let row = |id| Row {
        id,
        name: format!("näme {id}"),
        price: id as f64 / 7.0,
    };
    Ok((0..2_000).map(row).collect())
}

/// Its first try fails after it has pushed.
#[task(retries = 1, retry_delay = "1s")]
async fn sum_rows(cx: &Context, rows: Vec<Row>) -> Result<Vec<String>> {
    cx.xcom()
        .push(
            "attempt",
            &format!("try {} {}", cx.try_number(), "x".repeat(100)),
        )
        .await?;
    if cx.try_number() == 1 {
        return Err(Error::msg("the first try fails"));
    }
    let sum: u64 = rows.iter().map(|row| row.id).sum();
    Ok(vec![format!("{} rows, sum {sum}", rows.len()); 10])
}

/// More than one part. Its first try fails when the object is there already.
#[task(retries = 1, retry_delay = "1s")]
async fn pass_bytes(cx: &Context) -> Result<StoredObject> {
    let bytes: Vec<u8> = (0..9_000_000_u32).map(|at| (at % 251) as u8).collect();
    let object = cx.objects().put(bytes).await?;
    if cx.try_number() == 1 {
        return Err(Error::msg("the first try fails"));
    }
    Ok(object)
}

#[task]
async fn measure(cx: &Context, object: StoredObject) -> Result<Vec<usize>> {
    let bytes = cx.objects().get(&object).await?;
    let directory = std::env::temp_dir().join(cx.ti().id.to_string());
    cx.objects().get_file(&object, &directory).await?;
    let file = std::fs::read(&directory)?;
    std::fs::remove_file(&directory)?;
    Ok(vec![bytes.len(), file.len(), usize::from(bytes == file)])
}

#[task]
async fn turn_rows(cx: &Context, mut rows: Vec<Row>) -> Result<Vec<Row>> {
    let small = cx.xcom().from("write_rows").key("small");
    let mut small: Vec<u8> = small.require().await?;
    small.push(2);
    cx.xcom().push("small", &small).await?;
    let mut by_row = cx.xcom().pull_rows::<Row>("write_rows").await?;
    for (place, row) in rows.iter().enumerate() {
        let read = by_row.next().await.transpose()?;
        if read.as_ref() != Some(row) {
            return Err(Error::msg(format!("row {place} is read otherwise")));
        }
    }
    if by_row.next().await.is_some() {
        return Err(Error::msg("there are more rows"));
    }
    rows.reverse();
    let mut writer = cx.xcom().push_rows("by_row");
    for row in &rows {
        writer.push(row).await?;
    }
    writer.finish().await?;
    Ok(rows)
}

#[dag]
pub(crate) fn codecs(dag: &mut Dag) {
    let written = dag.external::<Vec<Row>>("write_rows");
    let turned = dag.add(turn_rows(written));
    let checked = dag.external::<()>("check_rows");
    dag.set_downstream(turned, checked);
}

#[dag]
pub(crate) fn stored(dag: &mut Dag) {
    let made = dag.add(make_rows());
    let checked = dag.external::<Vec<Row>>("check_rows");
    dag.set_downstream(made, checked);
    let summed = dag.add(sum_rows(checked));
    let last = dag.external::<Vec<String>>("check_sum");
    dag.set_downstream(summed, last);
    let passed = dag.add(pass_bytes());
    let checked = dag.external::<StoredObject>("check_bytes");
    dag.set_downstream(passed, checked);
    let measured = dag.add(measure(checked));
    let last = dag.external::<()>("check_measure");
    dag.set_downstream(measured, last);
}
