//! Files that are not usable bundles are refused with the reason.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use aileron_bundle::manifest::Manifest;
use aileron_bundle::{
    Bundle, BundleError, BundleWriter, ManifestError, Sha256Digest, Trailer, TrailerFault,
};

fn write(dir: &Path, bytes: &[u8]) -> PathBuf {
    let path = dir.join("file");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A bundle assembled by hand around any manifest text.
fn assembled(dir: &Path, metadata: &[u8]) -> PathBuf {
    let trailer = Trailer {
        source_len: 3,
        metadata_len: metadata.len() as u32,
        binary_sha256: Sha256Digest::of(b"binary"),
    };
    write(
        dir,
        &[b"binary", b"src".as_slice(), metadata, &trailer.to_bytes()].concat(),
    )
}

fn open_fault(bytes: &[u8]) -> TrailerFault {
    let dir = tempfile::tempdir().unwrap();
    match Bundle::open(write(dir.path(), bytes)) {
        Err(BundleError::Trailer { fault, .. }) => fault,
        other => panic!("expected a trailer fault, got {other:?}"),
    }
}

fn bundle_bytes() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::read(support::packed(dir.path(), b"binary", "source").0).unwrap()
}

#[test]
fn files_that_were_never_packed_or_are_cut_short_are_refused() {
    assert_eq!(open_fault(b""), TrailerFault::Absent);
    assert_eq!(open_fault(b"AFBNDL01"), TrailerFault::Absent);
    assert_eq!(open_fault(&[0; 4096]), TrailerFault::Absent);
    let bytes = bundle_bytes();
    for cut in 1..bytes.len() {
        assert_eq!(
            open_fault(&bytes[..bytes.len() - cut]),
            TrailerFault::Absent,
            "{cut} bytes cut off"
        );
    }
}

#[test]
fn bytes_missing_at_the_start_are_noticed() {
    let bytes = bundle_bytes();
    assert!(matches!(
        open_fault(&bytes[7..]),
        TrailerFault::PastStart { .. }
    ));
    assert_eq!(open_fault(&bytes[6..]), TrailerFault::NoBinary);
    let dir = tempfile::tempdir().unwrap();
    let error = Bundle::open(write(dir.path(), &bytes[1..]))
        .unwrap()
        .verify()
        .unwrap_err();
    assert!(
        matches!(error, BundleError::BinaryChanged { .. }),
        "{error}"
    );
}

#[test]
fn a_newer_footer_and_used_reserved_bytes_are_refused() {
    let mut bytes = bundle_bytes();
    let start = bytes.len() - 64;
    bytes[start + 8] = 2;
    assert_eq!(open_fault(&bytes), TrailerFault::UnknownVersion(2));
    bytes[start + 8] = 1;
    for at in 44..56 {
        bytes[start + at] = 1;
        assert_eq!(open_fault(&bytes), TrailerFault::ReservedBytes);
        bytes[start + at] = 0;
    }
}

#[test]
fn lengths_past_the_start_of_the_file_are_refused() {
    let mut bytes = bundle_bytes();
    let start = bytes.len() - 64;
    bytes[start..start + 8].fill(0xff);
    let fault = open_fault(&bytes);
    let declared = 2 * u64::from(u32::MAX);
    assert_eq!(
        fault,
        TrailerFault::PastStart {
            declared,
            available: start as u64
        }
    );
}

#[test]
fn a_changed_executable_is_refused_with_both_digests() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = bundle_bytes();
    bytes[0] ^= 1;
    let error = Bundle::open(write(dir.path(), &bytes))
        .unwrap()
        .verify()
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(&Sha256Digest::of(b"binary").to_string()),
        "{text}"
    );
    assert!(text.contains("stripped or signed after packing"), "{text}");
}

#[test]
fn a_changed_source_or_manifest_is_refused_naming_the_digest() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = bundle_bytes();
    let mut source = bytes.clone();
    source[6] ^= 1;
    let error = Bundle::open(write(dir.path(), &source))
        .unwrap()
        .verify()
        .unwrap_err();
    assert!(
        matches!(&error, BundleError::DigestMismatch { field, .. } if field == "sources.main.rs.sha256"),
        "{error}"
    );

    let at = bytes
        .windows(6)
        .position(|window| window == b"@daily")
        .unwrap();
    let mut manifest = bytes.clone();
    manifest[at..at + 6].copy_from_slice(b"@month");
    let error = Bundle::open(write(dir.path(), &manifest))
        .unwrap()
        .verify()
        .unwrap_err();
    assert!(
        matches!(&error, BundleError::DigestMismatch { field, .. } if field == "digests.cache"),
        "{error}"
    );
}

#[test]
fn a_manifest_that_is_no_text_no_yaml_or_no_mapping_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let manifest_error = |metadata: &[u8]| match Bundle::open(assembled(dir.path(), metadata))
        .unwrap()
        .manifest()
    {
        Err(BundleError::Manifest { source, .. }) => source,
        other => panic!("expected a manifest error, got {other:?}"),
    };
    assert!(matches!(
        manifest_error(b"a: \xff"),
        ManifestError::NotUtf8 { at: 3 }
    ));
    assert!(matches!(
        manifest_error(b"{a: ["),
        ManifestError::Unreadable { .. }
    ));
    assert!(matches!(
        manifest_error(b"- a\n- b"),
        ManifestError::NotAMapping { found: "a list" }
    ));
    assert!(matches!(
        manifest_error(b"text"),
        ManifestError::NotAMapping { found: "a string" }
    ));
    assert!(matches!(
        manifest_error(b""),
        ManifestError::NotAMapping { found: "nothing" }
    ));
    assert!(matches!(
        manifest_error(b"dags: {}"),
        ManifestError::Unreadable { .. }
    ));
}

#[test]
fn a_schema_version_that_airflow_takes_for_a_date_is_refused() {
    let text = "airflow_bundle_metadata_version: '1.0'\ndags: {d: {tasks: [t]}}\n\
                sdk:\n  language: rust\n  version: x\n  supervisor_schema_version: ";
    let read = |version: &str| Manifest::from_yaml(format!("{text}{version}\n").as_bytes());
    assert!(matches!(
        read("2026-06-16"),
        Err(ManifestError::UnquotedVersion { .. })
    ));
    assert!(matches!(
        read("2026-06-16 # newest"),
        Err(ManifestError::UnquotedVersion { .. })
    ));
    assert_eq!(
        read("'2026-06-16'").unwrap().sdk.supervisor_schema_version,
        "2026-06-16"
    );
    assert_eq!(
        read("\"2026-06-16\"")
            .unwrap()
            .sdk
            .supervisor_schema_version,
        "2026-06-16"
    );
}

#[test]
fn a_bundle_is_not_packed_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = support::packed(dir.path(), b"binary", "");
    let error = BundleWriter::new(&path, support::manifest())
        .write(dir.path().join("again"))
        .unwrap_err();
    assert!(
        matches!(error, BundleError::AlreadyPacked { .. }),
        "{error}"
    );
    assert!(!dir.path().join("again").exists());
}

#[test]
fn an_empty_or_missing_executable_or_a_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let pack = |executable: &Path| {
        BundleWriter::new(executable, support::manifest())
            .write(dir.path().join("bundle"))
            .unwrap_err()
    };
    assert!(matches!(
        pack(&support::executable(dir.path(), b"")),
        BundleError::EmptyExecutable { .. }
    ));
    assert!(matches!(
        pack(&dir.path().join("absent")),
        BundleError::Io { action: "open", .. }
    ));
    assert!(matches!(pack(dir.path()), BundleError::NotAFile { .. }));
    assert!(!dir.path().join("bundle").exists());
}

#[test]
fn the_executable_is_not_overwritten_by_its_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let executable = support::executable(dir.path(), b"binary");
    let error = BundleWriter::new(&executable, support::manifest())
        .write(&executable)
        .unwrap_err();
    assert!(
        matches!(error, BundleError::OutputIsInput { .. }),
        "{error}"
    );
    assert_eq!(std::fs::read(executable).unwrap(), b"binary");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_names_the_output() {
    let dir = tempfile::tempdir().unwrap();
    let executable = support::executable(dir.path(), b"binary");
    let mut full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let error = BundleWriter::new(executable, support::manifest())
        .write_to(&mut full, "/dev/full")
        .unwrap_err();
    let BundleError::Io {
        path,
        action,
        source,
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((path.as_path(), action), (Path::new("/dev/full"), "write"));
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
}

#[cfg(unix)]
#[test]
fn an_unwritable_or_missing_directory_is_an_error_that_names_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let executable = support::executable(dir.path(), b"binary");
    let writer = BundleWriter::new(executable, support::manifest());
    let missing = dir.path().join("missing");
    let error = writer.write(missing.join("bundle")).unwrap_err();
    assert!(
        matches!(&error, BundleError::Io { path, .. } if *path == missing),
        "{error}"
    );

    let read_only = dir.path().join("read-only");
    std::fs::create_dir(&read_only).unwrap();
    std::fs::set_permissions(&read_only, std::fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write everywhere; the first half of the test has to do for it.
    if std::fs::write(read_only.join("probe"), "").is_err() {
        let error = writer.write(read_only.join("bundle")).unwrap_err();
        assert!(
            matches!(&error, BundleError::Io { path, .. } if *path == read_only),
            "{error}"
        );
    }
}
