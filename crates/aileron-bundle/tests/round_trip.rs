//! What is written is what is read.
#![allow(clippy::unwrap_used)]

mod support;

use aileron_bundle::{Bundle, BundleWriter, MAGIC, Sha256Digest, Trailer};
use proptest::prelude::*;

#[test]
fn a_bundle_gives_back_executable_source_and_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let (path, packed) = support::packed(dir.path(), b"\x7fELF and more", "fn main() {}\n");
    let bundle = Bundle::open(&path).unwrap();
    bundle.verify().unwrap();
    assert_eq!(bundle.source().unwrap(), "fn main() {}\n");
    assert_eq!(bundle.binary_prefix(4).unwrap(), b"\x7fELF");
    assert_eq!(bundle.manifest().unwrap(), packed.manifest);
    assert_eq!(bundle.file_len(), packed.len);
    assert_eq!(bundle.file_len(), std::fs::metadata(&path).unwrap().len());
    let expected = aileron_bundle::manifest::Manifest {
        source: Some("main.rs".into()),
        digests: packed.manifest.digests.clone(),
        ..support::manifest()
    };
    assert_eq!(packed.manifest, expected);
}

#[test]
fn the_bytes_are_laid_out_as_the_format_says() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = support::packed(dir.path(), b"BIN", "SOURCE");
    let bytes = std::fs::read(path).unwrap();
    let (content, trailer) = bytes.split_at(bytes.len() - 64);
    let metadata_len = content.len() - 9;
    assert!(content.starts_with(b"BINSOURCEairflow_bundle_metadata_version: "));
    assert_eq!(trailer[0..4], 6u32.to_le_bytes());
    assert_eq!(trailer[4..8], (metadata_len as u32).to_le_bytes());
    assert_eq!(trailer[8..12], [1, 0, 0, 0]);
    assert_eq!(trailer[12..44], Sha256Digest::of(b"BIN").0);
    assert_eq!(trailer[44..56], [0; 12]);
    assert_eq!(trailer[56..], MAGIC);
}

#[test]
fn equal_inputs_give_equal_bytes_wherever_they_lie() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, _) = support::packed(one.path(), b"binary", "source");
    let (second, _) = support::packed(two.path(), b"binary", "source");
    assert_eq!(
        std::fs::read(first).unwrap(),
        std::fs::read(second).unwrap()
    );
}

#[test]
fn the_cache_digest_changes_with_each_input() {
    let dir = tempfile::tempdir().unwrap();
    let cache = |binary: &[u8], source: &str, version: &str| {
        let mut manifest = support::manifest();
        manifest.sdk.version = version.into();
        let executable = support::executable(dir.path(), binary);
        let writer = BundleWriter::new(executable, manifest).source("main.rs", source);
        writer
            .write_to(&mut Vec::new(), "memory")
            .unwrap()
            .manifest
            .digests
            .unwrap()
            .cache
    };
    let all = [
        cache(b"a", "s", "1"),
        cache(b"b", "s", "1"),
        cache(b"a", "t", "1"),
        cache(b"a", "s", "2"),
    ];
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(all[0], cache(b"a", "s", "1"));
}

#[test]
fn the_source_index_points_at_the_source_for_airflow_3_4() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = support::packed(dir.path(), b"binary", "fn main() {}");
    let index = Bundle::open(path).unwrap().source_index().unwrap();
    assert_eq!(index.entrypoint_path.as_deref(), Some("main.rs"));
    assert_eq!((index.sources[0].offset, index.sources[0].length), (0, 12));
    assert_eq!(
        index.sources[0].sha256,
        Sha256Digest::of(b"fn main() {}").to_string()
    );
}

#[cfg(unix)]
#[test]
fn a_bundle_has_the_run_bit_and_replaces_the_old_one_whole() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("bundle"), "old").unwrap();
    let (path, _) = support::packed(dir.path(), b"binary", "");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o755
    );
    Bundle::open(path).unwrap().verify().unwrap();
    let names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "a temporary file stayed behind: {names:?}");
}

#[test]
fn an_open_bundle_stays_readable_while_its_path_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = support::packed(dir.path(), b"first", "one");
    let bundle = Bundle::open(&path).unwrap();
    support::packed(dir.path(), b"second binary", "two");
    bundle.verify().unwrap();
    assert_eq!(bundle.source().unwrap(), "one");
}

proptest! {
    #[test]
    fn every_trailer_survives_its_bytes(source_len: u32, metadata_len: u32, digest: [u8; 32]) {
        let trailer = Trailer { source_len, metadata_len, binary_sha256: Sha256Digest(digest) };
        prop_assert_eq!(Trailer::parse(&trailer.to_bytes()), Ok(trailer));
    }

    #[test]
    fn every_executable_and_source_survive(
        binary in prop::collection::vec(any::<u8>(), 1..4096),
        source in "\\PC*|(.|\\n|\\r){0,200}",
    ) {
        prop_assume!(!binary.ends_with(&MAGIC));
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = support::packed(dir.path(), &binary, &source);
        let bundle = Bundle::open(path).unwrap();
        bundle.verify().unwrap();
        prop_assert_eq!(bundle.binary_prefix(u32::MAX).unwrap(), binary);
        prop_assert_eq!(bundle.source().unwrap(), source);
    }
}
