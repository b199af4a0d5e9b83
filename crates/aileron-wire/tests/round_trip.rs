//! What is written is read back, for every type of the schema and for values of other types.

#![allow(clippy::unwrap_used)]

mod sample;

use std::collections::BTreeMap;
use std::fmt::Debug;

use aileron_wire::frame::{FrameDecoder, Request, Response, request_frame, response_frame};
use aileron_wire::message::{Message, SetXCom, ToSupervisor, ToTask, XComResult};
use aileron_wire::schema::{Visit, each_definition};
use aileron_wire::{SchemaVersion, json};
use bytes::BytesMut;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn choices() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..400)
}

struct RoundTrip<'a>(&'a [u8]);

impl Visit for RoundTrip<'_> {
    fn visit<T: DeserializeOwned + Serialize + PartialEq + Debug>(&mut self, name: &'static str) {
        let value: T = sample::sample(self.0);
        let encoded = json::encode(&value).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read: T = json::decode(&encoded).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read, value, "{name}");
    }
}

/// Every message of both directions, decoded by its `type` and sent through frames.
struct ThroughFrames<'a>(&'a [u8]);

impl Visit for ThroughFrames<'_> {
    fn visit<T: DeserializeOwned + Serialize + PartialEq + Debug>(&mut self, name: &'static str) {
        let value: T = sample::sample(self.0);
        if ToSupervisor::TYPES.contains(&name) {
            let carrier = BTreeMap::from([("traceparent".to_owned(), "00-1-2-01".to_owned())]);
            let frame = request_frame(7, &value, Some(&carrier)).unwrap();
            let request = Request::decode(cut(&frame)).unwrap();
            assert_eq!(
                (request.id, request.context_carrier.as_ref()),
                (7, Some(&carrier))
            );
            let mut message = ToSupervisor::decode(&request.body).unwrap();
            assert_eq!(message.message_type(), name);
            assert_eq!(message.encode().unwrap(), request.body);
            assert_eq!(request.encode().unwrap(), frame);
            let knows = SchemaVersion::V2026_06_16.knows(name);
            assert_eq!(
                message.downgrade(SchemaVersion::V2026_06_16).is_ok(),
                knows,
                "{name}"
            );
        }
        if ToTask::TYPES.contains(&name) {
            let frame = response_frame(u64::MAX, &value).unwrap();
            let response = Response::decode(cut(&frame)).unwrap();
            assert_eq!((response.id, &response.error), (u64::MAX, &None));
            let body = response.body.clone().unwrap();
            let message = ToTask::decode(&body).unwrap();
            assert_eq!(message.message_type(), name);
            assert_eq!(message.encode().unwrap(), body);
            assert_eq!(response.encode().unwrap(), frame);
        }
    }
}

fn cut(frame: &[u8]) -> bytes::Bytes {
    let mut buf = BytesMut::from(frame);
    let payload = FrameDecoder::default()
        .next_frame(&mut buf)
        .unwrap()
        .unwrap();
    assert!(buf.is_empty());
    payload
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_type_is_read_back_as_it_was_written(bytes in choices()) {
        each_definition(&mut RoundTrip(&bytes));
    }

    #[test]
    fn every_message_survives_its_frame(bytes in choices()) {
        each_definition(&mut ThroughFrames(&bytes));
    }

    #[test]
    fn typed_values_are_read_back(rows in proptest::collection::vec((any::<u32>(), ".{0,9}", -1e9..1e9), 0..9)) {
        let rows: BTreeMap<u32, (String, f64)> = rows.into_iter().map(|(id, name, price)| (id, (name, price))).collect();
        let body = SetXCom::new("rows", &rows, "d", "r", "t").encode().unwrap();
        let read = SetXCom::<BTreeMap<u32, (String, f64)>>::decode(&body).unwrap();
        prop_assert_eq!(read.value, rows);
    }

    #[test]
    fn random_bytes_give_an_error_or_a_message_and_never_a_panic(bytes in choices()) {
        let payload = bytes::Bytes::from(bytes.clone());
        let _ = Request::decode(payload.clone());
        if let Ok(response) = Response::decode(payload) {
            let _ = response.body.map(|body| ToTask::decode(&body));
        }
        let _ = ToSupervisor::decode(&bytes);
        let _ = json::check(&bytes);
        let _ = json::decode::<serde_json::Value>(&bytes);
        let _ = XComResult::<Vec<f64>>::decode_checked(&bytes);
        let _ = aileron_wire::time::from_extension_bytes(&bytes);
    }

    #[test]
    fn a_damaged_message_gives_an_error_or_another_message_and_never_a_panic(
        bytes in choices(), at in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let value: aileron_wire::message::StartupDetails = sample::sample(&bytes);
        let mut frame = response_frame(0, &value).unwrap();
        frame.drain(..4);
        let at = at.index(frame.len());
        frame[at] = byte;
        if let Ok(response) = Response::decode(frame.into()) {
            let _ = response.body.map(|body| ToTask::decode(&body));
        }
    }
}
