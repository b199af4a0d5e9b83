//! The asset state store: what is remembered about an asset from run to run.

use aileron_wire::message::{
    ClearAssetStateStoreByName, ClearAssetStateStoreByUri, DeleteAssetStateStoreByName,
    DeleteAssetStateStoreByUri, GetAssetStateStoreByName, GetAssetStateStoreByUri, Message,
    SetAssetStateStoreByName, SetAssetStateStoreByUri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StateStoreError, unkept, value};
use crate::context::StateOf;
use crate::context::assets::{AssetError, undeclared};
use crate::{AssetRef, Context};

/// What is remembered about the assets of this task, from run to run: a small store of JSON values for each asset.
///
/// It holds the assets among the task's inlets and outlets, and those that its alias inlets stood for when the task started. A task with
/// exactly one of them uses the store directly; any other says which asset it means with [`AssetStateStore::of`].
///
/// A value has no expiry, and every task that declares the asset sees it. For what one task instance remembers from try to try see
/// [`TaskStateStore`](crate::TaskStateStore).
///
/// ```
/// use aileron::prelude::*;
/// use aileron::Asset;
///
/// const ORDERS: Asset = Asset::new("orders", "s3://shop/orders");
///
/// /// Reads what is new since the last run.
/// #[task(inlets = [ORDERS])]
/// async fn read_new(cx: &Context) -> Result<i64> {
///     let store = cx.asset_state_store();
///     let from = store.get::<i64>("watermark").await?.unwrap_or(0);
///     let to = from + 10;
///     store.set("watermark", &to).await?;
///     Ok(to - from)
/// }
/// # fn main() -> Result<()> {
/// # let rt = tokio::runtime::Builder::new_current_thread().build()?;
/// # rt.block_on(async {
/// let airflow = aileron::testing::Airflow::new().inlet(ORDERS);
/// read_new::run(&airflow.context("read_new")).await?;
/// read_new::run(&airflow.context("read_new")).await?;
/// assert_eq!(airflow.asset_state::<i64>(&ORDERS, "watermark"), Some(20));
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AssetStateStore<'a> {
    context: &'a Context,
}

/// What is remembered about one asset. See [`AssetStateStore`].
#[derive(Debug, Clone)]
pub struct AssetState<'a> {
    context: &'a Context,
    asset: AssetRef,
}

/// How a request names the asset: by its name unless only the URI is known, as Python tasks do.
enum Address<'a> {
    Name(&'a str),
    Uri(&'a str),
}

impl<'a> AssetStateStore<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The store of one asset, by the asset, its name or its URI.
    ///
    /// # Errors
    /// When it is neither inlet nor outlet; the message lists what is.
    pub fn of(&self, asset: impl Into<AssetRef>) -> Result<AssetState<'a>, StateStoreError> {
        let asset = asset.into();
        let assets = self.assets();
        if !assets.iter().any(|known| known.matches(&asset)) {
            return Err(undeclared(&asset, "inlets and outlets", assets).into());
        }
        Ok(AssetState {
            context: self.context,
            asset,
        })
    }

    /// The assets of this task, inlets first. Empty when the task has none, or its alias inlets stand for none yet.
    pub fn assets(&self) -> &'a [AssetRef] {
        self.context.inner.assets.single()
    }

    /// Whether there is no asset to remember anything about.
    pub fn is_empty(&self) -> bool {
        self.assets().is_empty()
    }

    fn only(&self) -> Result<AssetState<'a>, StateStoreError> {
        match self.assets() {
            [asset] => Ok(AssetState {
                context: self.context,
                asset: asset.clone(),
            }),
            assets => Err(AssetError::NotOne {
                assets: assets.iter().map(ToString::to_string).collect(),
            }
            .into()),
        }
    }

    /// [`AssetState::get`] for the only asset of this task.
    ///
    /// # Errors
    /// When the task has none or several, and those of [`AssetState::get`].
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StateStoreError> {
        self.only()?.get(key).await
    }

    /// [`AssetState::set`] for the only asset of this task.
    ///
    /// # Errors
    /// When the task has none or several, and those of [`AssetState::set`].
    pub async fn set<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
    ) -> Result<(), StateStoreError> {
        self.only()?.set(key, value).await
    }

    /// [`AssetState::delete`] for the only asset of this task.
    ///
    /// # Errors
    /// When the task has none or several, and those of [`AssetState::delete`].
    pub async fn delete(&self, key: &str) -> Result<(), StateStoreError> {
        self.only()?.delete(key).await
    }

    /// [`AssetState::clear`] for the only asset of this task.
    ///
    /// # Errors
    /// When the task has none or several, and those of [`AssetState::clear`].
    pub async fn clear(&self) -> Result<(), StateStoreError> {
        self.only()?.clear().await
    }
}

impl AssetState<'_> {
    /// The value of a key, or `None` when there is none.
    ///
    /// Airflow answers the same for an asset that it does not have; the task would not have started with an inactive one.
    ///
    /// # Errors
    /// When the value does not fit `T`, the key cannot be one, or the supervisor cannot answer.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StateStoreError> {
        value::check_key(key)?;
        let channel = self.context.channel();
        let key_text = key.to_owned();
        let (request, reply) = match self.address() {
            Address::Name(name) => {
                let request = GetAssetStateStoreByName {
                    name: name.to_owned(),
                    key: key_text,
                };
                (GetAssetStateStoreByName::TYPE, channel.send(&request).await)
            }
            Address::Uri(uri) => {
                let request = GetAssetStateStoreByUri {
                    uri: uri.to_owned(),
                    key: key_text,
                };
                (GetAssetStateStoreByUri::TYPE, channel.send(&request).await)
            }
        };
        value::read(self.context, key, request, "ASSET_STORE_NOT_FOUND", reply).await
    }

    /// Stores a value. It replaces what the key had.
    ///
    /// # Errors
    /// Before anything is sent: for a null, a value that is not JSON (NaN, infinities) or a key that cannot be one. After that: when the
    /// supervisor cannot store it.
    pub async fn set<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
    ) -> Result<(), StateStoreError> {
        value::check_key(key)?;
        let encoded = value::encode(key, value)?;
        let place = format!("the state store of {}", self.asset);
        match value::keep(self.context, self.owner(), key, &encoded, &place).await? {
            Some(external) => self.send(key, external).await,
            None => self.send(key, value).await,
        }
    }

    /// Stores what is in the database.
    async fn send<T: Serialize>(&self, key: &str, value: T) -> Result<(), StateStoreError> {
        let channel = self.context.channel();
        let key = key.to_owned();
        match self.address() {
            Address::Name(name) => {
                let name = name.to_owned();
                channel
                    .send(&SetAssetStateStoreByName { name, key, value })
                    .await?
            }
            Address::Uri(uri) => {
                let uri = uri.to_owned();
                channel
                    .send(&SetAssetStateStoreByUri { uri, key, value })
                    .await?
            }
        };
        Ok(())
    }

    /// Whose state it is, as Python tasks name the asset.
    fn owner(&self) -> StateOf<'_> {
        match self.address() {
            Address::Name(asset) | Address::Uri(asset) => StateOf::Asset(asset),
        }
    }

    /// Deletes a key; one that is not there is fine.
    ///
    /// # Errors
    /// When the key cannot be one, or the supervisor cannot answer.
    pub async fn delete(&self, key: &str) -> Result<(), StateStoreError> {
        value::check_key(key)?;
        let channel = self.context.channel();
        let key_text = key.to_owned();
        match self.address() {
            Address::Name(name) => {
                let request = DeleteAssetStateStoreByName {
                    name: name.to_owned(),
                    key: key_text,
                };
                channel.send(&request).await?
            }
            Address::Uri(uri) => {
                let request = DeleteAssetStateStoreByUri {
                    uri: uri.to_owned(),
                    key: key_text,
                };
                channel.send(&request).await?
            }
        };
        let storage = &self.context.inner.storage;
        let deleted = storage.delete_state(self.context, self.owner(), key).await;
        deleted.map_err(|error| unkept(key, error))
    }

    /// Deletes every key of this asset.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn clear(&self) -> Result<(), StateStoreError> {
        let channel = self.context.channel();
        match self.address() {
            Address::Name(name) => {
                let name = name.to_owned();
                channel.send(&ClearAssetStateStoreByName { name }).await?
            }
            Address::Uri(uri) => {
                let uri = uri.to_owned();
                channel.send(&ClearAssetStateStoreByUri { uri }).await?
            }
        };
        let storage = &self.context.inner.storage;
        let cleared = storage.clear_states(self.context, self.owner()).await;
        cleared.map_err(|error| unkept("", error))
    }

    fn address(&self) -> Address<'_> {
        match &self.asset {
            AssetRef::Asset(asset) => Address::Name(asset.name()),
            AssetRef::Name(name) => Address::Name(name),
            AssetRef::Uri(uri) => Address::Uri(uri),
        }
    }
}
