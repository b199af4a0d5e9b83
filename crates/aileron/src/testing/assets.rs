//! The assets of an Airflow in memory.

use std::collections::BTreeMap;

use aileron_wire::message::{
    AssetEventResponse, AssetEventsResult, AssetResponse, AssetResult, AssetsByAliasResult,
    GetAssetEventByAsset, GetAssetEventByAssetAlias, OKResponse,
};
use aileron_wire::message::{AssetStateStoreResult, ErrorType, ToSupervisor};
use jiff::Timestamp;
use serde_json::Value;

use super::{encode, refusal};
use crate::comm::CommError;
use crate::{Asset, AssetOrAlias, AssetRef, RecordedEvent};

const GROUP: &str = "asset";

/// Assets, aliases, asset events and the asset state stores.
#[derive(Default)]
pub(super) struct Assets {
    pub(super) inlets: Vec<AssetOrAlias>,
    pub(super) outlets: Vec<AssetOrAlias>,
    known: Vec<Asset>,
    aliases: BTreeMap<String, Vec<Asset>>,
    events: Vec<Event>,
    /// By the name of the asset.
    states: BTreeMap<String, BTreeMap<String, Value>>,
}

struct Event {
    alias: Option<String>,
    response: AssetEventResponse,
}

type Answer = Result<Vec<u8>, CommError>;

impl Assets {
    /// Makes an asset known.
    pub(super) fn know(&mut self, asset: &AssetOrAlias) {
        if let AssetOrAlias::Asset(AssetRef::Asset(asset)) = asset
            && !self.known.contains(asset)
        {
            self.known.push(asset.clone());
        }
    }

    pub(super) fn behind(&self, alias: &str) -> Vec<Asset> {
        self.aliases.get(alias).cloned().unwrap_or_default()
    }

    /// Makes an event, and the mapping when it goes through an alias.
    pub(super) fn record(&mut self, event: RecordedEvent, source_task_id: Option<&str>) {
        let asset = match &event.asset {
            AssetRef::Asset(asset) => asset.clone(),
            reference => match self.find(reference) {
                Some(asset) => asset,
                None => return,
            },
        };
        self.know(&asset.clone().into());
        let alias = event.alias.map(|alias| alias.name().to_owned());
        if let Some(alias) = &alias {
            let behind = self.aliases.entry(alias.clone()).or_default();
            if !behind.contains(&asset) {
                behind.push(asset.clone());
            }
        }
        let id = i64::try_from(self.events.len() + 1).unwrap_or(i64::MAX);
        let described = AssetResponse::new(asset.name(), asset.uri(), GROUP);
        let mut response = AssetEventResponse::new(id, Timestamp::now(), described, Vec::new());
        response.extra = Some(event.extra);
        response.partition_key = event.partition_key;
        response.source_task_id = source_task_id.map(str::to_owned);
        self.events.push(Event { alias, response });
    }

    pub(super) fn state(&self, asset: &AssetRef, key: &str) -> Option<Value> {
        self.states.get(self.find(asset)?.name())?.get(key).cloned()
    }

    pub(super) fn set_state(&mut self, asset: &AssetRef, key: &str, value: Value) {
        self.know(&asset.clone().into());
        if let Some(asset) = self.find(asset) {
            let state = self.states.entry(asset.name().to_owned()).or_default();
            state.insert(key.to_owned(), value);
        }
    }

    fn find(&self, asset: &AssetRef) -> Option<Asset> {
        self.known
            .iter()
            .find(|known| AssetRef::Asset((*known).clone()).matches(asset))
            .cloned()
    }

    /// The answer to a request about assets, or the request when it is about something else.
    pub(super) fn answer(&mut self, request: ToSupervisor) -> Result<Answer, Box<ToSupervisor>> {
        use ToSupervisor as Ask;
        let name = |name: String| AssetRef::Name(name.into());
        let uri = |uri: String| AssetRef::Uri(uri.into());
        Ok(match request {
            Ask::GetAssetByName(get) => self.asset(&name(get.name)),
            Ask::GetAssetByUri(get) => self.asset(&uri(get.uri)),
            Ask::GetAssetsByAlias(get) => encode(&AssetsByAliasResult {
                assets: self.behind(&get.alias_name).iter().map(result).collect(),
            }),
            Ask::GetAssetEventByAsset(get) => self.events_of_asset(&get),
            Ask::GetAssetEventByAssetAlias(get) => self.events_of_alias(&get),
            Ask::GetAssetStateStoreByName(get) => self.get(&name(get.name), &get.key),
            Ask::GetAssetStateStoreByUri(get) => self.get(&uri(get.uri), &get.key),
            Ask::SetAssetStateStoreByName(set) => self.change(&name(set.name), |state| {
                state.insert(set.key, set.value);
            }),
            Ask::SetAssetStateStoreByUri(set) => self.change(&uri(set.uri), |state| {
                state.insert(set.key, set.value);
            }),
            Ask::DeleteAssetStateStoreByName(delete) => self.change(&name(delete.name), |state| {
                state.remove(&delete.key);
            }),
            Ask::DeleteAssetStateStoreByUri(delete) => self.change(&uri(delete.uri), |state| {
                state.remove(&delete.key);
            }),
            Ask::ClearAssetStateStoreByName(clear) => {
                self.change(&name(clear.name), BTreeMap::clear)
            }
            Ask::ClearAssetStateStoreByUri(clear) => self.change(&uri(clear.uri), BTreeMap::clear),
            other => return Err(Box::new(other)),
        })
    }

    fn asset(&self, asset: &AssetRef) -> Answer {
        match self.find(asset) {
            Some(asset) => encode(&result(&asset)),
            None => encode(&refusal(ErrorType::AssetNotFound)),
        }
    }

    fn get(&self, asset: &AssetRef, key: &str) -> Answer {
        match self.state(asset, key) {
            Some(value) => encode(&AssetStateStoreResult { value }),
            None => encode(&refusal(ErrorType::AssetStoreNotFound)),
        }
    }

    fn change(
        &mut self,
        asset: &AssetRef,
        change: impl FnOnce(&mut BTreeMap<String, Value>),
    ) -> Answer {
        let Some(asset) = self.find(asset) else {
            return encode(&refusal(ErrorType::ApiServerError));
        };
        change(self.states.entry(asset.name().to_owned()).or_default());
        encode(&OKResponse { ok: true })
    }

    fn events_of_asset(&self, get: &GetAssetEventByAsset) -> Answer {
        let is_asked_for = |event: &Event| {
            let asset = &event.response.asset;
            get.name.as_ref().is_none_or(|name| *name == asset.name)
                && get.uri.as_ref().is_none_or(|uri| *uri == asset.uri)
        };
        self.select(
            is_asked_for,
            get.after,
            get.before,
            get.limit,
            get.ascending,
        )
    }

    fn events_of_alias(&self, get: &GetAssetEventByAssetAlias) -> Answer {
        let is_asked_for = |event: &Event| event.alias.as_ref() == Some(&get.alias_name);
        self.select(
            is_asked_for,
            get.after,
            get.before,
            get.limit,
            get.ascending,
        )
    }

    fn select(
        &self,
        is_asked_for: impl Fn(&Event) -> bool,
        after: Option<Timestamp>,
        before: Option<Timestamp>,
        limit: Option<i64>,
        ascending: bool,
    ) -> Answer {
        let mut events: Vec<AssetEventResponse> = self
            .events
            .iter()
            .filter(|event| is_asked_for(event))
            .map(|event| event.response.clone())
            .filter(|event| after.is_none_or(|after| event.timestamp >= after))
            .filter(|event| before.is_none_or(|before| event.timestamp <= before))
            .collect();
        if !ascending {
            events.reverse();
        }
        if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) {
            events.truncate(limit);
        }
        encode(&AssetEventsResult {
            asset_events: events,
        })
    }
}

fn result(asset: &Asset) -> AssetResult {
    AssetResult::new(asset.name(), asset.uri(), GROUP)
}
