//! SHA-256 digests of regions.

use std::fmt;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// Bytes hashed at a time; the memory a verification needs whatever the size of the bundle.
const CHUNK: usize = 64 * 1024;

/// A SHA-256 digest; displays as lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256Digest(pub [u8; 32]);

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Sha256Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Sha256Digest {
        Sha256Digest(Sha256::digest(bytes).into())
    }

    /// The form used in manifests: `sha256:` and the hexadecimal digest.
    pub fn tagged(&self) -> String {
        format!("sha256:{self}")
    }
}

/// Passes everything `input` yields to `sink` and returns the digest and the number of bytes.
pub(crate) fn digest_stream(
    mut input: impl Read,
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(Sha256Digest, u64), StreamError> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut total = 0;
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => return Ok((Sha256Digest(hasher.finalize().into()), total)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(StreamError::Read(error)),
        };
        hasher.update(&buffer[..read]);
        sink(&buffer[..read]).map_err(StreamError::Write)?;
        total += read as u64;
    }
}

/// Which side of a copy failed.
#[derive(Debug)]
pub(crate) enum StreamError {
    /// The input.
    Read(io::Error),
    /// The output.
    Write(io::Error),
}
