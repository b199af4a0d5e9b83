//! What can go wrong with a bundle file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::{ManifestError, Sha256Digest, TrailerFault};

/// A bundle that cannot be read or made. Every variant names the file; the text says what to do where there is a way.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried, `open` for instance.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// Not a regular file.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// The trailer is missing or unusable.
    #[error("{} is not a usable bundle: {fault}{}", path.display(), advice(fault))]
    Trailer {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: TrailerFault,
    },
    /// The file became shorter while it was read.
    #[error("{} was cut short while it was read; is it being written by another process?", path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
    },
    /// The executable was changed after packing.
    #[error(
        "{}: the executable inside is not the one that was packed: its SHA-256 is {actual}, the trailer says {expected}; \
         was it stripped or signed after packing? Strip first, then run `aileron pack` again",
        path.display()
    )]
    BinaryChanged {
        /// The file.
        path: PathBuf,
        /// Digest in the trailer.
        expected: Sha256Digest,
        /// Digest of the bytes.
        actual: Sha256Digest,
    },
    /// The manifest's own digest does not fit the content.
    #[error("{}: {field} is {expected}, the content gives {actual}; run `aileron pack` again", path.display())]
    DigestMismatch {
        /// The file.
        path: PathBuf,
        /// The manifest field that holds the digest.
        field: String,
        /// What the manifest says.
        expected: String,
        /// What the content gives.
        actual: String,
    },
    /// The manifest cannot be read or used.
    #[error("{}: {source}", path.display())]
    Manifest {
        /// The bundle, or the executable when writing.
        path: PathBuf,
        /// What is wrong with the manifest.
        source: ManifestError,
    },
    /// The source region is not text.
    #[error("{}: the source region is not UTF-8 (byte {at})", path.display())]
    SourceNotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset in the source region.
        at: usize,
    },
    /// The executable already carries a trailer.
    #[error("{} is a bundle already; give the executable as cargo built it", path.display())]
    AlreadyPacked {
        /// The executable.
        path: PathBuf,
    },
    /// The executable has no bytes.
    #[error("{} is empty, not an executable", path.display())]
    EmptyExecutable {
        /// The executable.
        path: PathBuf,
    },
    /// The output would replace the executable.
    #[error("{} is the executable itself; choose another output", path.display())]
    OutputIsInput {
        /// The output.
        path: PathBuf,
    },
    /// A region is longer than its length field can say.
    #[error("the {region} has {len} bytes, the format holds at most 4294967295")]
    RegionTooLong {
        /// `source` or `manifest`.
        region: &'static str,
        /// Its length in bytes.
        len: u64,
    },
}

fn advice(fault: &TrailerFault) -> &'static str {
    match fault {
        TrailerFault::Absent => {
            "; it was never packed (`aileron pack` makes a bundle) or it was cut short or changed at its end"
        }
        TrailerFault::UnknownVersion(_) => "; a newer aileron may know it",
        _ => "; it is damaged, pack it again",
    }
}
