//! What a succeeded task says about its outlets.

use aileron_execution_api::ErrorKind;
use aileron_wire::json::JsonMap;
use serde::Deserialize;
use serde_json::Value as JsonValue;

use crate::failure::Failure;

/// The longest partition key.
const PARTITION_KEY_LENGTH: usize = 250;

/// Both names of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct AssetKey {
    pub(super) name: String,
    pub(super) uri: String,
}

/// What a task adds to the event of an asset.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct OutletEvent {
    #[serde(rename = "dest_asset_key")]
    pub(super) asset: AssetKey,
    #[serde(rename = "dest_asset_extra", default)]
    pub(super) asset_extra: Option<JsonMap>,
    pub(super) extra: JsonMap,
    #[serde(default)]
    pub(super) partition_key: Option<String>,
    /// Through which alias.
    #[serde(rename = "source_alias_name", default)]
    pub(super) alias: Option<String>,
}

/// The events of a task: those of its assets, and those through its aliases.
#[derive(Debug, Default)]
pub(super) struct OutletEvents {
    pub(super) of_assets: Vec<OutletEvent>,
    pub(super) through_aliases: Vec<OutletEvent>,
}

impl OutletEvents {
    pub(super) fn read(events: &[JsonMap]) -> Result<Self, Failure> {
        let mut read = Self::default();
        for (at, fields) in events.iter().enumerate() {
            let event: OutletEvent = serde_json::from_value(JsonValue::Object(fields.clone()))
                .map_err(|error| {
                    Failure::because(
                        ErrorKind::Invalid,
                        "invalid_outlet_event",
                        format!("outlet event {at} makes no sense: {error}"),
                    )
                })?;
            check_partition_key(event.partition_key.as_deref())?;
            // An event that names an alias, be it none, is no event of the asset itself.
            if fields.contains_key("source_alias_name") {
                read.through_aliases.push(event);
            } else {
                read.of_assets.push(event);
            }
        }
        Ok(read)
    }

    /// The events of an asset.
    pub(super) fn of(&self, asset: &AssetKey) -> impl Iterator<Item = &OutletEvent> {
        self.of_assets
            .iter()
            .filter(move |event| event.asset == *asset)
    }
}

fn check_partition_key(key: Option<&str>) -> Result<(), Failure> {
    let Some(key) = key else { return Ok(()) };
    let length = key.chars().count();
    if !key.trim().is_empty() && length <= PARTITION_KEY_LENGTH {
        return Ok(());
    }
    Err(Failure::because(
        ErrorKind::Invalid,
        "invalid_partition_key",
        format!(
            "the partition key of an outlet event has 1 to {PARTITION_KEY_LENGTH} characters, and \
             not only spaces; this one has {length}"
        ),
    ))
}

/// An asset that a task named through its aliases, and what it said about it.
#[derive(Debug, PartialEq)]
pub(super) struct AliasEvent {
    pub(super) asset: AssetKey,
    pub(super) asset_extra: JsonValue,
    pub(super) extra: JsonValue,
    pub(super) aliases: Vec<String>,
}

/// Puts together what was said about one asset through several aliases: it makes one event.
///
/// Events through an alias that is no outlet of the task are left out. The keys of the extras are
/// sorted, which Airflow does to compare them.
pub(super) fn by_asset(events: Vec<OutletEvent>, aliases: &[&str]) -> Vec<AliasEvent> {
    let sorted = |extra: JsonMap| {
        let mut extra = JsonValue::Object(extra);
        extra.sort_all_objects();
        extra
    };
    let mut groups: Vec<AliasEvent> = Vec::new();
    for event in events {
        let Some(alias) = event
            .alias
            .filter(|alias| aliases.contains(&alias.as_str()))
        else {
            continue;
        };
        let asset_extra = sorted(event.asset_extra.unwrap_or_default());
        let extra = sorted(event.extra);
        let known = groups.iter_mut().find(|group| {
            group.asset == event.asset && group.asset_extra == asset_extra && group.extra == extra
        });
        match known {
            Some(group) if group.aliases.contains(&alias) => {}
            Some(group) => group.aliases.push(alias),
            None => groups.push(AliasEvent {
                asset: event.asset,
                asset_extra,
                extra,
                aliases: vec![alias],
            }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: JsonValue) -> JsonMap {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_said_of_one_asset_through_two_aliases_is_one_event() {
        let of = |alias: &str, extra: JsonValue| {
            map(json!({
                "source_alias_name": alias, "dest_asset_key": {"name": "a", "uri": "u"}, "extra": extra,
            }))
        };
        let events = [
            of("x", json!({"b": 1, "a": 2})),
            of("y", json!({"a": 2, "b": 1})),
            of("x", json!({"a": 2, "b": 1})),
            of("other", json!({})),
            of("x", json!({})),
        ];
        let read = OutletEvents::read(&events).unwrap();
        let groups = by_asset(read.through_aliases, &["x", "y"]);
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].aliases, ["x", "y"]);
        assert_eq!(groups[0].extra.to_string(), r#"{"a":2,"b":1}"#);
        assert_eq!(groups[1].aliases, ["x"]);
    }

    #[test]
    fn a_partition_key_of_spaces_is_refused() {
        for key in ["", " ", &"k".repeat(251)] {
            let event = map(json!({
                "dest_asset_key": {"name": "a", "uri": "u"}, "extra": {}, "partition_key": key,
            }));
            let error = OutletEvents::read(&[event]).unwrap_err().of("succeed");
            assert_eq!(error.status, Some(422));
            assert_eq!(error.reason(), Some("invalid_partition_key"));
        }
    }

    #[test]
    fn an_event_without_its_asset_is_refused_by_its_number() {
        let good = map(json!({"dest_asset_key": {"name": "a", "uri": "u"}, "extra": {}}));
        let error = OutletEvents::read(&[good, map(json!({"extra": {}}))]).unwrap_err();
        assert!(error.of("succeed").message.contains("outlet event 1"));
    }
}
