//! What a task has said about the events of its outlets.

use aileron_wire::json::JsonMap;
use serde_json::{Value, json};

use super::AssetError;
use super::declared::follow;
use super::outlet_events::RecordedEvent;
use crate::comm::Channel;
use crate::{Asset, AssetAlias, AssetRef};

/// The recorded events, in the order in which their assets and aliases were first named.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorded {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    Asset(AssetEntry),
    Alias(AliasEntry),
}

#[derive(Debug, Clone)]
pub(super) struct AssetEntry {
    asset: AssetRef,
    pub(super) extra: JsonMap,
    pub(super) partition_keys: Vec<String>,
}

#[derive(Debug, Clone)]
struct AliasEntry {
    alias: AssetAlias,
    events: Vec<(AssetRef, JsonMap)>,
}

impl Recorded {
    /// The entry of an asset, a new one at first.
    pub(super) fn asset(&mut self, asset: &AssetRef) -> &mut AssetEntry {
        let is_it = |entry: &Entry| matches!(entry, Entry::Asset(entry) if entry.asset == *asset);
        let index = match self.entries.iter().position(is_it) {
            Some(index) => index,
            None => {
                self.entries.push(Entry::Asset(AssetEntry {
                    asset: asset.clone(),
                    extra: JsonMap::new(),
                    partition_keys: Vec::new(),
                }));
                self.entries.len() - 1
            }
        };
        match &mut self.entries[index] {
            Entry::Asset(entry) => entry,
            Entry::Alias(_) => unreachable!("the index is that of an asset"),
        }
    }

    /// One more event through an alias.
    pub(super) fn add(&mut self, alias: &AssetAlias, asset: AssetRef, extra: JsonMap) {
        let known = self.entries.iter_mut().find_map(|entry| match entry {
            Entry::Alias(entry) if entry.alias == *alias => Some(entry),
            _ => None,
        });
        match known {
            Some(entry) => entry.events.push((asset, extra)),
            None => self.entries.push(Entry::Alias(AliasEntry {
                alias: alias.clone(),
                events: vec![(asset, extra)],
            })),
        }
    }

    /// Every event that will be made, one for each partition key.
    pub(super) fn events(&self) -> Vec<RecordedEvent> {
        let mut events = Vec::new();
        for entry in &self.entries {
            match entry {
                Entry::Asset(entry) => {
                    let keys = entry.partition_keys.iter().cloned().map(Some);
                    let none = entry.partition_keys.is_empty().then_some(None);
                    events.extend(keys.chain(none).map(|partition_key| RecordedEvent {
                        asset: entry.asset.clone(),
                        alias: None,
                        extra: entry.extra.clone(),
                        partition_key,
                    }));
                }
                Entry::Alias(entry) => {
                    events.extend(entry.events.iter().map(|(asset, extra)| RecordedEvent {
                        asset: asset.clone(),
                        alias: Some(entry.alias.clone()),
                        extra: extra.clone(),
                        partition_key: None,
                    }));
                }
            }
        }
        events
    }

    /// The events as Python's task runner writes them (3.3.2 and 3.4.0b2, `_serialize_outlet_events`).
    pub(super) async fn serialize(self, channel: &dyn Channel) -> Result<Vec<JsonMap>, AssetError> {
        let mut serialized = Vec::new();
        for event in self.events() {
            let (asset, asset_extra) = follow(channel, &event.asset).await?;
            serialized.push(event.serialize(&asset, asset_extra));
        }
        Ok(serialized)
    }
}

impl RecordedEvent {
    fn serialize(self, asset: &Asset, asset_extra: JsonMap) -> JsonMap {
        let mut fields = JsonMap::new();
        if let Some(alias) = &self.alias {
            fields.insert("source_alias_name".to_owned(), Value::from(alias.name()));
        }
        let key = json!({"name": asset.name(), "uri": asset.uri()});
        fields.insert("dest_asset_key".to_owned(), key);
        if self.alias.is_some() {
            fields.insert("dest_asset_extra".to_owned(), asset_extra.into());
        }
        fields.insert("extra".to_owned(), self.extra.into());
        if let Some(key) = self.partition_key {
            fields.insert("partition_key".to_owned(), Value::from(key));
        }
        fields
    }
}
