//! The inlets and outlets of a task.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use aileron_wire::json::JsonMap;
use aileron_wire::message::{
    AssetProfile, AssetResult, AssetsByAliasResult, GetAssetByName, GetAssetByUri,
    GetAssetsByAlias, InactiveAssetsResult, ValidateInletsAndOutlets,
};
use futures_util::future::try_join_all;
use uuid::Uuid;

use super::AssetError;
use super::recorded::Recorded;
use crate::comm::{Channel, CommError};
use crate::{Asset, AssetAlias, AssetOrAlias, AssetRef};

/// The assets of a running task.
#[derive(Debug, Default)]
pub(crate) struct TaskAssets {
    inlets: Vec<AssetOrAlias>,
    outlets: Vec<AssetOrAlias>,
    /// Every single asset among them, with those behind the alias inlets. Set before the body runs.
    single: OnceLock<Vec<AssetRef>>,
    recorded: Mutex<Recorded>,
    produced: OnceLock<Produced>,
}

/// What a successful task reports about its outlets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Produced {
    pub(crate) outlets: Vec<AssetProfile>,
    pub(crate) events: Vec<JsonMap>,
}

impl TaskAssets {
    pub(crate) fn new(inlets: Vec<AssetOrAlias>, outlets: Vec<AssetOrAlias>) -> Self {
        Self {
            inlets,
            outlets,
            ..Self::default()
        }
    }

    /// Refuses inactive assets and finds out what is behind the alias inlets. Asks nothing for a task without assets, and nothing about
    /// aliases for one without alias inlets.
    pub(crate) async fn prepare(
        &self,
        channel: &dyn Channel,
        ti_id: Uuid,
    ) -> Result<(), AssetError> {
        if self.inlets.is_empty() && self.outlets.is_empty() {
            return Ok(());
        }
        let resolved = try_join_all(
            self.alias_inlets()
                .map(|alias| async move { behind_alias(channel, alias).await }),
        );
        let ((), resolved) = tokio::try_join!(refuse_inactive(channel, ti_id), resolved)?;
        self.set_behind_aliases(resolved.into_iter().flatten());
        Ok(())
    }

    pub(crate) fn alias_inlets(&self) -> impl Iterator<Item = &AssetAlias> {
        self.inlets.iter().filter_map(|inlet| match inlet {
            AssetOrAlias::Alias(alias) => Some(alias),
            AssetOrAlias::Asset(_) => None,
        })
    }

    /// Says which assets the alias inlets stand for.
    pub(crate) fn set_behind_aliases(&self, assets: impl IntoIterator<Item = AssetRef>) {
        let mut single: Vec<AssetRef> = Vec::new();
        let inlets = singles(&self.inlets).chain(assets);
        for asset in inlets.chain(singles(&self.outlets)) {
            if !single.iter().any(|known| known.matches(&asset)) {
                single.push(asset);
            }
        }
        // Set once: the context is prepared once.
        let _ = self.single.set(single);
    }

    /// Every single asset among inlets and outlets, inlets first.
    pub(crate) fn single(&self) -> &[AssetRef] {
        self.single.get().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn outlets(&self) -> &[AssetOrAlias] {
        &self.outlets
    }

    /// The inlet that is this asset.
    pub(super) fn inlet(&self, asset: &AssetRef) -> Result<&AssetRef, AssetError> {
        find(&self.inlets, asset, "inlets")
    }

    /// The outlet that is this asset.
    pub(super) fn outlet(&self, asset: &AssetRef) -> Result<&AssetRef, AssetError> {
        find(&self.outlets, asset, "outlets")
    }

    pub(super) fn check_alias_inlet(&self, alias: &AssetAlias) -> Result<(), AssetError> {
        check_alias(&self.inlets, alias, "inlets")
    }

    pub(super) fn check_alias_outlet(&self, alias: &AssetAlias) -> Result<(), AssetError> {
        check_alias(&self.outlets, alias, "outlets")
    }

    pub(super) fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the report about outlets and their events: references are followed now, as they can be wrong.
    pub(crate) async fn produce(&self, channel: &dyn Channel) -> Result<(), AssetError> {
        let recorded = self.recorded().clone();
        let produced = Produced {
            outlets: self.outlets.iter().map(AssetOrAlias::profile).collect(),
            events: recorded.serialize(channel).await?,
        };
        // Set once: a task ends once.
        let _ = self.produced.set(produced);
        Ok(())
    }

    /// The report, empty before [`TaskAssets::produce`] made it.
    pub(crate) fn produced(&self) -> Produced {
        self.produced.get().cloned().unwrap_or_default()
    }
}

fn singles(declared: &[AssetOrAlias]) -> impl Iterator<Item = AssetRef> {
    declared.iter().filter_map(|one| match one {
        AssetOrAlias::Asset(asset) => Some(asset.clone()),
        AssetOrAlias::Alias(_) => None,
    })
}

fn find<'a>(
    declared: &'a [AssetOrAlias],
    asset: &AssetRef,
    side: &'static str,
) -> Result<&'a AssetRef, AssetError> {
    let found = declared.iter().find_map(|one| match one {
        AssetOrAlias::Asset(one) if one.matches(asset) => Some(one),
        _ => None,
    });
    found.ok_or_else(|| undeclared(asset, side, declared))
}

fn check_alias(
    declared: &[AssetOrAlias],
    alias: &AssetAlias,
    side: &'static str,
) -> Result<(), AssetError> {
    let is_it = |one: &AssetOrAlias| matches!(one, AssetOrAlias::Alias(one) if one == alias);
    if declared.iter().any(is_it) {
        Ok(())
    } else {
        Err(undeclared(alias, side, declared))
    }
}

pub(crate) fn undeclared<D: Display>(
    asset: &impl Display,
    side: &'static str,
    declared: &[D],
) -> AssetError {
    AssetError::Undeclared {
        asset: asset.to_string(),
        side,
        declared: declared.iter().map(ToString::to_string).collect(),
    }
}

async fn refuse_inactive(channel: &dyn Channel, ti_id: Uuid) -> Result<(), AssetError> {
    let answer: InactiveAssetsResult = channel.ask(&ValidateInletsAndOutlets { ti_id }).await?;
    let inactive = answer.inactive_assets.unwrap_or_default();
    if inactive.is_empty() {
        return Ok(());
    }
    let assets = inactive.into_iter().map(|asset| {
        let name = asset.name.or(asset.uri.clone()).unwrap_or_default();
        let uri = asset.uri.unwrap_or_else(|| name.clone());
        Asset::owned(name, uri).to_string()
    });
    Err(AssetError::Inactive {
        assets: assets.collect(),
    })
}

async fn behind_alias(
    channel: &dyn Channel,
    alias: &AssetAlias,
) -> Result<Vec<AssetRef>, AssetError> {
    let request = GetAssetsByAlias {
        alias_name: alias.name().to_owned(),
    };
    let answer: AssetsByAliasResult = channel.ask(&request).await?;
    let assets = answer.assets.into_iter();
    Ok(assets
        .map(|asset| AssetRef::Asset(Asset::owned(asset.name, asset.uri)))
        .collect())
}

/// The asset that a reference leads to, with its own extra.
pub(super) async fn follow(
    channel: &dyn Channel,
    asset: &AssetRef,
) -> Result<(Asset, JsonMap), AssetError> {
    let answer: Result<AssetResult, CommError> = match asset {
        AssetRef::Asset(asset) => return Ok((asset.clone(), JsonMap::new())),
        AssetRef::Name(name) => {
            let name = name.to_string();
            channel.ask(&GetAssetByName { name }).await
        }
        AssetRef::Uri(uri) => {
            let uri = uri.to_string();
            channel.ask(&GetAssetByUri { uri }).await
        }
    };
    match answer {
        Ok(found) => Ok((
            Asset::owned(found.name, found.uri),
            found.extra.unwrap_or_default(),
        )),
        Err(error) if error.is_refused_with("ASSET_NOT_FOUND") => Err(AssetError::Unknown {
            asset: asset.to_string(),
        }),
        Err(error) => Err(error.into()),
    }
}
