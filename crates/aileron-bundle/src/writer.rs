//! Making a bundle.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::digest::{StreamError, digest_stream};
use crate::encoding::yaml;
use crate::manifest::{Digests, Manifest};
use crate::{BundleError, MAGIC, ManifestError, Sha256Digest, SourceIndex, Trailer};

/// Makes a bundle from an executable, its manifest and its source.
///
/// Equal inputs give equal bytes: nothing of the machine, the time or the path goes into the file.
#[derive(Debug, Clone)]
pub struct BundleWriter {
    executable: PathBuf,
    manifest: Manifest,
    source: String,
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// The manifest in the bundle: the given one with its digests.
    pub manifest: Manifest,
    /// The trailer of the bundle.
    pub trailer: Trailer,
    /// Size of the whole bundle in bytes.
    pub len: u64,
}

/// The manifest region: the manifest and the index of the source region.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    manifest: &'a Manifest,
    #[serde(flatten)]
    sources: SourceIndex,
}

impl BundleWriter {
    /// A writer for `executable`, the file as it was built and stripped. The manifest's digests are replaced.
    pub fn new(executable: impl Into<PathBuf>, manifest: Manifest) -> BundleWriter {
        BundleWriter {
            executable: executable.into(),
            manifest,
            source: String::new(),
        }
    }

    /// Embeds the source text that Airflow shows; `name` is its file name (`main.rs`).
    #[must_use]
    pub fn source(mut self, name: impl Into<String>, text: impl Into<String>) -> BundleWriter {
        self.manifest.source = Some(name.into());
        self.source = text.into();
        self
    }

    /// Writes the bundle to `output`, replacing what is there.
    ///
    /// The file appears complete or not at all: it is written beside `output`, flushed to disk and renamed. Its mode is
    /// 0755, because Airflow 3.3 looks only at files with the run bit.
    ///
    /// # Errors
    /// [`BundleError::AlreadyPacked`], [`BundleError::EmptyExecutable`], [`BundleError::NotAFile`],
    /// [`BundleError::OutputIsInput`], [`BundleError::RegionTooLong`], [`BundleError::Manifest`] when the manifest breaks a
    /// rule, and [`BundleError::Io`] with the path.
    pub fn write(&self, output: impl AsRef<Path>) -> Result<Packed, BundleError> {
        let output = output.as_ref();
        self.refuse_own_executable(output)?;
        let directory = match output.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut temporary = tempfile::Builder::new()
            .prefix(".aileron-pack-")
            .tempfile_in(directory)
            .map_err(|source| BundleError::Io {
                path: directory.to_path_buf(),
                action: "write into",
                source,
            })?;
        let packed = self.write_to(temporary.as_file_mut(), output)?;
        let failed = |action| {
            move |source| BundleError::Io {
                path: output.to_path_buf(),
                action,
                source,
            }
        };
        make_executable(temporary.as_file()).map_err(failed("set the run bit of"))?;
        temporary.as_file().sync_all().map_err(failed("flush"))?;
        temporary
            .persist(output)
            .map_err(|error| failed("replace")(error.error))?;
        sync_directory(directory).map_err(failed("flush the directory of"))?;
        Ok(packed)
    }

    /// Writes the bundle to a stream; `name` stands for the stream in errors.
    ///
    /// # Errors
    /// Those of [`BundleWriter::write`], but for the ones about the output file.
    pub fn write_to(
        &self,
        stream: &mut impl Write,
        name: impl AsRef<Path>,
    ) -> Result<Packed, BundleError> {
        let executable = self.open_executable()?;
        let source_len = length("source", self.source.len())?;
        self.manifest
            .validate()
            .map_err(|source| self.manifest_error(source))?;
        let write_error = |source| BundleError::Io {
            path: name.as_ref().to_path_buf(),
            action: "write",
            source,
        };

        let (binary_sha256, binary_len) =
            digest_stream(executable, |chunk| stream.write_all(chunk)).map_err(
                |error| match error {
                    StreamError::Read(source) => self.executable_error("read")(source),
                    StreamError::Write(source) => write_error(source),
                },
            )?;
        if binary_len == 0 {
            return Err(BundleError::EmptyExecutable {
                path: self.executable.clone(),
            });
        }
        let manifest = self
            .with_digests(&binary_sha256)
            .map_err(|source| self.manifest_error(source))?;
        let text = self
            .document(&manifest)
            .map_err(|source| self.manifest_error(source))?;
        let trailer = Trailer {
            source_len,
            metadata_len: length("manifest", text.len())?,
            binary_sha256,
        };
        for part in [self.source.as_bytes(), text.as_bytes(), &trailer.to_bytes()] {
            stream.write_all(part).map_err(write_error)?;
        }
        stream.flush().map_err(write_error)?;
        let len = binary_len + (self.source.len() + text.len() + crate::TRAILER_LEN) as u64;
        Ok(Packed {
            manifest,
            trailer,
            len,
        })
    }

    fn open_executable(&self) -> Result<File, BundleError> {
        let mut file = File::open(&self.executable).map_err(self.executable_error("open"))?;
        let metadata = file
            .metadata()
            .map_err(self.executable_error("read the size of"))?;
        let path = || self.executable.clone();
        if !metadata.is_file() {
            return Err(BundleError::NotAFile { path: path() });
        }
        if metadata.len() == 0 {
            return Err(BundleError::EmptyExecutable { path: path() });
        }
        if ends_with_magic(&mut file, metadata.len()).map_err(self.executable_error("read"))? {
            return Err(BundleError::AlreadyPacked { path: path() });
        }
        Ok(file)
    }

    fn refuse_own_executable(&self, output: &Path) -> Result<(), BundleError> {
        match (self.executable.canonicalize(), output.canonicalize()) {
            (Ok(input), Ok(existing)) if input == existing => Err(BundleError::OutputIsInput {
                path: output.to_path_buf(),
            }),
            _ => Ok(()),
        }
    }

    fn with_digests(&self, binary_sha256: &Sha256Digest) -> Result<Manifest, ManifestError> {
        let mut manifest = self.manifest.clone();
        let cache = cache_digest(binary_sha256, &self.source, &manifest)?.tagged();
        manifest.digests = Some(Digests {
            integrity: binary_sha256.tagged(),
            cache,
        });
        Ok(manifest)
    }

    fn document(&self, manifest: &Manifest) -> Result<String, ManifestError> {
        let sources = match &manifest.source {
            Some(name) if !self.source.is_empty() => SourceIndex::single(name, &self.source),
            _ => SourceIndex::default(),
        };
        yaml(&Document { manifest, sources })
    }

    fn executable_error(&self, action: &'static str) -> impl Fn(io::Error) -> BundleError {
        let path = self.executable.clone();
        move |source| BundleError::Io {
            path: path.clone(),
            action,
            source,
        }
    }

    fn manifest_error(&self, source: ManifestError) -> BundleError {
        BundleError::Manifest {
            path: self.executable.clone(),
            source,
        }
    }
}

/// The value of `digests.cache`: SHA-256 over the three SHA-256 digests (32 bytes each, in this order) of the binary
/// region, the source region, and the manifest without `digests` as compact JSON.
pub(crate) fn cache_digest(
    binary_sha256: &Sha256Digest,
    source: &str,
    manifest: &Manifest,
) -> Result<Sha256Digest, ManifestError> {
    let manifest = Manifest {
        digests: None,
        ..manifest.clone()
    };
    let text = serde_json::to_vec(&manifest).map_err(|error| ManifestError::Unwritable {
        syntax: "JSON",
        reason: error.to_string(),
    })?;
    let mut all = Vec::with_capacity(96);
    all.extend(binary_sha256.0);
    all.extend(Sha256Digest::of(source.as_bytes()).0);
    all.extend(Sha256Digest::of(&text).0);
    Ok(Sha256Digest::of(&all))
}

fn length(region: &'static str, len: usize) -> Result<u32, BundleError> {
    u32::try_from(len).map_err(|_| BundleError::RegionTooLong {
        region,
        len: len as u64,
    })
}

/// Leaves the cursor at the start.
fn ends_with_magic(file: &mut File, len: u64) -> io::Result<bool> {
    let mut end = [0; MAGIC.len()];
    let found = match len.checked_sub(MAGIC.len() as u64) {
        None => false,
        Some(start) => {
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut end)?;
            end == MAGIC
        }
    };
    file.rewind()?;
    Ok(found)
}

#[cfg(unix)]
fn make_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Makes the rename itself durable.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
