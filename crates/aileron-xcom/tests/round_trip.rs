//! What is written is read again, wrapped and plain.

// Functions beside the tests do not count as tests for clippy.
#![allow(clippy::unwrap_used)]

use aileron_wire::json;
use aileron_xcom::python::{
    Date, DateTime, Decimal, FrozenSet, NaiveDateTime, Set, TimeDelta, Tuple, Uuid,
};
use aileron_xcom::{Wrapped, decode, from_value, holds_wrapped};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn there_and_back<T: Serialize + DeserializeOwned>(value: &T) -> T {
    decode(&json::encode(value).unwrap()).unwrap()
}

/// Instants that Python's `datetime` has, in microseconds, where a float still tells them apart.
fn instants() -> impl Strategy<Value = Timestamp> {
    (-8_000_000_000_000_000_i64..=8_000_000_000_000_000)
        .prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

fn zones() -> impl Strategy<Value = TimeZone> {
    prop_oneof![
        Just(TimeZone::UTC),
        prop::sample::select(vec![
            "Europe/Paris",
            "America/New_York",
            "Asia/Kolkata",
            "Pacific/Apia"
        ])
        .prop_map(|name| TimeZone::get(name).unwrap()),
        (-86_399_i32..=86_399)
            .prop_map(|s| TimeZone::fixed(jiff::tz::Offset::from_seconds(s).unwrap())),
    ]
}

/// Any JSON, with wrapped objects of unknown classes in it.
fn trees() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no others", |f| f.is_finite())
            .prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner.clone(), 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
            ("[a-z.]{1,9}", any::<i8>(), inner).prop_map(|(class, version, data)| {
                serde_json::to_value(Wrapped::new(class, version.into(), data)).unwrap()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn datetimes_keep_instant_and_zone(instant in instants(), zone in zones()) {
        let zoned = instant.to_zoned(zone.clone());
        let read = there_and_back(&DateTime(zoned.clone()));
        prop_assert_eq!(read.timestamp(), instant);
        prop_assert_eq!(read.time_zone(), &zone);
        prop_assert_eq!(there_and_back(&NaiveDateTime(instant)).0, instant);
        // As text, for types that know nothing of Python.
        let encoded = json::encode(&DateTime(zoned)).unwrap();
        prop_assert_eq!(decode::<Timestamp>(&encoded).unwrap(), instant);
    }

    #[test]
    fn durations_keep_their_microseconds(micros in -8_000_000_000_000_000_i64..=8_000_000_000_000_000) {
        let duration = SignedDuration::from_micros(micros);
        let encoded = json::encode(&TimeDelta(duration)).unwrap();
        prop_assert_eq!(decode::<TimeDelta>(&encoded).unwrap().0, duration);
        prop_assert_eq!(decode::<SignedDuration>(&encoded).unwrap(), duration);
    }

    #[test]
    fn decimals_keep_every_digit(mantissa in -79_228_162_514_264_337_593_543_950_335_i128..=79_228_162_514_264_337_593_543_950_335, scale in 0_u32..=28) {
        let decimal = rust_decimal::Decimal::from_i128_with_scale(mantissa, scale);
        let encoded = json::encode(&Decimal(decimal)).unwrap();
        prop_assert_eq!(decode::<Decimal>(&encoded).unwrap().0, decimal);
        prop_assert_eq!(decode::<String>(&encoded).unwrap(), decimal.to_string());
    }

    #[test]
    fn collections_and_their_items_survive(set: std::collections::BTreeSet<i32>, id: u128, text: String) {
        let value = Tuple((
            Set(set.clone()),
            FrozenSet(set.into_iter().map(|n| Tuple((n, Uuid(uuid::Uuid::from_u128(id))))).collect()),
            text,
        ));
        prop_assert_eq!(there_and_back(&value), value);
    }

    #[test]
    fn any_value_read_as_a_tree_is_written_the_same(tree in trees()) {
        let bytes = json::encode(&tree).unwrap();
        prop_assert_eq!(json::encode(&decode::<Value>(&bytes).unwrap()).unwrap(), bytes);
    }

    #[test]
    fn no_value_makes_reading_panic(tree in trees(), class in prop::sample::select(vec![
        "builtins.tuple", "datetime.datetime", "datetime.date", "datetime.timedelta", "decimal.Decimal", "uuid.UUID",
        "zoneinfo.ZoneInfo", "numpy.int64", "pandas.DataFrame", "shop.Order",
    ])) {
        let value = serde_json::to_value(Wrapped::new(class, 1, tree)).unwrap();
        let _ = (
            from_value::<String>(&value), from_value::<f64>(&value), from_value::<Vec<i64>>(&value),
            from_value::<DateTime>(&value), from_value::<TimeDelta>(&value), from_value::<Decimal>(&value),
            from_value::<Uuid>(&value), from_value::<Wrapped>(&value),
        );
    }

    #[test]
    fn bytes_without_a_class_are_read_like_before(numbers: Vec<i64>, text: String) {
        let bytes = json::encode(&(&numbers, &text)).unwrap();
        prop_assert_eq!(holds_wrapped(&bytes), text.contains("__classname__"));
        prop_assert_eq!(decode::<(Vec<i64>, String)>(&bytes).unwrap(), (numbers, text));
    }
}

#[test]
fn plain_forms_are_read_too() {
    let plain = serde_json::json!([
        "2024-06-01T12:00:00+02:00[Europe/Paris]",
        "2024-06-01",
        "PT90S",
        "1.50",
        2,
        "00000000-0000-0000-0000-000000000005",
        [1]
    ]);
    let read: (DateTime, Date, TimeDelta, Decimal, Decimal, Uuid, Set<u8>) =
        decode(&json::encode(&plain).unwrap()).unwrap();
    assert_eq!(read.0.to_string(), plain[0].as_str().unwrap());
    assert_eq!(
        (read.2.as_secs(), read.3.to_string(), read.4.to_string()),
        (90, "1.50".to_owned(), "2".to_owned())
    );
    assert!(
        decode::<Decimal>(&json::encode(&"1.00000000000000000000000000000000000001").unwrap())
            .is_err()
    );
}

#[test]
fn a_zone_that_python_cannot_name_is_refused() {
    let zone = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
    let error = json::encode(&DateTime(Timestamp::UNIX_EPOCH.to_zoned(zone))).unwrap_err();
    assert!(error.to_string().contains("zone"), "{error}");
}
