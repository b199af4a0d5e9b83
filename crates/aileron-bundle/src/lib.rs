//! The AFBNDL01 bundle container and its manifest.
//!
//! A bundle is an executable with three things behind it, so that Airflow can tell what it holds without running it:
//!
//! ```text
//! 0             source_start     metadata_start     size - 64    size
//! +-------------+----------------+------------------+------------+
//! | binary      | source (UTF-8) | manifest (YAML)  | trailer    |
//! +-------------+----------------+------------------+------------+
//! ```
//!
//! The operating system runs the file as it is: loaders ignore what follows an executable. The last 64 bytes, the
//! [`Trailer`], say how long the other regions are and carry the SHA-256 of the binary region.
//!
//! - [`Bundle`] opens and verifies such a file (feature `container`).
//! - [`BundleWriter`] makes one (feature `container`).
//! - [`manifest::Manifest`] describes the Dags; an executable prints its own, the writer adds [`manifest::Digests`].
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let executable = dir.path().join("exe");
//! # std::fs::write(&executable, b"#!/bin/sh\n")?;
//! # let output = dir.path().join("orders");
//! # let json = r#"{"airflow_bundle_metadata_version": "1.0", "dags": {"orders": {"tasks": ["extract"]}},
//! #   "sdk": {"language": "rust", "version": "0.1.0", "supervisor_schema_version": "2026-06-16"}}"#;
//! use aileron_bundle::{Bundle, BundleWriter, manifest::Manifest};
//!
//! let manifest = Manifest::from_json(json)?;
//! BundleWriter::new(&executable, manifest).source("main.rs", "fn main() {}").write(&output)?;
//!
//! let bundle = Bundle::open(&output)?;
//! bundle.verify()?;
//! assert_eq!(bundle.manifest()?.dags["orders"].tasks, ["extract"]);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "container")]
mod digest;
mod encoding;
#[cfg(feature = "container")]
mod error;
pub mod manifest;
mod manifest_error;
#[cfg(feature = "container")]
mod reader;
#[cfg(feature = "container")]
mod sources;
#[cfg(feature = "container")]
mod trailer;
mod trigger_rule;
mod validation;
#[cfg(feature = "container")]
mod writer;

#[cfg(feature = "container")]
pub use crate::digest::Sha256Digest;
#[cfg(feature = "container")]
pub use crate::error::BundleError;
pub use crate::manifest_error::ManifestError;
#[cfg(feature = "container")]
pub use crate::reader::Bundle;
#[cfg(feature = "container")]
pub use crate::sources::{SourceEntry, SourceIndex};
#[cfg(feature = "container")]
pub use crate::trailer::{FOOTER_VERSION, MAGIC, Regions, TRAILER_LEN, Trailer, TrailerFault};
pub use crate::trigger_rule::TriggerRule;
#[cfg(feature = "container")]
pub use crate::writer::{BundleWriter, Packed};
