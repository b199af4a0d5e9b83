//! The lifecycle configuration of a bucket is what anybody has put there: any bytes are rules or an error, and rules stay when one is added.
#![no_main]

use aileron_flip::lifecycle::{ExpiryRule, Lifecycle};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(read) = Lifecycle::parse(text) else {
        return;
    };
    let rule = ExpiryRule {
        prefix: "xcoms/".to_owned(),
        days: 30,
    };
    let merged = read.with(&rule).to_xml();
    let again = Lifecycle::parse(&merged).expect("what was read can be read again");
    assert!(again.same_as(&read.with(&rule)));
});
