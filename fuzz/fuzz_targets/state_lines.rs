//! Any text as a line of `aileron state export`. What is read is written and read again as the same.

#![no_main]

use aileron_metastore::inventory::StateLine;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(line) = StateLine::read(text) else { return };
    let written = line.write().expect("what was JSON is JSON");
    assert!(!written.contains('\n'));
    let again = StateLine::read(&written).expect("a line that was written is one");
    assert_eq!(again.write().expect("what was JSON is JSON"), written);
});
