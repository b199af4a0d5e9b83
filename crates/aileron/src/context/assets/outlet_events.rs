//! Events of the outlets: what a task says about the data it made.

use aileron_wire::json::{self, JsonMap};
use serde::Serialize;
use serde_json::Value;

use super::AssetError;
use crate::{AssetAlias, AssetRef, Context};

/// The longest partition key, in characters (3.3.2, `_PARTITION_KEY_MAX_LENGTH`).
const LONGEST_PARTITION_KEY: usize = 250;

/// What this task says about the events of its outlets. See [`Context::outlet_events`].
///
/// Airflow makes an event for each asset among the outlets when the task succeeds, whether or not the task says anything about it. For an
/// alias among them it makes those that the task adds. Nothing is sent before the task succeeds.
#[derive(Debug, Clone, Copy)]
pub struct OutletEvents<'a> {
    context: &'a Context,
}

/// The event of one outlet.
#[derive(Debug, Clone)]
pub struct OutletEvent<'a> {
    context: &'a Context,
    asset: AssetRef,
}

/// The events that go through one alias.
#[derive(Debug, Clone)]
pub struct AliasEvents<'a> {
    context: &'a Context,
    alias: AssetAlias,
}

/// An event that is made when the task succeeds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RecordedEvent {
    /// The asset.
    pub asset: AssetRef,
    /// The alias that it goes through.
    pub alias: Option<AssetAlias>,
    /// What the task attached.
    pub extra: JsonMap,
    /// The partition.
    pub partition_key: Option<String>,
}

impl<'a> OutletEvents<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The event of an asset among the outlets.
    ///
    /// # Errors
    /// When it is not among them; the message lists what is.
    pub fn of(&self, asset: impl Into<AssetRef>) -> Result<OutletEvent<'a>, AssetError> {
        let asset = asset.into();
        let declared = self.context.inner.assets.outlet(&asset)?;
        // The asset itself says more than a reference to it, whichever of the two is declared.
        let asset = match declared {
            AssetRef::Asset(_) => declared.clone(),
            AssetRef::Name(_) | AssetRef::Uri(_) => asset,
        };
        Ok(OutletEvent {
            context: self.context,
            asset,
        })
    }

    /// The events that go through an alias among the outlets.
    ///
    /// # Errors
    /// When it is not among them; the message lists what is.
    pub fn of_alias(&self, alias: &AssetAlias) -> Result<AliasEvents<'a>, AssetError> {
        self.context.inner.assets.check_alias_outlet(alias)?;
        Ok(AliasEvents {
            context: self.context,
            alias: alias.clone(),
        })
    }

    /// Everything recorded so far, in order. An asset that the task said nothing about is not in it.
    pub fn recorded(&self) -> Vec<RecordedEvent> {
        self.context.inner.assets.recorded().events()
    }
}

impl OutletEvent<'_> {
    /// Attaches a value to the event, under a key of its extra.
    ///
    /// # Errors
    /// When the value is not JSON.
    pub fn extra<T: Serialize + ?Sized>(self, key: &str, value: &T) -> Result<Self, AssetError> {
        let value = to_json(value, &self.asset)?;
        let mut recorded = self.context.inner.assets.recorded();
        recorded
            .asset(&self.asset)
            .extra
            .insert(key.to_owned(), value);
        drop(recorded);
        Ok(self)
    }

    /// Puts this in place of the whole extra.
    ///
    /// # Errors
    /// When the value is not a JSON object.
    pub fn replace_extra<T: Serialize + ?Sized>(self, extra: &T) -> Result<Self, AssetError> {
        let extra = to_object(extra, &self.asset)?;
        self.context
            .inner
            .assets
            .recorded()
            .asset(&self.asset)
            .extra = extra;
        Ok(self)
    }

    /// Makes the event one of this partition. Called with several keys, Airflow makes an event for each, all with the same extra.
    ///
    /// Without a key the event has that of the Dag run, when it has one.
    ///
    /// # Errors
    /// When the key is blank or has more than 250 characters.
    pub fn partition(self, key: &str) -> Result<Self, AssetError> {
        check_partition_key(key)?;
        let mut recorded = self.context.inner.assets.recorded();
        let keys = &mut recorded.asset(&self.asset).partition_keys;
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
        drop(recorded);
        Ok(self)
    }
}

impl AliasEvents<'_> {
    /// Adds an event of an asset, which need not be an outlet. From then on Airflow knows the asset behind the alias, and makes it when
    /// it is new.
    ///
    /// `extra` is a JSON object, or `&()` for none.
    ///
    /// # Errors
    /// When the extra is not a JSON object, or the name or URI of the asset is not one that Airflow takes.
    pub fn add<T: Serialize + ?Sized>(
        &self,
        asset: impl Into<AssetRef>,
        extra: &T,
    ) -> Result<(), AssetError> {
        let asset = asset.into();
        crate::AssetOrAlias::from(&asset)
            .check()
            .map_err(|reason| AssetError::BadExtra {
                asset: asset.to_string(),
                reason: reason.to_owned(),
            })?;
        let extra = to_object(extra, &asset)?;
        let mut recorded = self.context.inner.assets.recorded();
        recorded.add(&self.alias, asset, extra);
        Ok(())
    }
}

fn to_json<T: Serialize + ?Sized>(value: &T, asset: &AssetRef) -> Result<Value, AssetError> {
    let bad = |reason: String| AssetError::BadExtra {
        asset: asset.to_string(),
        reason,
    };
    // `serde_json` would make a null of NaN.
    let encoded = json::encode(value).map_err(|error| bad(error.to_string()))?;
    json::decode(&encoded).map_err(|error| bad(error.to_string()))
}

fn to_object<T: Serialize + ?Sized>(value: &T, asset: &AssetRef) -> Result<JsonMap, AssetError> {
    match to_json(value, asset)? {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(JsonMap::new()),
        _ => Err(AssetError::BadExtra {
            asset: asset.to_string(),
            reason: "it is a JSON object: a struct or a map".to_owned(),
        }),
    }
}

fn check_partition_key(key: &str) -> Result<(), AssetError> {
    let reason = if key.trim().is_empty() {
        "it is blank"
    } else if key.chars().count() > LONGEST_PARTITION_KEY {
        "it has more than 250 characters"
    } else {
        return Ok(());
    };
    Err(AssetError::BadPartitionKey {
        key: key.chars().take(80).collect(),
        reason,
    })
}
