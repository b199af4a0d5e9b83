//! Reading and verifying a bundle.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::{StreamError, digest_stream};
use crate::encoding::{limits, utf8};
use crate::manifest::Manifest;
use crate::{
    BundleError, ManifestError, Regions, Sha256Digest, SourceIndex, TRAILER_LEN, Trailer,
    TrailerFault,
};

/// An open bundle. Opening reads the trailer only; the other regions are read when asked for.
///
/// All reads go through the file opened first, so a bundle that is replaced meanwhile stays readable as it was.
#[derive(Debug)]
pub struct Bundle {
    path: PathBuf,
    file: File,
    len: u64,
    trailer: Trailer,
    regions: Regions,
}

impl Bundle {
    /// Opens a bundle and checks its trailer.
    ///
    /// # Errors
    /// [`BundleError::Io`], [`BundleError::NotAFile`], and [`BundleError::Trailer`] with what is wrong.
    pub fn open(path: impl AsRef<Path>) -> Result<Bundle, BundleError> {
        let path = path.as_ref().to_path_buf();
        let io = |action| {
            let path = path.clone();
            move |source| BundleError::Io {
                path,
                action,
                source,
            }
        };
        let file = File::open(&path).map_err(io("open"))?;
        let metadata = file.metadata().map_err(io("read the size of"))?;
        if !metadata.is_file() {
            return Err(BundleError::NotAFile { path });
        }
        let len = metadata.len();
        let fault = |fault| BundleError::Trailer {
            path: path.clone(),
            fault,
        };
        let start = len
            .checked_sub(TRAILER_LEN as u64)
            .ok_or_else(|| fault(TrailerFault::Absent))?;
        let mut bytes = [0; TRAILER_LEN];
        read_at(&file, &mut bytes, start).map_err(|error| read_error(&path, error))?;
        let trailer = Trailer::parse(&bytes).map_err(fault)?;
        let regions = trailer.regions(len).map_err(fault)?;
        Ok(Bundle {
            path,
            file,
            len,
            trailer,
            regions,
        })
    }

    /// The path the bundle was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the whole file in bytes.
    pub fn file_len(&self) -> u64 {
        self.len
    }

    /// The trailer as read.
    pub fn trailer(&self) -> &Trailer {
        &self.trailer
    }

    /// Where the regions lie.
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// The manifest region as it stands in the file.
    ///
    /// # Errors
    /// [`BundleError::Io`], [`BundleError::CutShort`], [`BundleError::Manifest`] when it is not UTF-8.
    pub fn manifest_text(&self) -> Result<String, BundleError> {
        let bytes = self.read_region(self.regions.metadata_start, self.trailer.metadata_len)?;
        utf8(&bytes)
            .map(str::to_owned)
            .map_err(|source| self.manifest_error(source))
    }

    /// The manifest. Not [validated](Manifest::validate) and not compared with the content; see [`Bundle::verify`].
    ///
    /// # Errors
    /// [`BundleError::Io`], [`BundleError::CutShort`], [`BundleError::Manifest`].
    pub fn manifest(&self) -> Result<Manifest, BundleError> {
        let bytes = self.read_region(self.regions.metadata_start, self.trailer.metadata_len)?;
        Manifest::from_yaml(&bytes).map_err(|source| self.manifest_error(source))
    }

    /// The manifest's index of the source region; empty when the packer wrote none.
    ///
    /// # Errors
    /// [`BundleError::Io`], [`BundleError::CutShort`], [`BundleError::Manifest`].
    pub fn source_index(&self) -> Result<SourceIndex, BundleError> {
        let text = self.manifest_text()?;
        serde_saphyr::from_str_with_options(&text, limits()).map_err(|error| {
            self.manifest_error(ManifestError::Unreadable {
                syntax: "YAML",
                reason: error.to_string(),
            })
        })
    }

    /// The source region; empty when the bundle carries none.
    ///
    /// # Errors
    /// [`BundleError::Io`], [`BundleError::CutShort`], [`BundleError::SourceNotUtf8`].
    pub fn source(&self) -> Result<String, BundleError> {
        let bytes = self.read_region(self.regions.source_start, self.trailer.source_len)?;
        String::from_utf8(bytes).map_err(|error| BundleError::SourceNotUtf8 {
            path: self.path.clone(),
            at: error.utf8_error().valid_up_to(),
        })
    }

    /// The first bytes of the executable, at most `limit`: enough to recognise its format.
    ///
    /// # Errors
    /// [`BundleError::Io`], [`BundleError::CutShort`].
    pub fn binary_prefix(&self, limit: u32) -> Result<Vec<u8>, BundleError> {
        let len = self.regions.source_start.min(u64::from(limit));
        self.read_region(0, u32::try_from(len).unwrap_or(limit))
    }

    /// SHA-256 of the binary region, computed in constant memory.
    ///
    /// # Errors
    /// [`BundleError::Io`], [`BundleError::CutShort`].
    pub fn hash_binary(&self) -> Result<Sha256Digest, BundleError> {
        let binary = RegionReader {
            file: &self.file,
            at: 0,
            end: self.regions.source_start,
        };
        let (digest, len) = digest_stream(binary, |_| Ok(())).map_err(|error| match error {
            StreamError::Read(error) | StreamError::Write(error) => read_error(&self.path, error),
        })?;
        if len != self.regions.source_start {
            return Err(BundleError::CutShort {
                path: self.path.clone(),
            });
        }
        Ok(digest)
    }

    /// Checks that the executable is the one that was packed.
    ///
    /// # Errors
    /// [`BundleError::BinaryChanged`], [`BundleError::Io`], [`BundleError::CutShort`].
    pub fn verify_binary(&self) -> Result<(), BundleError> {
        let actual = self.hash_binary()?;
        let expected = self.trailer.binary_sha256;
        if actual != expected {
            return Err(BundleError::BinaryChanged {
                path: self.path.clone(),
                expected,
                actual,
            });
        }
        Ok(())
    }

    /// Checks the digests that the manifest holds of itself and of the source; absent ones pass.
    ///
    /// The keys under `digests` are compared in bundles of Rust programs only: what other SDKs put there is theirs.
    ///
    /// # Errors
    /// [`BundleError::DigestMismatch`] naming the field, and the errors of reading the regions.
    pub fn verify_manifest_digests(&self) -> Result<(), BundleError> {
        let manifest = self.manifest()?;
        let index = self.source_index()?;
        let source = self.source()?;
        for entry in &index.sources {
            self.verify_source_entry(entry, source.as_bytes())?;
        }
        let Some(digests) = manifest
            .digests
            .as_ref()
            .filter(|_| manifest.sdk.language == "rust")
        else {
            return Ok(());
        };
        let integrity = self.trailer.binary_sha256.tagged();
        self.compare("digests.integrity", &digests.integrity, integrity)?;
        let cache = crate::writer::cache_digest(&self.trailer.binary_sha256, &source, &manifest)
            .map_err(|source| self.manifest_error(source))?;
        self.compare("digests.cache", &digests.cache, cache.tagged())
    }

    fn verify_source_entry(
        &self,
        entry: &crate::SourceEntry,
        source: &[u8],
    ) -> Result<(), BundleError> {
        let bytes = usize::try_from(entry.offset)
            .ok()
            .zip(usize::try_from(entry.length).ok())
            .and_then(|(offset, length)| source.get(offset..offset.checked_add(length)?))
            .ok_or_else(|| {
                self.manifest_error(ManifestError::Invalid {
                    field: format!("sources.{}", entry.path),
                    problem: "extends past the source region".to_owned(),
                })
            })?;
        self.compare(
            &format!("sources.{}.sha256", entry.path),
            &entry.sha256,
            Sha256Digest::of(bytes).to_string(),
        )
    }

    fn compare(&self, field: &str, expected: &str, actual: String) -> Result<(), BundleError> {
        if expected == actual {
            return Ok(());
        }
        let (field, expected) = (field.to_owned(), expected.to_owned());
        Err(BundleError::DigestMismatch {
            path: self.path.clone(),
            field,
            expected,
            actual,
        })
    }

    /// Checks everything the file says about itself: the executable's digest, the manifest and its rules, its digests.
    ///
    /// # Errors
    /// The first check that fails, see [`Bundle::verify_binary`], [`Manifest::validate`] and
    /// [`Bundle::verify_manifest_digests`].
    pub fn verify(&self) -> Result<(), BundleError> {
        self.verify_binary()?;
        self.manifest()?
            .validate()
            .map_err(|source| self.manifest_error(source))?;
        self.verify_manifest_digests()
    }

    fn manifest_error(&self, source: ManifestError) -> BundleError {
        BundleError::Manifest {
            path: self.path.clone(),
            source,
        }
    }

    fn read_region(&self, start: u64, len: u32) -> Result<Vec<u8>, BundleError> {
        // The trailer's lengths were checked against the file, so this is at most the file's size.
        let mut bytes = vec![0; len as usize];
        read_at(&self.file, &mut bytes, start).map_err(|error| read_error(&self.path, error))?;
        Ok(bytes)
    }
}

fn read_error(path: &Path, source: io::Error) -> BundleError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => BundleError::CutShort {
            path: path.to_path_buf(),
        },
        _ => BundleError::Io {
            path: path.to_path_buf(),
            action: "read",
            source,
        },
    }
}

/// Reads a part of a file without moving its cursor.
struct RegionReader<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl io::Read for RegionReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let read = read_some_at(self.file, &mut buffer[..wanted], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    let end = offset + buffer.len() as u64;
    io::Read::read_exact(
        &mut RegionReader {
            file,
            at: offset,
            end,
        },
        buffer,
    )
}

#[cfg(unix)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
