//! Any bytes as a stream of frames. What is read as a frame is written and read again as the same.

#![no_main]

use aileron_wire::frame::{FrameDecoder, FrameLimit, Request, Response};
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let decoder = FrameDecoder::new(FrameLimit::new(1 << 20));
    let mut buf = BytesMut::from(data);
    while let Ok(Some(payload)) = decoder.next_frame(&mut buf) {
        if let Ok(request) = Request::decode(payload.clone()) {
            let again = request
                .encode()
                .expect("it came in a frame, so it fits one");
            assert_eq!(Request::decode(Bytes::from(again).slice(4..)), Ok(request));
        }
        if let Ok(response) = Response::decode(payload) {
            let again = response
                .encode()
                .expect("it came in a frame, so it fits one");
            assert_eq!(
                Response::decode(Bytes::from(again).slice(4..)),
                Ok(response)
            );
        }
    }
    decoder.reserve(&mut buf);
    assert!(
        buf.capacity() < 2 * data.len() + (1 << 16),
        "room must follow what really came"
    );
    let _ = decoder.finish(&buf);
});
