//! Any text is read as JSON or refused; what comes out is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(plain) = aileron_xcom::plain(text) else {
        return;
    };
    aileron_xcom::plain(&plain).expect("what came out is JSON");
});
