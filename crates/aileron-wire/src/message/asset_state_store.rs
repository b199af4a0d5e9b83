//! State that belongs to an asset and outlives Dag runs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{defaults::required, message};

/// Asks for a value of an asset, named by its name. The answer is an [`AssetStateStoreResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetAssetStateStoreByName {
    /// The name.
    pub name: String,
    /// The key.
    pub key: String,
}

message!(GetAssetStateStoreByName);

/// Asks for a value of an asset, named by its URI. The answer is an [`AssetStateStoreResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetAssetStateStoreByUri {
    /// The URI.
    pub uri: String,
    /// The key.
    pub key: String,
}

message!(GetAssetStateStoreByUri);

/// A value of the asset state store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", bound(deserialize = "V: Deserialize<'de>"))]
pub struct AssetStateStoreResult<V = Value> {
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: V,
}

message!(AssetStateStoreResult<V>);

/// Stores a value for an asset, named by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", bound(deserialize = "V: Deserialize<'de>"))]
pub struct SetAssetStateStoreByName<V = Value> {
    /// The name.
    pub name: String,
    /// The key.
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: V,
}

message!(SetAssetStateStoreByName<V>);

/// Stores a value for an asset, named by its URI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", bound(deserialize = "V: Deserialize<'de>"))]
pub struct SetAssetStateStoreByUri<V = Value> {
    /// The URI.
    pub uri: String,
    /// The key.
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: V,
}

message!(SetAssetStateStoreByUri<V>);

/// Deletes one key of an asset, named by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DeleteAssetStateStoreByName {
    /// The name.
    pub name: String,
    /// The key.
    pub key: String,
}

message!(DeleteAssetStateStoreByName);

/// Deletes one key of an asset, named by its URI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DeleteAssetStateStoreByUri {
    /// The URI.
    pub uri: String,
    /// The key.
    pub key: String,
}

message!(DeleteAssetStateStoreByUri);

/// Deletes every key of an asset, named by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct ClearAssetStateStoreByName {
    /// The name.
    pub name: String,
}

message!(ClearAssetStateStoreByName);

/// Deletes every key of an asset, named by its URI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct ClearAssetStateStoreByUri {
    /// The URI.
    pub uri: String,
}

message!(ClearAssetStateStoreByUri);
