//! The last 64 bytes of a bundle.

use thiserror::Error;

use crate::Sha256Digest;

/// Length of the trailer in bytes.
pub const TRAILER_LEN: usize = 64;
/// The bytes that end every bundle.
pub const MAGIC: [u8; 8] = *b"AFBNDL01";
/// The version of the trailer this crate reads and writes.
pub const FOOTER_VERSION: u32 = 1;

/// The trailer: lengths little-endian, then version, digest, 12 zero bytes and [`MAGIC`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer {
    /// Length of the source region in bytes.
    pub source_len: u32,
    /// Length of the manifest region in bytes.
    pub metadata_len: u32,
    /// SHA-256 of the binary region.
    pub binary_sha256: Sha256Digest,
}

/// Where the regions of a bundle lie: offsets from the start of the file in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regions {
    /// End of the binary region and start of the source.
    pub source_start: u64,
    /// End of the source and start of the manifest.
    pub metadata_start: u64,
    /// End of the manifest and start of the trailer.
    pub trailer_start: u64,
}

/// Why 64 bytes at the end of a file are not a usable trailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrailerFault {
    /// The file does not end with the magic.
    #[error("it does not end with an AFBNDL01 trailer")]
    Absent,
    /// A footer version this crate does not know.
    #[error("its footer version is {0}, known is {FOOTER_VERSION}")]
    UnknownVersion(u32),
    /// Bytes that must be zero are not.
    #[error("the reserved bytes of its trailer are not zero")]
    ReservedBytes,
    /// The lengths don't fit into the file.
    #[error(
        "its trailer declares {declared} bytes of source and manifest, but only {available} bytes come before it"
    )]
    PastStart {
        /// Source and manifest together, in bytes.
        declared: u64,
        /// Bytes before the trailer.
        available: u64,
    },
    /// Nothing is left for the executable.
    #[error("its trailer leaves no room for the executable")]
    NoBinary,
}

impl Trailer {
    /// Reads a trailer from the last bytes of a file.
    ///
    /// # Errors
    /// [`TrailerFault::Absent`], [`TrailerFault::UnknownVersion`] or [`TrailerFault::ReservedBytes`].
    pub fn parse(bytes: &[u8; TRAILER_LEN]) -> Result<Trailer, TrailerFault> {
        if bytes[56..] != MAGIC {
            return Err(TrailerFault::Absent);
        }
        let version = u32_at(bytes, 8);
        if version != FOOTER_VERSION {
            return Err(TrailerFault::UnknownVersion(version));
        }
        if bytes[44..56] != [0; 12] {
            return Err(TrailerFault::ReservedBytes);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(&bytes[12..44]);
        Ok(Trailer {
            source_len: u32_at(bytes, 0),
            metadata_len: u32_at(bytes, 4),
            binary_sha256: Sha256Digest(digest),
        })
    }

    /// The trailer as it is written.
    pub fn to_bytes(&self) -> [u8; TRAILER_LEN] {
        let mut bytes = [0; TRAILER_LEN];
        bytes[0..4].copy_from_slice(&self.source_len.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.metadata_len.to_le_bytes());
        bytes[8..12].copy_from_slice(&FOOTER_VERSION.to_le_bytes());
        bytes[12..44].copy_from_slice(&self.binary_sha256.0);
        bytes[56..].copy_from_slice(&MAGIC);
        bytes
    }

    /// Where the regions lie in a file of `file_len` bytes.
    ///
    /// # Errors
    /// [`TrailerFault::Absent`] for a file shorter than a trailer, [`TrailerFault::PastStart`] and
    /// [`TrailerFault::NoBinary`].
    pub fn regions(&self, file_len: u64) -> Result<Regions, TrailerFault> {
        let available = file_len
            .checked_sub(TRAILER_LEN as u64)
            .ok_or(TrailerFault::Absent)?;
        let declared = u64::from(self.source_len) + u64::from(self.metadata_len);
        match available.checked_sub(declared) {
            None => Err(TrailerFault::PastStart {
                declared,
                available,
            }),
            Some(0) => Err(TrailerFault::NoBinary),
            Some(source_start) => Ok(Regions {
                source_start,
                metadata_start: source_start + u64::from(self.source_len),
                trailer_start: available,
            }),
        }
    }
}

fn u32_at(bytes: &[u8; TRAILER_LEN], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
