//! The same requests to Airflow's own Execution API and to ours have the same answers and leave the same rows.
#![allow(clippy::unwrap_used)]

use std::sync::{Mutex, PoisonError};

use aileron_execution_api::{
    AssetEventsQuery, AssetEventsSource, AssetRef, ExecutionApi, StateUpdate,
};
use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::{
    AssetProfile, CreateHITLDetailPayload, DeleteXCom, GetDRCount, GetPreviousDagRun,
    GetVariableKeys, GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice, HITLUser,
    PutVariable, SetXCom, SucceedTask, TriggerDagRun, UpdateHITLDetail,
};
use end_to_end::{AirflowVersion, Answer, Comparison};
use serde_json::{Value, json};
use uuid::Uuid;

type Outcome = anyhow::Result<()>;

fn raw(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).unwrap()
}

fn map(value: Value) -> JsonMap {
    value.as_object().unwrap().clone()
}

/// Runs a part of the comparison, and shows what was not the same.
///
/// All parts share one server and one pair of databases: most of the time is Airflow's start.
fn compare(part: impl AsyncFnOnce(&mut Comparison) -> Outcome) {
    static BOTH: Mutex<Option<Comparison>> = Mutex::new(None);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // A part that failed has not harmed the others.
    let mut both = BOTH.lock().unwrap_or_else(PoisonError::into_inner);
    runtime.block_on(async {
        let both = match &mut *both {
            Some(both) => both,
            nobody => nobody.insert(Comparison::start(AirflowVersion::V3_3_2).await.unwrap()),
        };
        both.reopen().await.unwrap();
        let ended = part(both).await;
        let differences = both.differences();
        assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
        ended.unwrap();
    });
}

fn xcom(run: &str, task: &str, index: Option<i64>, key: &str, value: &str) -> SetXCom<RawJson> {
    let mut request = SetXCom::new(key, raw(value), "producer", run, task);
    request.map_index = index;
    request
}

async fn xcoms(both: &mut Comparison) -> Outcome {
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

#[test]
fn xcoms_are_kept_and_found_as_airflow_does() {
    compare(xcoms);
}

#[test]
fn where_airflow_breaks_ours_says_what_is_wrong() {
    compare(async |both| {
        let ti = both.id("r3", "one", -1);
        let stranger = xcom("r3", "none", None, "k", "1");
        let (theirs, ours) = both
            .ask(ti, async |api| api.set_xcom(stranger.clone()).await)
            .await?;
        assert_eq!(theirs, Answer::Refused(Some(500), None));
        assert_eq!(ours, Answer::Refused(Some(404), Some("not_found".into())));
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
        assert_eq!(ours, Answer::Refused(Some(404), Some("not_found".into())));
        Ok(())
    });
}

async fn secrets(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    for key in ["stored", "none"] {
        both.both(key, ti, async |api| api.variable(key).await)
            .await?;
    }
    for (key, value, description) in [
        ("x_1", Some("v"), Some("why")),
        ("x_1", Some("w"), None),
        ("x_2", Some(""), None),
        ("x%3", Some("é"), None),
        ("x/4", None, None),
    ] {
        let put = PutVariable {
            key: key.into(),
            value: value.map(str::to_owned),
            description: description.map(str::to_owned),
        };
        both.both(key, ti, async |api| api.put_variable(put.clone()).await)
            .await?;
        both.both(key, ti, async |api| api.variable(key).await)
            .await?;
    }
    for (prefix, limit, offset) in [
        (None, 1000, 0),
        (Some("x_"), 1, 1),
        (Some("x%"), 10, 0),
        (Some("none"), 10, 0),
        (None, 0, 0),
    ] {
        let what = format!("{prefix:?} {limit} {offset}");
        let query = || GetVariableKeys {
            prefix: prefix.map(str::to_owned),
            limit,
            offset,
        };
        let asked = both
            .ask(ti, async |api| api.variable_keys(query()).await)
            .await?;
        // The details of what is not understood are FastAPI's own.
        if let (Answer::Refused(theirs, _), Answer::Refused(ours, _)) = &asked {
            assert_eq!(theirs, ours, "{what}");
        } else {
            assert_eq!(asked.0, asked.1, "{what}");
        }
    }
    for key in ["x_1", "absent"] {
        both.both(key, ti, async |api| api.delete_variable(key).await)
            .await?;
    }
    for conn_id in ["shop", "none"] {
        both.both(conn_id, ti, async |api| api.connection(conn_id).await)
            .await?;
    }
    both.rows("select key, val, description, is_encrypted, team_name from variable order by key")?;
    // What each wrote, encrypted with the key that both have, the other one reads.
    Ok(())
}

#[test]
fn variables_and_connections_are_those_that_airflow_wrote() {
    compare(secrets);
}

async fn states(both: &mut Comparison) -> Outcome {
    let (ti, mapped) = (both.id("r3", "one", -1), both.id("r3", "many", 2));
    let nobody = Uuid::from_u128(0x1234);
    let later = "2100-01-01T00:00:00.5Z".parse().ok();
    for (id, key, value, expires) in [
        (ti, "a/b ?", r#"{"x":[1],"é":null}"#, None),
        (ti, "a/b ?", "2", later),
        (ti, "k", "\"text\"", None),
        (mapped, "k", "false", None),
        (nobody, "k", "1", None),
    ] {
        let set = async |api: &dyn ExecutionApi| api.set_task_state(key, raw(value), expires).await;
        both.both(value, id, set).await?;
        both.both(value, id, async |api| api.task_state(key).await)
            .await?;
    }
    both.both("absent", ti, async |api| api.task_state("absent").await)
        .await?;
    both.both("delete", ti, async |api| api.delete_task_state("k").await)
        .await?;
    both.both("delete absent", ti, async |api| {
        api.delete_task_state("k").await
    })
    .await?;
    both.rows("select * from task_state_store where run_id = 'r3' order by task_id, key")?;
    both.both("clear", ti, async |api| api.clear_task_state().await)
        .await?;
    both.rows("select * from task_state_store where run_id = 'r3' order by task_id, key")?;

    let (name, uri) = (
        AssetRef::Name("orders".into()),
        AssetRef::Uri("s3://shop/orders".into()),
    );
    let none = AssetRef::Name("none".into());
    for (id, asset, value) in [
        (ti, &name, "[1]"),
        (mapped, &uri, "{\"w\":2}"),
        (ti, &none, "1"),
        (nobody, &name, "1"),
    ] {
        let set =
            async |api: &dyn ExecutionApi| api.set_asset_state(asset, "k/1", raw(value)).await;
        both.both(value, id, set).await?;
        both.both(value, ti, async |api| api.asset_state(asset, "k/1").await)
            .await?;
    }
    both.rows("select * from asset_state_store")?;
    for asset in [&name, &uri, &none] {
        both.both("absent", ti, async |api| {
            api.asset_state(asset, "absent").await
        })
        .await?;
        both.both("delete absent", ti, async |api| {
            api.delete_asset_state(asset, "absent").await
        })
        .await?;
        both.both("an asset", ti, async |api| api.asset(asset).await)
            .await?;
    }
    both.both("clear", ti, async |api| api.clear_asset_state(&uri).await)
        .await?;
    both.rows("select * from asset_state_store")
}

#[test]
fn state_is_kept_as_airflow_keeps_it() {
    compare(states);
}

fn outlet(kind: &str, name: Option<&str>, uri: Option<&str>) -> AssetProfile {
    AssetProfile {
        name: name.map(str::to_owned),
        uri: uri.map(str::to_owned),
        kind: kind.into(),
    }
}

async fn events(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    let of = |name: &str, uri: &str| json!({"name": name, "uri": uri});
    let mut success = SucceedTask::new("2026-02-01T00:00:00Z".parse()?);
    success.task_outlets = Some(vec![
        outlet("Asset", Some("orders"), Some("s3://shop/orders")),
        outlet("AssetNameRef", Some("prices"), None),
        outlet("AssetUriRef", None, Some("s3://shop/prices")),
        outlet("AssetAlias", Some("daily"), None),
        outlet("AssetAlias", Some("fresh"), None),
        outlet("Asset", Some("gone"), Some("gone")),
    ]);
    let events = [
        json!({"dest_asset_key": of("orders", "s3://shop/orders"), "extra": {"z": 1, "a": 2}}),
        json!({"dest_asset_key": of("orders", "s3://shop/orders"), "extra": {}, "partition_key": "uk"}),
        json!({"dest_asset_key": of("elsewhere", "e"), "extra": {}}),
        json!({"source_alias_name": "daily", "dest_asset_key": of("new", "s3://new"), "dest_asset_extra": {"q": 1, "b": 1}, "extra": {"z": 1, "a": 2}}),
        json!({"source_alias_name": "daily", "dest_asset_key": of("orders", "s3://shop/orders"), "dest_asset_extra": {}, "extra": {}}),
        json!({"source_alias_name": "other", "dest_asset_key": of("orders", "s3://shop/orders"), "dest_asset_extra": {}, "extra": {}}),
    ];
    success.outlet_events = Some(events.into_iter().map(map).collect());
    let succeed = async |api: &dyn ExecutionApi| {
        api.update_state(StateUpdate::Success(success.clone()))
            .await
    };
    both.both("success", ti, succeed).await?;
    both.rows("select id, name, uri, \"group\", extra from asset order by id")?;
    both.rows("select * from asset_active order by name")?;
    both.rows("select name, \"group\" from asset_alias order by name")?;
    both.rows(
        "select a.name, s.name as asset from asset_alias_asset b join asset_alias a on a.id = b.alias_id \
         join asset s on s.id = b.asset_id order by 1, 2",
    )?;
    // The order among the outlets is Python's, whose sets have none.
    both.rows(
        "select asset_id, extra, source_task_id, source_dag_id, source_run_id, source_map_index, timestamp, \
         partition_key from asset_event order by asset_id, extra, partition_key",
    )?;
    both.rows("select asset_id, target_dag_id, created_at from asset_dag_run_queue order by 1, 2")?;
    both.rows(
        "select a.name, s.name as asset from asset_alias_asset_event b join asset_alias a on a.id = b.alias_id \
         join asset_event e on e.id = b.event_id join asset s on s.id = e.asset_id order by 1, 2",
    )?;
    read_events(both, ti).await
}

/// Events without their numbers, which follow the order of Python's sets.
fn unnumbered(mut events: Value) -> Value {
    for event in events.as_array_mut().into_iter().flatten() {
        event["id"] = json!(0);
    }
    events
}

async fn read_events(both: &mut Comparison, ti: Uuid) -> Outcome {
    let asset = |name: Option<&str>, uri: Option<&str>| AssetEventsSource::Asset {
        name: name.map(str::to_owned),
        uri: uri.map(str::to_owned),
    };
    for source in [
        asset(Some("orders"), None),
        asset(None, Some("s3://shop/prices")),
        asset(Some("new"), None),
        asset(Some("new"), Some("s3://new")),
        asset(Some("orders"), Some("s3://new")),
        asset(None, None),
        AssetEventsSource::Alias("daily".into()),
        AssetEventsSource::Alias("none".into()),
    ] {
        for (ascending, limit) in [(true, None), (false, Some(1)), (true, Some(0))] {
            let mut query = AssetEventsQuery::new(source.clone());
            (query.ascending, query.limit) = (ascending, limit);
            let asked = async |api: &dyn ExecutionApi| {
                let events = api.asset_events(query.clone()).await?;
                Ok(unnumbered(json!(events)))
            };
            both.both(&format!("{query:?}"), ti, asked).await?;
        }
    }
    for alias in ["daily", "fresh", "none"] {
        let asked = async |api: &dyn ExecutionApi| {
            let mut assets = api.assets_by_alias(alias).await?;
            assets.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(assets)
        };
        both.both(alias, ti, asked).await?;
    }
    Ok(())
}

#[test]
fn a_success_leaves_the_events_that_airflow_leaves() {
    compare(events);
}

async fn questions(both: &mut Comparison) -> Outcome {
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

#[test]
fn questions_to_people_are_asked_and_answered_as_airflow_does() {
    compare(questions);
}

async fn runs(both: &mut Comparison) -> Outcome {
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

#[test]
fn dag_runs_are_found_and_counted_as_airflow_does() {
    compare(runs);
}

async fn triggers(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    let plain = |dag_id: &str, run_id: &str| TriggerDagRun::new(dag_id, run_id);
    let date = "2026-05-01T00:00:00Z".parse().ok();
    let mut full = plain("producer", "t2");
    (full.logical_date, full.run_after) = (date, "2026-05-02T00:00:00Z".parse().ok());
    (full.conf, full.note) = (Some(map(json!({"a": [1]}))), Some("hello".into()));
    let mut taken = plain("producer", "t3");
    taken.logical_date = date;
    let mut partition = plain("producer", "t4");
    partition.partition_key = Some("uk".into());
    let requests = [
        plain("producer", "t1"),
        plain("producer", "t1"),
        full,
        taken,
        partition,
        plain("producer", "t..5"),
        plain("producer", "t 6"),
        plain("producer", "scheduled__2026-05-01T00:00:00+00:00"),
        plain("paused", "t7"),
        plain("daily", "t8"),
        plain("none", "t9"),
        plain("on_name", "t10"),
        plain("on_uri", "t11"),
        plain("mapped", "t12"),
    ];
    for request in requests {
        let what = format!("{} {}", request.dag_id, request.run_id);
        both.both(&what, ti, async |api| {
            api.trigger_dag_run(request.clone()).await
        })
        .await?;
    }
    both.both("with a note", ti, async |api| {
        api.dag_run("producer", "t2").await
    })
    .await?;
    both.rows(
        "select * from dag_run where run_type = 'operator_triggered' order by dag_id, run_id",
    )?;
    both.rows("select * from dag_run_note")?;
    both.rows(
        "select * from task_instance where run_id like 't%' or run_id like 'scheduled%' \
         order by dag_id, run_id, task_id, map_index",
    )
}

#[test]
fn a_task_starts_dag_runs_as_airflow_does() {
    compare(triggers);
}

async fn clears(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    let failed = both.id("r4", "one", -1);
    both.both("state", failed, async |api| {
        api.set_task_state("k", raw("1"), None).await
    })
    .await?;
    let ask = CreateHITLDetailPayload::new(failed, vec!["a".into()], "of r4");
    both.both("ask", failed, async |api| {
        api.create_hitl_detail(ask.clone()).await
    })
    .await?;
    for (dag_id, run_id) in [
        ("producer", "r4"),
        ("producer", "r5"),
        ("producer", "none"),
        ("none", "none"),
        ("on_name", "none"),
    ] {
        both.both(run_id, ti, async |api| {
            api.clear_dag_run(dag_id, run_id).await
        })
        .await?;
    }
    both.rows("select * from dag_run where run_id in ('r4', 'r5')")?;
    both.rows("select * from task_instance where run_id in ('r4', 'r5') order by run_id, task_id, map_index")?;
    both.rows("select * from task_instance_history order by run_id, task_id, map_index")?;
    both.rows("select * from task_state_store where run_id = 'r4'")?;
    both.rows("select * from hitl_detail where subject = 'of r4'")?;
    both.rows("select options, subject, responded_at, chosen_options from hitl_detail_history")
}

#[test]
fn a_cleared_run_is_what_airflow_makes_of_it() {
    compare(clears);
}
