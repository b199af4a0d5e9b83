//! A value of 20 MB.

use std::fmt::Write as _;

use aileron::prelude::*;
use sha2::{Digest, Sha256};

const BYTES: usize = 20_000_000;

#[task]
async fn make_large(cx: &Context) -> Result<String> {
    let text = text(BYTES);
    let digest = Sha256::digest(text.as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in digest {
        write!(hex, "{byte:02x}")?;
    }
    cx.xcom().push("sha256", &hex).await?;
    Ok(text)
}

/// A Python task reads the value and compares the digests.
#[dag]
pub(crate) fn large_value(dag: &mut Dag) {
    dag.add(make_large());
}

/// Text of that many bytes, with everything that has to be escaped now and then.
fn text(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes);
    let mut number: u64 = 1;
    while text.len() + 32 < bytes {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // Writing to a string cannot fail.
        let _ = write!(text, "{number:016x}");
        if number.is_multiple_of(64) {
            text.push_str("\"\\\n\u{1}é漢🜁");
        }
    }
    while text.len() < bytes {
        text.push('.');
    }
    text
}
