//! What can be wrong with a manifest.

use thiserror::Error;

/// A manifest that cannot be read, written or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes are not UTF-8.
    #[error("the manifest is not UTF-8 (byte {at})")]
    NotUtf8 {
        /// Offset of the first byte that is not UTF-8.
        at: usize,
    },
    /// The text is not the syntax it should be, or a field has the wrong shape.
    #[error("the manifest is not a valid {syntax} manifest: {reason}")]
    Unreadable {
        /// `YAML` or `JSON`.
        syntax: &'static str,
        /// What the parser says, with the place in the text where it knows one.
        reason: String,
    },
    /// The document is a list or a scalar.
    #[error("the manifest must be a mapping, found {found}")]
    NotAMapping {
        /// What the document is.
        found: &'static str,
    },
    /// A value that YAML 1.1 readers take for a date.
    #[error(
        "sdk.supervisor_schema_version must be quoted: Airflow's YAML reader takes {text} for a date and refuses the bundle"
    )]
    UnquotedVersion {
        /// The value as it stands in the text.
        text: String,
    },
    /// A field has a value that Airflow or Aileron cannot work with.
    #[error("{field}: {problem}")]
    Invalid {
        /// Path of the field, `sdk.language` for instance.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The manifest cannot be written as text.
    #[error("cannot write the manifest as {syntax}: {reason}")]
    Unwritable {
        /// `YAML` or `JSON`.
        syntax: &'static str,
        /// What the writer says.
        reason: String,
    },
}
