//! Questions to people.

use aileron_wire::message::{CreateHITLDetailPayload, HITLUser, UpdateHITLDetail};
use end_to_end::Comparison;
use serde_json::json;

use crate::{Outcome, map};

pub(crate) async fn questions(both: &mut Comparison) -> Outcome {
    let (ti, wait) = (both.id("r3", "one", -1), both.id("r3", "wait", -1));
    const ROWS: &str = "select * from hitl_detail where subject <> 'of r4' order by subject";
    let ask = CreateHITLDetailPayload::new(ti, vec!["a".into(), "b".into()], "first");
    both.both("ask", ti, async |api| {
        api.create_hitl_detail(ask.clone()).await
    })
    .await?;
    both.both("unanswered", ti, async |api| api.hitl_detail(ti).await)
        .await?;
    both.rows(ROWS)?;
    let mut answer = UpdateHITLDetail::new(ti, vec!["a".into()]);
    answer.params_input = Some(map(json!({"x": 1})));
    both.both("answer", ti, async |api| {
        api.update_hitl_detail(answer.clone()).await
    })
    .await?;
    both.rows(ROWS)?;
    both.both("answer again", ti, async |api| {
        api.update_hitl_detail(answer.clone()).await
    })
    .await?;
    both.both("answered", ti, async |api| api.hitl_detail(ti).await)
        .await?;
    let mut other = CreateHITLDetailPayload::new(ti, vec!["c".into()], "second");
    (other.body, other.defaults, other.multiple) =
        (Some("b".into()), Some(vec!["c".into()]), Some(true));
    other.params = Some(map(json!({"p": 1})));
    other.assigned_users = Some(vec![HITLUser {
        id: "1".into(),
        name: "ada".into(),
    }]);
    both.both("ask again", ti, async |api| {
        api.create_hitl_detail(other.clone()).await
    })
    .await?;
    both.rows(ROWS)?;
    both.both("nothing asked", wait, async |api| {
        api.hitl_detail(wait).await
    })
    .await?;
    let answer = UpdateHITLDetail::new(wait, vec!["a".into()]);
    both.both("nothing asked", wait, async |api| {
        api.update_hitl_detail(answer.clone()).await
    })
    .await?;
    other.ti_id = wait;
    both.both("all fields", wait, async |api| {
        api.create_hitl_detail(other.clone()).await
    })
    .await?;
    both.rows(ROWS)
}
