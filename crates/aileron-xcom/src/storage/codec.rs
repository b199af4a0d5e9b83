//! Compression, by the names and suffixes of fsspec.

use std::fmt;
use std::io::{self, BufRead, Cursor, Read, Write};
use std::str::FromStr;

use bzip2::bufread::MultiBzDecoder;
use bzip2::write::BzEncoder;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzReader, XzWriter};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{ZipArchive, ZipWriter};

use super::parts::PIECE;

/// How an object is compressed. Names and suffixes are those of fsspec 2026.9 (`fsspec/compression.py`), which the provider asks.
///
/// `lz4` is there too when Python has it installed, and cannot be read here. `snappy` has no suffix in fsspec, so that the provider
/// refuses it, and so is it refused here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// `gzip`, `.gz`.
    Gzip,
    /// `bz2`, `.bz2`.
    Bz2,
    /// `xz`, `.xz`.
    Xz,
    /// `lzma`, `.lzma`: the same as xz under another name, as Python writes it.
    Lzma,
    /// `zstd`, `.zst`.
    Zstd,
    /// `zip`, `.zip`: an archive with one file.
    Zip,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Gzip,
        Self::Bz2,
        Self::Xz,
        Self::Lzma,
        Self::Zstd,
        Self::Zip,
    ];

    /// Its name in Airflow's configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bz2 => "bz2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Zstd => "zstd",
            Self::Zip => "zip",
        }
    }

    /// Its suffix, without the dot.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Zstd => "zst",
            other => other.name(),
        }
    }

    /// The codec that the last suffix of a path says, if it says one.
    ///
    /// # Errors
    /// The suffix of a codec that Python may have and this program has not.
    pub fn of_path(path: &str) -> Result<Option<Self>, &'static str> {
        let name = path.rsplit('/').next().unwrap_or(path);
        // A name that only begins with a dot has no suffix.
        let Some((stem, suffix)) = name.rsplit_once('.') else {
            return Ok(None);
        };
        if stem.trim_start_matches('.').is_empty() {
            return Ok(None);
        }
        let suffix = suffix.to_ascii_lowercase();
        if suffix == "lz4" {
            return Err("lz4");
        }
        Ok(Self::ALL.into_iter().find(|codec| codec.suffix() == suffix))
    }

    /// Compresses what is written.
    pub(super) fn encoder<W: Write>(self, out: W) -> io::Result<Encoder<W>> {
        Ok(match self {
            Self::Gzip => Encoder::Gzip(GzEncoder::new(out, flate2::Compression::default())),
            Self::Bz2 => Encoder::Bz2(BzEncoder::new(out, bzip2::Compression::best())),
            Self::Xz | Self::Lzma => {
                Encoder::Xz(Box::new(XzWriter::new(out, XzOptions::with_preset(6))?))
            }
            Self::Zstd => {
                let mut encoder = zstd::Encoder::new(out, 0)?;
                encoder.include_checksum(true)?;
                Encoder::Zstd(encoder)
            }
            Self::Zip => {
                let mut archive = ZipWriter::new_stream(out);
                // Sizes of more than 4 GiB are allowed for.
                let options = SimpleFileOptions::default().large_file(true);
                // The name that fsspec gives it.
                archive.start_file("file", options)?;
                Encoder::Zip(Box::new(archive))
            }
        })
    }

    /// Decompresses a whole object.
    pub(super) fn decode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.decode_with(bytes, |from| from.read_to_end(&mut text).map(drop))?;
        Ok(text)
    }

    /// Decompresses a whole object into pieces.
    pub(super) fn decode_pieces(self, bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let mut pieces = Vec::new();
        // A small object takes no room for a whole piece.
        let room = PIECE.min(8 * bytes.len());
        self.decode_with(bytes, |from| {
            loop {
                let mut piece = Vec::with_capacity(room);
                if from.take(PIECE as u64).read_to_end(&mut piece)? == 0 {
                    return Ok(());
                }
                pieces.push(piece);
            }
        })?;
        Ok(pieces)
    }

    fn decode_with(
        self,
        bytes: &[u8],
        read: impl FnOnce(&mut dyn Read) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Zip => unzip(bytes, read),
            other => other.decode_from(bytes, read),
        }
    }

    /// Decompresses what comes. An archive has its contents at its end, so that all of it is read first.
    pub(super) fn decode_from(
        self,
        mut from: impl BufRead,
        read: impl FnOnce(&mut dyn Read) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Gzip => read(&mut MultiGzDecoder::new(from)),
            Self::Bz2 => read(&mut MultiBzDecoder::new(from)),
            Self::Xz | Self::Lzma => read(&mut XzReader::new(from, true)),
            Self::Zstd => read(&mut zstd::Decoder::with_buffer(from)?),
            Self::Zip => {
                let mut archive = Vec::new();
                from.read_to_end(&mut archive)?;
                unzip(&archive, read)
            }
        }
    }
}

fn unzip(archive: &[u8], read: impl FnOnce(&mut dyn Read) -> io::Result<()>) -> io::Result<()> {
    let mut archive = ZipArchive::new(Cursor::new(archive))?;
    read(&mut archive.by_index(0)?)
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Codec {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.name() == name)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name).join(", ");
                format!("there is no compression `{name}`; there are {names}")
            })
    }
}

/// A codec at work. Nothing is complete before [`Encoder::finish`].
pub(super) enum Encoder<W: Write> {
    Gzip(GzEncoder<W>),
    Bz2(BzEncoder<W>),
    Xz(Box<XzWriter<W>>),
    Zstd(zstd::Encoder<'static, W>),
    Zip(Box<ZipWriter<StreamWriter<W>>>),
}

impl<W: Write> Encoder<W> {
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Bz2(encoder) => encoder.finish(),
            Self::Xz(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
            Self::Zip(archive) => Ok(archive.finish()?.into_inner()),
        }
    }

    fn inner(&mut self) -> &mut dyn Write {
        match self {
            Self::Gzip(encoder) => encoder,
            Self::Bz2(encoder) => encoder,
            Self::Xz(encoder) => encoder.as_mut(),
            Self::Zstd(encoder) => encoder,
            Self::Zip(archive) => archive.as_mut(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(codec: Codec, text: &[u8]) -> Vec<u8> {
        let mut encoder = codec.encoder(Vec::new()).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_compressed_comes_back_and_is_smaller() {
        let text = b"{\"a\": 1}, ".repeat(2_000);
        for codec in Codec::ALL {
            let small = encoded(codec, &text);
            assert!(small.len() < text.len() / 10, "{codec}: {}", small.len());
            assert_eq!(codec.decode(&small).unwrap(), text, "{codec}");
            let pieces = codec.decode_pieces(&small).unwrap();
            assert!(pieces.len() > 1 && pieces.concat() == text, "{codec}");
            assert_eq!(codec.decode(&encoded(codec, b"")).unwrap(), b"", "{codec}");
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_an_error() {
        let text: Vec<u8> = (0..5_000_u32).flat_map(|n| (n * n).to_le_bytes()).collect();
        for codec in Codec::ALL {
            let whole = encoded(codec, &text);
            for cut in [1, whole.len() / 2, whole.len() - 1] {
                assert!(codec.decode(&whole[..cut]).is_err(), "{codec} cut at {cut}");
            }
            let mut damaged = whole.clone();
            damaged[whole.len() / 2] ^= 0x55;
            assert!(codec.decode(&damaged).is_err(), "{codec} damaged");
            assert!(codec.decode(b"[1, 2, 3]").is_err(), "{codec} plain");
        }
    }

    #[test]
    fn the_suffix_says_the_codec() {
        for codec in Codec::ALL {
            let path = format!("s3://b/d.gz/t/x.{}", codec.suffix());
            assert_eq!(Codec::of_path(&path), Ok(Some(codec)));
            assert_eq!(codec.name().parse(), Ok(codec));
        }
        for plain in ["s3://b/d.gz/t/x", "b/x.json", "b/.gz", "b/x.", "x.gzip"] {
            assert_eq!(Codec::of_path(plain), Ok(None), "{plain}");
        }
        assert_eq!(Codec::of_path("a/X.GZ"), Ok(Some(Codec::Gzip)));
        assert_eq!(Codec::of_path("a/x.lz4"), Err("lz4"));
        let error = "gz".parse::<Codec>().unwrap_err();
        assert!(error.contains("gzip"), "{error}");
    }
}
