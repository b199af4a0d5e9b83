//! What a Rust type reads from what Python writes. The wrapped objects here are what Airflow 3.3.2 and 3.4.0b2 wrote.

// Functions beside the tests do not count as tests for clippy.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashSet};

use aileron_wire::json;
use aileron_xcom::python::{Date, DateTime, Decimal, NaiveDateTime, Set, TimeDelta, Tuple, Uuid};
use aileron_xcom::{Wrapped, decode, from_value};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn wrapped(classname: &str, version: i64, data: Value) -> Value {
    json!({"__classname__": classname, "__version__": version, "__data__": data})
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    let encoded = json::encode(value).unwrap();
    decode(&encoded).unwrap_or_else(|error| panic!("{value}: {error}"))
}

fn refusal<T: DeserializeOwned>(value: &Value) -> String {
    match from_value::<T>(value) {
        Ok(_) => panic!("{value} was read as {}", std::any::type_name::<T>()),
        Err(error) => error.to_string(),
    }
}

fn date_time(timestamp: f64, tz: Value) -> Value {
    let tz = match tz {
        Value::Null => Value::Null,
        name => wrapped(
            "builtins.tuple",
            1,
            json!([name, "zoneinfo.ZoneInfo", 1, true]),
        ),
    };
    wrapped(
        "datetime.datetime",
        2,
        json!({"timestamp": timestamp, "tz": tz}),
    )
}

#[test]
fn collections_are_sequences() {
    let nested = wrapped(
        "builtins.tuple",
        1,
        json!(["a", wrapped("builtins.set", 1, json!([2, 1]))]),
    );
    assert_eq!(
        read::<(String, Vec<u8>)>(&nested),
        ("a".to_owned(), vec![2, 1])
    );
    assert_eq!(
        read::<Tuple<(String, HashSet<u8>)>>(&nested).0.1,
        HashSet::from([1, 2])
    );
    let frozen = wrapped("builtins.frozenset", 1, json!([1]));
    assert_eq!(read::<Option<Set<u8>>>(&frozen).unwrap().len(), 1);
    assert_eq!(read::<[u8; 1]>(&frozen), [1]);
    assert!(
        refusal::<(String,)>(&nested).contains("length"),
        "too long for a tuple of one"
    );
}

#[test]
fn an_aware_datetime_is_text_an_instant_and_a_zoned_time() {
    let paris = date_time(1_717_236_000.25, json!("Europe/Paris"));
    assert_eq!(
        read::<String>(&paris),
        "2024-06-01T12:00:00.25+02:00[Europe/Paris]"
    );
    assert_eq!(
        read::<jiff::Timestamp>(&paris).to_string(),
        "2024-06-01T10:00:00.25Z"
    );
    let zoned = read::<jiff::Zoned>(&paris);
    assert_eq!(zoned.time_zone().iana_name(), Some("Europe/Paris"));
    assert_eq!(read::<DateTime>(&paris).0, zoned);

    let fixed = date_time(0.0, json!(5_400));
    assert_eq!(
        read::<jiff::Zoned>(&fixed).to_string(),
        "1970-01-01T01:30:00+01:30[+01:30]"
    );
    let first_version = wrapped(
        "datetime.datetime",
        1,
        json!({"timestamp": 0.0, "tz": "EDT"}),
    );
    assert_eq!(
        read::<DateTime>(&first_version).to_string(),
        "1969-12-31T20:00:00-04:00[-04:00]"
    );
    let of_trigger_arguments = wrapped("datetime.datetime", 0, json!(1.5));
    assert_eq!(
        read::<jiff::Timestamp>(&of_trigger_arguments).as_millisecond(),
        1_500
    );
}

#[test]
fn a_zone_that_is_not_known_costs_the_zone_and_not_the_instant() {
    // `datetime.timezone(timedelta(hours=2))`, which Python itself cannot read back.
    let unnamed = wrapped("builtins.tuple", 1, json!(["", "", 0, false]));
    let unnamed = wrapped(
        "datetime.datetime",
        2,
        json!({"timestamp": 0.0, "tz": unnamed}),
    );
    for value in [
        &unnamed,
        &date_time(0.0, json!("Mars/Olympus")),
        &date_time(0.0, Value::Null),
    ] {
        assert_eq!(read::<jiff::Timestamp>(value), jiff::Timestamp::UNIX_EPOCH);
        assert!(from_value::<jiff::Zoned>(value).is_err(), "{value}");
        assert!(from_value::<DateTime>(value).is_err(), "{value}");
    }
    assert!(refusal::<DateTime>(&date_time(0.0, json!("Mars/Olympus"))).contains("Mars/Olympus"));
}

#[test]
fn offsets_with_seconds_do_not_move_the_instant() {
    let before_zones = date_time(-2_500_000_000.0, json!("Europe/Paris"));
    let zoned = read::<jiff::Zoned>(&before_zones);
    assert_eq!(zoned.offset().seconds(), 561);
    assert_eq!(zoned.timestamp(), read::<jiff::Timestamp>(&before_zones));
    assert_eq!(zoned.timestamp().as_second(), -2_500_000_000);
    let odd = date_time(0.0, json!(5_401));
    assert_eq!(read::<String>(&odd), "1970-01-01T00:00:00Z");
    assert_eq!(read::<DateTime>(&odd).offset().seconds(), 5_401);
}

#[test]
fn a_naive_datetime_is_told_from_an_aware_one() {
    let naive = date_time(1.0, Value::Null);
    assert_eq!(read::<NaiveDateTime>(&naive).as_second(), 1);
    assert!(refusal::<DateTime>(&naive).contains("naive"));
    assert!(refusal::<NaiveDateTime>(&date_time(1.0, json!("UTC"))).contains("zone"));
}

#[test]
fn dates_durations_decimals_and_uuids_fit_what_they_are() {
    let date = wrapped("pendulum.date.Date", 2, json!("2024-06-01"));
    assert_eq!(read::<jiff::civil::Date>(&date), read::<Date>(&date).0);

    let minute_and_half = wrapped("datetime.timedelta", 2, json!(-90.000005));
    assert_eq!(
        read::<jiff::SignedDuration>(&minute_and_half).as_micros(),
        -90_000_005
    );
    assert_eq!(read::<TimeDelta>(&minute_and_half).as_micros(), -90_000_005);
    assert_eq!(read::<f64>(&minute_and_half), -90.000005);
    assert_eq!(
        read::<u32>(&wrapped("datetime.timedelta", 2, json!(90.0))),
        90
    );
    let longest = wrapped("datetime.timedelta", 2, json!(86_399_999_999_999.0));
    assert_eq!(read::<TimeDelta>(&longest).as_secs(), 86_399_999_999_999);

    let price = wrapped("decimal.Decimal", 1, json!(1.1));
    assert_eq!(read::<String>(&price), "1.1");
    assert_eq!(read::<f64>(&price), 1.1);
    assert_eq!(read::<Decimal>(&price).to_string(), "1.1");
    assert_eq!(read::<i64>(&wrapped("decimal.Decimal", 1, json!("12"))), 12);
    assert_eq!(
        read::<Decimal>(&wrapped("decimal.Decimal", 1, json!(1e-20))).scale(),
        20
    );

    let uuid = wrapped(
        "uuid.UUID",
        1,
        json!("00000000-0000-0000-0000-000000000005"),
    );
    assert_eq!(read::<uuid::Uuid>(&uuid), read::<Uuid>(&uuid).0);
    assert_eq!(
        read::<String>(&wrapped("zoneinfo.ZoneInfo", 1, json!("Asia/Tokyo"))),
        "Asia/Tokyo"
    );
}

#[test]
fn numpy_scalars_are_numbers() {
    assert_eq!(read::<i32>(&wrapped("numpy.int64", 1, json!(-3))), -3);
    assert_eq!(read::<f32>(&wrapped("numpy.float16", 1, json!(0.5))), 0.5);
    assert!(read::<bool>(&wrapped("numpy.bool", 1, json!(true))));
    assert!(from_value::<String>(&wrapped("numpy.int64", 1, json!(3))).is_err());
}

#[derive(Debug, PartialEq, Deserialize)]
struct Order {
    id: u32,
    tags: Vec<String>,
    note: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Payment {
    Cash,
    Card { number: String },
    Split(u8, u8),
}

#[test]
fn models_are_structs_and_enums() {
    let tags = wrapped("builtins.set", 1, json!(["a"]));
    let order = wrapped("shop.Order", 1, json!({"id": 7, "tags": tags, "more": 1}));
    let expected = Order {
        id: 7,
        tags: vec!["a".to_owned()],
        note: None,
    };
    assert_eq!(read::<Order>(&order), expected);
    assert_eq!(
        read::<Vec<Option<Order>>>(&json!([order, null])),
        [Some(expected), None]
    );

    let circle = wrapped("shop.Circle", 1, json!({"kind": "circle", "radius": 2}));
    assert_eq!(read::<Shape>(&circle), Shape::Circle { radius: 2.0 });
    assert_eq!(
        read::<Payment>(&wrapped("shop.P", 0, json!({"card": {"number": "1"}}))),
        Payment::Card {
            number: "1".to_owned()
        }
    );
    let split = wrapped("builtins.tuple", 1, json!([1, 2]));
    assert_eq!(
        read::<[Payment; 2]>(&json!([{"split": split}, "cash"])),
        [Payment::Split(1, 2), Payment::Cash]
    );
    assert_eq!(
        read::<Vec<u8>>(&wrapped("shop.RootModel", 1, json!([1, 2]))),
        [1, 2]
    );
}

#[derive(Debug, PartialEq, Deserialize)]
struct AllOptional {
    a: Option<i64>,
    b: Option<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Flattened {
    a: Option<i64>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[test]
fn a_struct_of_optional_fields_is_not_read_from_an_unrelated_value() {
    for value in [
        date_time(0.0, Value::Null),
        wrapped("datetime.date", 2, json!("2024-06-01")),
        wrapped("builtins.tuple", 1, json!([1, "x"])),
        wrapped("numpy.int64", 1, json!(1)),
        wrapped("shop.Order", 1, json!({"id": 7})),
        wrapped("shop.Text", 1, json!("a")),
        wrapped("pandas.DataFrame", 1, json!("00")),
    ] {
        let error = refusal::<AllOptional>(&value);
        assert!(error.contains("Python `"), "{error}");
    }
    assert!(refusal::<Flattened>(&date_time(0.0, Value::Null)).contains("datetime.datetime"));
    let model = wrapped("shop.Order", 1, json!({"a": 7, "x": 1}));
    assert_eq!(
        read::<AllOptional>(&model),
        AllOptional {
            a: Some(7),
            b: None
        }
    );
    assert_eq!(
        read::<Flattened>(&model).rest,
        BTreeMap::from([("x".to_owned(), json!(1))])
    );
}

#[test]
fn what_does_not_fit_is_named_with_its_place_and_class() {
    let rows = json!({"rows": [1, wrapped("uuid.UUID", 1, json!("x"))]});
    let error = refusal::<BTreeMap<String, Vec<i64>>>(&rows);
    assert!(
        error.starts_with("at rows[1]:") && error.contains("a Python `uuid.UUID`"),
        "{error}"
    );
    assert!(refusal::<String>(&wrapped("shop.Text", 1, json!("a"))).contains("shop.Text"));
    assert!(refusal::<f64>(&date_time(0.0, Value::Null)).contains("datetime.datetime"));
    assert!(
        refusal::<Uuid>(&wrapped("datetime.date", 2, json!("2024-06-01")))
            .contains("datetime.date")
    );
    assert!(refusal::<()>(&wrapped("builtins.set", 1, json!([]))).contains("builtins.set"));
}

#[test]
fn asked_for_anything_a_wrapped_value_stays_as_it_is() {
    let unknown = wrapped(
        "shop.Order",
        3,
        json!({"z": 1, "a": [date_time(0.0, json!("UTC"))]}),
    );
    let value = json!({"later": 1, "order": unknown});
    let bytes = json::encode(&value).unwrap();
    for read in [
        json::encode(&decode::<Value>(&bytes).unwrap()).unwrap(),
        json::encode(&decode::<serde_json::Map<String, Value>>(&bytes).unwrap()).unwrap(),
    ] {
        assert_eq!(read, bytes);
    }
    let order: Wrapped = read(&unknown);
    assert_eq!((order.classname.as_str(), order.version), ("shop.Order", 3));
    assert_eq!(
        json::encode(&order).unwrap(),
        json::encode(&unknown).unwrap()
    );
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum DateOrText {
    Date(Date),
    Text(String),
}

#[test]
fn the_types_of_python_are_read_below_untagged_enums_too() {
    let date = wrapped("datetime.date", 2, json!("2024-06-01"));
    assert_eq!(
        read::<DateOrText>(&date),
        DateOrText::Date(Date(jiff::civil::date(2024, 6, 1)))
    );
}

#[test]
fn keys_in_any_order_are_read_as_postgresql_returns_them() {
    // JSONB sorts keys by length first.
    let set = json!({"__data__": [1], "__version__": 1, "__classname__": "builtins.set"});
    assert_eq!(read::<Vec<u8>>(&set), [1]);
}

#[test]
fn an_object_without_a_version_is_a_plain_one() {
    let plain = json!({"__classname__": "a", "__data__": 1});
    assert_eq!(read::<BTreeMap<String, Value>>(&plain).len(), 2);
    assert!(from_value::<i64>(&plain).is_err());
}

#[test]
fn integer_keys_and_unit_keys_are_read_beside_wrapped_values() {
    let value = json!({"7": wrapped("builtins.set", 1, json!([1]))});
    assert_eq!(
        read::<BTreeMap<u32, Vec<u8>>>(&value),
        BTreeMap::from([(7, vec![1])])
    );
}
