//! Any bytes as the body of a message. What is read is written and read again as the same.

#![no_main]

use aileron_wire::frame::EncodeError;
use aileron_wire::json;
use aileron_wire::message::{ToSupervisor, ToTask};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(message) = ToSupervisor::decode(data) {
        match message.encode() {
            Ok(body) => assert_eq!(ToSupervisor::decode(&body), Ok(message)),
            // A float that is not a number came in; it may not go out.
            Err(EncodeError::NotJson { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    if let Ok(message) = ToTask::decode(data) {
        match message.encode() {
            Ok(body) => assert_eq!(ToTask::decode(&body), Ok(message)),
            Err(EncodeError::NotJson { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    if let Ok(value) = json::decode::<serde_json::Value>(data) {
        let body = json::encode(&value).expect("JSON is JSON");
        assert_eq!(json::decode::<serde_json::Value>(&body), Ok(value));
    }
});
