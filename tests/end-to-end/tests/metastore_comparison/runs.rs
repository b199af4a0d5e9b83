//! Dag runs that are looked for.

use aileron_wire::message::{GetDRCount, GetPreviousDagRun};
use end_to_end::Comparison;

use crate::Outcome;

pub(crate) async fn runs(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    for (dag_id, run_id) in [
        ("producer", "r1"),
        ("producer", "r2"),
        ("producer", "none"),
        ("none", "r1"),
    ] {
        both.both(run_id, ti, async |api| api.dag_run(dag_id, run_id).await)
            .await?;
        both.both(run_id, ti, async |api| {
            api.dag_run_state(dag_id, run_id).await
        })
        .await?;
    }
    for dag_id in ["producer", "paused", "none"] {
        both.both(dag_id, ti, async |api| api.dag(dag_id).await)
            .await?;
    }
    let date = |text: &str| text.parse().unwrap();
    let all = GetDRCount::new("producer");
    let of_states = GetDRCount {
        states: Some(vec!["failed".into(), "running".into()]),
        ..all.clone()
    };
    let of_ids = GetDRCount {
        run_ids: Some(vec!["r1".into(), "x".into()]),
        ..all.clone()
    };
    let dates = vec![date("2026-01-01T00:00:00Z"), date("2026-02-01T00:00:00Z")];
    let of_dates = GetDRCount {
        logical_dates: Some(dates),
        ..all.clone()
    };
    for query in [all, of_states, of_ids, of_dates, GetDRCount::new("none")] {
        let what = format!("{query:?}");
        both.both(&what, ti, async |api| {
            api.dag_run_count(query.clone()).await
        })
        .await?;
    }
    for (day, state) in [
        ("2026-01-03", None),
        ("2026-01-03", Some("success")),
        ("2026-01-01", None),
    ] {
        let mut query = GetPreviousDagRun::new("producer", date(&format!("{day}T00:00:00Z")));
        query.state = state.map(str::to_owned);
        let what = format!("{query:?}");
        both.both(&what, ti, async |api| {
            api.previous_dag_run(query.clone()).await
        })
        .await?;
    }
    both.both("previous", ti, async |api| {
        api.previous_successful_dag_run().await
    })
    .await?;
    Ok(())
}
