//! The state of tasks and assets.

use aileron_execution_api::{AssetRef, ExecutionApi};
use end_to_end::Comparison;
use uuid::Uuid;

use crate::{Outcome, raw};

pub(crate) async fn states(both: &mut Comparison) -> Outcome {
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
