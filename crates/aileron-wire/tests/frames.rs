//! Frames: any cut of the stream gives the same frames, and bad ones say what is wrong.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use aileron_wire::frame::{
    FrameDecoder, FrameError, FrameLimit, Request, Response, encode_request, request_frame,
};
use aileron_wire::message::SetXCom;
use aileron_wire::msgpack::{Kind, MAX_DEPTH, WalkError};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

fn body() -> impl Strategy<Value = Bytes> {
    proptest::collection::btree_map(
        ".{0,4}",
        proptest::collection::vec(any::<i64>(), 0..40),
        0..6,
    )
    .prop_map(|map| rmp_serde::to_vec(&map).unwrap().into())
}

fn carrier() -> impl Strategy<Value = Option<BTreeMap<String, String>>> {
    proptest::option::of(proptest::collection::btree_map(".{0,4}", ".{0,40}", 0..3))
}

fn request() -> impl Strategy<Value = Request> {
    let ti_id = proptest::option::of(any::<u128>().prop_map(uuid::Uuid::from_u128));
    (any::<u64>(), body(), carrier(), ti_id).prop_map(|(id, body, context_carrier, ti_id)| {
        Request {
            id,
            body,
            context_carrier,
            ti_id,
        }
    })
}

fn response() -> impl Strategy<Value = Response> {
    let part = || proptest::option::of(body());
    (any::<u64>(), part(), part()).prop_map(|(id, body, error)| Response { id, body, error })
}

proptest! {
    #[test]
    fn frames_come_out_whole_however_the_stream_is_cut(
        requests in proptest::collection::vec(request(), 1..8),
        cuts in proptest::collection::vec(1_usize..300, 1..40),
    ) {
        let stream: Vec<u8> = requests.iter().flat_map(|request| request.encode().unwrap()).collect();
        let decoder = FrameDecoder::default();
        let (mut buf, mut read, mut rest) = (BytesMut::new(), Vec::new(), &stream[..]);
        for cut in cuts.iter().cycle() {
            decoder.reserve(&mut buf);
            let (chunk, behind) = rest.split_at((*cut).min(rest.len()));
            prop_assert!(buf.capacity() - buf.len() >= chunk.len());
            buf.extend_from_slice(chunk);
            rest = behind;
            while let Some(payload) = decoder.next_frame(&mut buf).unwrap() {
                read.push(Request::decode(payload).unwrap());
            }
            prop_assert_eq!(decoder.finish(&buf).is_ok(), buf.is_empty());
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read, requests);
    }

    #[test]
    fn responses_are_read_back(response in response()) {
        let frame = response.encode().unwrap();
        prop_assert_eq!(Response::decode(Bytes::from(frame).slice(4..)), Ok(response));
    }

    #[test]
    fn a_response_may_leave_trailing_nils_out(id in any::<u64>(), body in body()) {
        let mut payload = vec![0x91];
        rmp::encode::write_uint(&mut payload, id).unwrap();
        let alone = Response { id, body: None, error: None };
        prop_assert_eq!(Response::decode(payload.clone().into()), Ok(alone));
        payload[0] = 0x92;
        payload.extend_from_slice(&body);
        let with_body = Response { id, body: Some(body), error: None };
        prop_assert_eq!(Response::decode(payload.into()), Ok(with_body));
    }
}

#[test]
fn bad_requests_are_named() {
    let too_deep = [&[0x92, 1, 0x81, 0xa1, b'a'][..], &vec![0x91; MAX_DEPTH + 1]].concat();
    let cases: &[(&[u8], FrameError)] = &[
        (b"", FrameError::Empty),
        (
            b"\xc1",
            FrameError::Corrupt(WalkError::Reserved { offset: 0 }),
        ),
        (b"\x80", FrameError::NotAnArray { found: Kind::Map }),
        (
            b"\xa3abc",
            FrameError::NotAnArray {
                found: Kind::String,
            },
        ),
        (
            b"\x90",
            FrameError::WrongArity {
                found: 0,
                expected: "2, 3 or 4",
            },
        ),
        (
            b"\x91\x01",
            FrameError::WrongArity {
                found: 1,
                expected: "2, 3 or 4",
            },
        ),
        (
            b"\x95\x01\x80\xc0\xc0\xc0",
            FrameError::WrongArity {
                found: 5,
                expected: "2, 3 or 4",
            },
        ),
        (
            b"\x92\xa11\x80",
            FrameError::BadId {
                found: "a string".into(),
            },
        ),
        (b"\x92\xff\x80", FrameError::BadId { found: "-1".into() }),
        (
            b"\x92\xca\0\0\0\0\x80",
            FrameError::BadId {
                found: "a float".into(),
            },
        ),
        (
            b"\x92\x01\xc0",
            FrameError::BodyNotAMap { found: Kind::Nil },
        ),
        (
            b"\x92\x01\x90",
            FrameError::BodyNotAMap { found: Kind::Array },
        ),
        (
            b"\x92\x01\xd6\xff\0\0\0\0",
            FrameError::BodyNotAMap {
                found: Kind::Extension(-1),
            },
        ),
        (
            b"\x93\x01\x80\x07",
            FrameError::BadCarrier {
                found: Kind::Integer,
            },
        ),
        (
            b"\x93\x01\x80\x81\xa1a\xc3",
            FrameError::BadCarrier { found: Kind::Bool },
        ),
        (
            b"\x94\x01\x80\xc0\xa1x",
            FrameError::BadTaskInstanceId {
                found: "the string \"x\"".into(),
            },
        ),
        (
            b"\x94\x01\x80\xc0\x07",
            FrameError::BadTaskInstanceId {
                found: "an integer".into(),
            },
        ),
        (
            b"\x92\x01\x80\x00\x00",
            FrameError::TrailingBytes { count: 2 },
        ),
        (
            b"\x92\x01\x81\xa1a",
            FrameError::Corrupt(WalkError::Cut { offset: 5 }),
        ),
        (
            b"\x92\x01\x81\xa1a\xc1",
            FrameError::Corrupt(WalkError::Reserved { offset: 5 }),
        ),
        (
            b"\x92\x01\x81\xa1a\xda\xff\xff",
            FrameError::Corrupt(WalkError::Cut { offset: 5 }),
        ),
        (
            b"\x92\x01\x81\xa1a\xdf\xff\xff\xff\xff",
            FrameError::Corrupt(WalkError::Cut { offset: 10 }),
        ),
        (
            &too_deep,
            FrameError::Corrupt(WalkError::TooDeep {
                offset: 4 + MAX_DEPTH,
            }),
        ),
    ];
    for (payload, error) in cases {
        let found = Request::decode(Bytes::copy_from_slice(payload)).unwrap_err();
        assert_eq!(&found, error, "{payload:x?}");
    }
}

#[test]
fn bad_responses_are_named() {
    let cases: &[(&[u8], FrameError)] = &[
        (b"", FrameError::Empty),
        (
            b"\x90",
            FrameError::WrongArity {
                found: 0,
                expected: "1, 2 or 3",
            },
        ),
        (
            b"\x94\x01\xc0\xc0\xc0",
            FrameError::WrongArity {
                found: 4,
                expected: "1, 2 or 3",
            },
        ),
        (
            b"\x91\xc0",
            FrameError::BadId {
                found: "nil".into(),
            },
        ),
        (
            b"\x92\x01\xc3",
            FrameError::BodyNotAMap { found: Kind::Bool },
        ),
        (
            b"\x93\x01\xc0\xa1x",
            FrameError::ErrorNotAMap {
                found: Kind::String,
            },
        ),
        (
            b"\x93\x01\xc0\xc0\xc0",
            FrameError::TrailingBytes { count: 1 },
        ),
        (
            b"\x93\x01\x80",
            FrameError::Corrupt(WalkError::Cut { offset: 3 }),
        ),
    ];
    for (payload, error) in cases {
        let found = Response::decode(Bytes::copy_from_slice(payload)).unwrap_err();
        assert_eq!(&found, error, "{payload:x?}");
    }
}

#[test]
fn the_payload_is_not_copied() {
    let frame = Bytes::from(encode_request(1, b"\x81\xa1a\x01", None).unwrap());
    let request = Request::decode(frame.slice(4..)).unwrap();
    assert!(frame.as_ptr_range().contains(&request.body.as_ptr()));
}

#[test]
fn both_ways_to_build_a_request_give_the_same_bytes() {
    use aileron_wire::message::Message as _;

    let carrier = BTreeMap::from([("traceparent".to_owned(), "00-ab-cd-01".to_owned())]);
    let message = SetXCom::new("k", vec![1, 2, 3], "d", "r", "t");
    let body = message.encode().unwrap();
    for carrier in [None, Some(&carrier)] {
        let direct = request_frame(300, &message, carrier).unwrap();
        assert_eq!(direct, encode_request(300, &body, carrier).unwrap());
    }
}

#[test]
fn a_limit_counts_the_payload_only() {
    let frame = encode_request(1, b"\x81\xa1a\x01", None).unwrap();
    let payload = frame.len() as u64 - 4;
    let at =
        FrameDecoder::new(FrameLimit::new(payload)).next_frame(&mut BytesMut::from(&frame[..]));
    assert!(at.unwrap().is_some());
    let below =
        FrameDecoder::new(FrameLimit::new(payload - 1)).next_frame(&mut BytesMut::from(&frame[..]));
    assert_eq!(
        below,
        Err(FrameError::Oversized {
            length: payload,
            limit: payload - 1
        })
    );
    assert_eq!(
        FrameLimit::new(u64::MAX).bytes(),
        aileron_wire::frame::MAX_PAYLOAD
    );
}
