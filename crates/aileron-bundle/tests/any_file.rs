//! Whatever the bytes are, reading them ends in a value or a typed error.
#![allow(clippy::unwrap_used)]

mod support;

use aileron_bundle::{Bundle, MAGIC, Sha256Digest, Trailer};
use proptest::prelude::*;

/// Asks for everything a bundle offers.
fn read_all(bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    let Ok(bundle) = Bundle::open(&path) else {
        return false;
    };
    let regions = *bundle.regions();
    assert!(0 < regions.source_start && regions.source_start <= regions.metadata_start);
    assert!(
        regions.metadata_start <= regions.trailer_start
            && regions.trailer_start < bundle.file_len()
    );
    let _ = (
        bundle.manifest_text(),
        bundle.manifest(),
        bundle.source(),
        bundle.source_index(),
    );
    let _ = bundle.binary_prefix(64);
    bundle.verify().is_ok()
}

fn valid() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::read(support::packed(dir.path(), b"#!/bin/sh\nexit 0\n", "fn main() {}").0).unwrap()
}

proptest! {
    #[test]
    fn random_bytes_before_the_magic_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        bytes.extend(MAGIC);
        read_all(&bytes);
    }

    #[test]
    fn random_regions_behind_a_proper_trailer_never_panic(
        binary in prop::collection::vec(any::<u8>(), 0..64),
        source in prop::collection::vec(any::<u8>(), 0..64),
        metadata in "[-a-z0-9:{}\\[\\]'\"&*!|>%@#?, \n\t]{0,120}|.*",
        slack in -3i64..3,
    ) {
        let trailer = Trailer {
            source_len: u32::try_from((source.len() as i64 + slack).max(0)).unwrap(),
            metadata_len: metadata.len() as u32,
            binary_sha256: Sha256Digest::of(&binary),
        };
        read_all(&[&binary, &source, metadata.as_bytes(), &trailer.to_bytes()].concat());
    }

    #[test]
    fn one_changed_byte_outside_the_manifest_never_passes(at: prop::sample::Index, flip in 1u8..) {
        let mut bytes = valid();
        let trailer_start = bytes.len() - 64;
        // 17 bytes of binary and 12 of source, then the manifest, which may change without a change of meaning.
        let places: Vec<usize> = (0..29).chain(trailer_start..bytes.len()).collect();
        let at = places[at.index(places.len())];
        bytes[at] ^= flip;
        prop_assert!(!read_all(&bytes), "byte {} ^ {:#x}", at, flip);
    }

    #[test]
    fn cut_and_spliced_bundles_never_panic(from: prop::sample::Index, to: prop::sample::Index) {
        let bytes = valid();
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        read_all(&[&bytes[..from], &bytes[to..]].concat());
    }
}
