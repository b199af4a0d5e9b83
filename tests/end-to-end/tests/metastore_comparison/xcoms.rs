//! XComs.

use aileron_wire::json::RawJson;
use aileron_wire::message::{
    DeleteXCom, GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice, SetXCom,
};
use end_to_end::Comparison;
use uuid::Uuid;

use crate::{Outcome, raw};

pub(crate) fn xcom(
    run: &str,
    task: &str,
    index: Option<i64>,
    key: &str,
    value: &str,
) -> SetXCom<RawJson> {
    let mut request = SetXCom::new(key, raw(value), "producer", run, task);
    request.map_index = index;
    request
}

pub(crate) async fn xcoms(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    for value in [
        r#"{"b":1,"a":[1.5,"é😀\u2028",null,true],"n":{}}"#,
        "null",
        "10",
        "-3",
        "\"10\"",
        "[]",
        "false",
    ] {
        let set = xcom("r3", "one", None, "a/b ?é", value);
        both.both(value, ti, async |api| api.set_xcom(set.clone()).await)
            .await?;
        let get = GetXCom::new("a/b ?é", "producer", "r3", "one");
        both.both(value, ti, async |api| api.xcom(get.clone()).await)
            .await?;
    }
    for (index, value) in [(2, "\"c\""), (0, "\"a\""), (1, "\"b\""), (3, "\"d\"")] {
        let set = xcom("r3", "many", Some(index), "m", value);
        both.both("mapped", ti, async |api| api.set_xcom(set.clone()).await)
            .await?;
    }
    let mut result = xcom("r3", "one", Some(-1), "result", "[1,2,3]");
    (result.dag_result, result.mapped_length) = (true, Some(3));
    both.both("a length", ti, async |api| {
        api.set_xcom(result.clone()).await
    })
    .await?;
    result.mapped_length = Some(1024);
    both.both("another length", ti, async |api| {
        api.set_xcom(result.clone()).await
    })
    .await?;
    result.mapped_length = Some(1025);
    both.both("too long", ti, async |api| {
        api.set_xcom(result.clone()).await
    })
    .await?;
    let unknown = xcom("none", "one", None, "k", "1");
    both.both("no such run", ti, async |api| {
        api.set_xcom(unknown.clone()).await
    })
    .await?;
    read_xcoms(both, ti).await?;
    both.rows("select * from xcom order by run_id, task_id, map_index, key")?;
    both.rows("select * from task_map")
}

async fn read_xcoms(both: &mut Comparison, ti: Uuid) -> Outcome {
    let count = |key: &str| GetXComCount::new(key, "producer", "r3", "many");
    for key in ["m", "none"] {
        both.both(key, ti, async |api| api.xcom_count(count(key)).await)
            .await?;
    }
    for offset in [0, 3, 4, -1, -4, -5] {
        let item = GetXComSequenceItem::new("m", "producer", "r3", "many", offset);
        let what = format!("item {offset}");
        both.both(&what, ti, async |api| api.xcom_item(item.clone()).await)
            .await?;
    }
    for (start, stop, step) in [
        (None, None, None),
        (None, None, Some(-1)),
        (Some(1), Some(3), None),
        (Some(1), None, Some(2)),
        (Some(-2), None, None),
        (None, Some(-1), None),
        (Some(-3), Some(-1), None),
        (Some(0), Some(-1), None),
        (Some(2), None, Some(-1)),
        (Some(10), None, None),
    ] {
        let what = format!("slice {start:?}:{stop:?}:{step:?}");
        let slice = GetXComSequenceSlice::new("m", "producer", "r3", "many", start, stop, step);
        both.both(&what, ti, async |api| api.xcom_slice(slice.clone()).await)
            .await?;
    }
    let first = xcom("r1", "many", Some(1), "m", "\"first\"");
    both.both("earlier", ti, async |api| api.set_xcom(first.clone()).await)
        .await?;
    for (run, index, prior) in [
        ("r2", 1, true),
        ("r2", 1, false),
        ("r3", 1, true),
        ("r2", 0, true),
    ] {
        let mut get = GetXCom::new("m", "producer", run, "many");
        (get.map_index, get.include_prior_dates) = (Some(index), prior);
        let what = format!("{run} {index} {prior}");
        both.both(&what, ti, async |api| api.xcom(get.clone()).await)
            .await?;
    }
    for key in ["result", "absent"] {
        let delete = DeleteXCom::new(key, "producer", "r3", "one");
        both.both(key, ti, async |api| api.delete_xcom(delete.clone()).await)
            .await?;
    }
    Ok(())
}
