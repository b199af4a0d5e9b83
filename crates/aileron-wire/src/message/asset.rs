//! Assets and aliases.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::message;
use crate::json::{JsonMap, free_form};

/// Asks for an asset by its name. The answer is an [`AssetResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetAssetByName {
    /// The name.
    pub name: String,
}

message!(GetAssetByName);

/// Asks for an asset by its URI. The answer is an [`AssetResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetAssetByUri {
    /// The URI.
    pub uri: String,
}

message!(GetAssetByUri);

/// An asset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct AssetResult {
    /// The name.
    pub name: String,
    /// The URI.
    pub uri: String,
    /// The group of the asset.
    pub group: String,
    /// Whatever else was attached, as JSON.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub extra: Option<JsonMap>,
}

impl AssetResult {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(name: impl Into<String>, uri: impl Into<String>, group: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            uri: uri.into(),
            group: group.into(),
            extra: None,
        }
    }
}

message!(AssetResult);

/// An asset inside an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssetResponse {
    /// The name.
    pub name: String,
    /// The URI.
    pub uri: String,
    /// The group of the asset.
    pub group: String,
    /// Whatever else was attached, as JSON.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub extra: Option<JsonMap>,
}

impl AssetResponse {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(name: impl Into<String>, uri: impl Into<String>, group: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            uri: uri.into(),
            group: group.into(),
            extra: None,
        }
    }
}

/// Asks for the assets behind an alias. The answer is an [`AssetsByAliasResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetAssetsByAlias {
    /// The name of the alias.
    pub alias_name: String,
}

message!(GetAssetsByAlias);

/// The assets behind an alias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct AssetsByAliasResult {
    /// The assets.
    pub assets: Vec<AssetResult>,
}

message!(AssetsByAliasResult);

/// An asset, a reference to one, or an alias, as a task declares it among its outlets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssetProfile {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// `Asset`, `AssetNameRef`, `AssetUriRef` or `AssetAlias`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl AssetProfile {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            name: None,
            uri: None,
        }
    }
}

/// Asks which inlets and outlets of a task are inactive. The answer is an [`InactiveAssetsResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct ValidateInletsAndOutlets {
    /// The task instance.
    pub ti_id: Uuid,
}

message!(ValidateInletsAndOutlets);

/// Inlets and outlets that are inactive.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct InactiveAssetsResult {
    /// The inactive ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive_assets: Option<Vec<AssetProfile>>,
}

message!(InactiveAssetsResult);
