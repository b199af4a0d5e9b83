//! The state store of assets.

use aileron_execution_api::AssetRef;

use super::{Outcome, not_empty};
use crate::answer::Answer;
use crate::call::Call;
use crate::endpoint::AssetBy;
use crate::refusal::Refusal;
use crate::request::Problems;

use super::task_state::put_body;

pub(super) async fn get(call: &Call, by: AssetBy) -> Outcome {
    let (asset, key) = asset_and_key(call, by)?;
    let value = call.api.asset_state(&asset, &key).await?;
    Ok(Answer::valued(&value))
}

pub(super) async fn set(call: &Call, by: AssetBy) -> Outcome {
    let payload = call.body.payload()?;
    let mut problems = Problems::default();
    let asset = asset(call, by, &mut problems);
    let key = call.query.required("key", &mut problems, not_empty);
    let body = put_body(payload, false, &mut problems);
    let read = asset.zip(key).zip(body);
    let ((asset, key), (value, _)) = problems.finish(read)?;
    call.api.set_asset_state(&asset, &key, value).await?;
    Ok(Answer::done())
}

pub(super) async fn delete(call: &Call, by: AssetBy) -> Outcome {
    let (asset, key) = asset_and_key(call, by)?;
    call.api.delete_asset_state(&asset, &key).await?;
    Ok(Answer::done())
}

pub(super) async fn clear(call: &Call, by: AssetBy) -> Outcome {
    let mut problems = Problems::default();
    let asset = asset(call, by, &mut problems);
    let asset = problems.finish(asset)?;
    call.api.clear_asset_state(&asset).await?;
    Ok(Answer::done())
}

fn asset_and_key(call: &Call, by: AssetBy) -> Result<(AssetRef, String), Refusal> {
    let mut problems = Problems::default();
    let asset = asset(call, by, &mut problems);
    let key = call.query.required("key", &mut problems, not_empty);
    problems.finish(asset.zip(key))
}

fn asset(call: &Call, by: AssetBy, problems: &mut Problems) -> Option<AssetRef> {
    let mut required = |key| call.query.required(key, problems, not_empty);
    match by {
        AssetBy::Name => required("name").map(AssetRef::Name),
        AssetBy::Uri => required("uri").map(AssetRef::Uri),
    }
}
