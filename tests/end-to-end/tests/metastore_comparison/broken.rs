//! Where Airflow breaks.

use aileron_wire::message::GetXComSequenceSlice;
use end_to_end::{Answer, Comparison};
use serde_json::json;

use crate::xcoms::xcom;
use crate::{Outcome, raw};

pub(crate) async fn broken(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    let stranger = xcom("r3", "none", None, "k", "1");
    let (theirs, ours) = both
        .ask(ti, async |api| api.set_xcom(stranger.clone()).await)
        .await?;
    assert_eq!(theirs.refusal(), Some((Some(500), None)));
    assert_eq!(ours.refusal(), Some((Some(404), Some("not_found"))));
    for (index, value) in [(0, "0"), (1, "1"), (2, "2"), (3, "3")] {
        let set = xcom("r3", "many", Some(index), "m", value);
        both.both("mapped", ti, async |api| api.set_xcom(set.clone()).await)
            .await?;
    }
    // Of `[0, 1, 2, 3][-4:-3:-1]` Python makes `[]`.
    let slice =
        GetXComSequenceSlice::new("m", "producer", "r3", "many", Some(-4), Some(-3), Some(-1));
    let (theirs, ours) = both
        .ask(ti, async |api| api.xcom_slice(slice.clone()).await)
        .await?;
    assert_eq!(theirs, Answer::Done(json!([0])));
    assert_eq!(ours, Answer::Done(json!([])));
    let past = "2020-01-01T00:00:00Z".parse().ok();
    both.both("expired", ti, async |api| {
        api.set_task_state("k", raw("1"), past).await
    })
    .await?;
    let (theirs, ours) = both.ask(ti, async |api| api.task_state("k").await).await?;
    assert_eq!(theirs, Answer::Done(json!(1)));
    assert_eq!(ours.refusal(), Some((Some(404), Some("not_found"))));
    Ok(())
}
