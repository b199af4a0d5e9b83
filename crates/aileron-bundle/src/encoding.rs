//! The manifest as text: JSON and YAML.
//!
//! Airflow reads the YAML with a YAML 1.1 reader, where `yes`, `1.0` and `2026-06-16` without quotes are a boolean, a
//! number and a date. The writer quotes every string that such a reader could take for something else.

use serde::Serialize;

use crate::ManifestError;
use crate::manifest::Manifest;

impl Manifest {
    /// The manifest as JSON, indented by two spaces.
    ///
    /// # Errors
    /// [`ManifestError::Unwritable`] when the JSON writer refuses a value.
    pub fn to_json(&self) -> Result<String, ManifestError> {
        serde_json::to_string_pretty(self).map_err(|error| ManifestError::Unwritable {
            syntax: "JSON",
            reason: error.to_string(),
        })
    }

    /// The manifest as YAML that YAML 1.1 and 1.2 readers understand alike; ends with a line feed.
    ///
    /// # Errors
    /// [`ManifestError::Unwritable`] when the YAML writer refuses a value.
    pub fn to_yaml(&self) -> Result<String, ManifestError> {
        yaml(self)
    }

    /// Reads a manifest from JSON. Unknown keys are ignored. Does not [validate](Manifest::validate).
    ///
    /// # Errors
    /// [`ManifestError::NotAMapping`], or [`ManifestError::Unreadable`] with line and column.
    pub fn from_json(text: &str) -> Result<Manifest, ManifestError> {
        let unreadable = |error: serde_json::Error| ManifestError::Unreadable {
            syntax: "JSON",
            reason: error.to_string(),
        };
        if let Some(found) = json_kind(text).filter(|kind| *kind != "a mapping") {
            serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(unreadable)?;
            return Err(ManifestError::NotAMapping { found });
        }
        serde_json::from_str(text).map_err(unreadable)
    }
}

/// What a JSON text starts as, judged by its first character.
fn json_kind(text: &str) -> Option<&'static str> {
    Some(match text.trim_start().chars().next()? {
        '{' => "a mapping",
        '[' => "a list",
        '"' => "a string",
        '0'..='9' | '-' => "a number",
        't' | 'f' => "a boolean",
        'n' => "null",
        _ => return None,
    })
}

/// Any value as YAML text in the manifest's style.
pub(crate) fn yaml(value: &impl Serialize) -> Result<String, ManifestError> {
    // Block scalars depend on indentation and line ends; quoted strings survive every reader.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(value, options).map_err(|error| {
        ManifestError::Unwritable {
            syntax: "YAML",
            reason: error.to_string(),
        }
    })
}

#[cfg(feature = "container")]
mod reading {
    use super::*;

    impl Manifest {
        /// Reads a manifest from YAML (JSON included). Unknown keys are ignored. Does not [validate](Manifest::validate).
        ///
        /// # Errors
        /// [`ManifestError::NotUtf8`], [`ManifestError::NotAMapping`], [`ManifestError::UnquotedVersion`], or
        /// [`ManifestError::Unreadable`] with the place.
        pub fn from_yaml(bytes: &[u8]) -> Result<Manifest, ManifestError> {
            let text = utf8(bytes)?;
            ensure_mapping(text)?;
            ensure_quoted_version(text)?;
            serde_saphyr::from_str_with_options(text, limits()).map_err(unreadable)
        }
    }

    /// `bytes` as text.
    pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, ManifestError> {
        std::str::from_utf8(bytes).map_err(|error| ManifestError::NotUtf8 {
            at: error.valid_up_to(),
        })
    }

    /// The parser's limits: generous in size, because the manifest of a large program is large. What aliases may expand
    /// to keeps the parser's own tight limits.
    pub(crate) fn limits() -> serde_saphyr::Options {
        serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_events: 50_000_000,
                max_nodes: 20_000_000,
                max_total_scalar_bytes: 1 << 30,
                max_depth: 200,
            },
            with_snippet: false,
        }
    }

    pub(crate) fn unreadable(error: serde_saphyr::Error) -> ManifestError {
        ManifestError::Unreadable {
            syntax: "YAML",
            reason: error.to_string(),
        }
    }

    fn ensure_mapping(text: &str) -> Result<(), ManifestError> {
        let document: serde_json::Value =
            serde_saphyr::from_str_with_options(text, limits()).map_err(unreadable)?;
        let found = match document {
            serde_json::Value::Object(_) => return Ok(()),
            serde_json::Value::Array(_) => "a list",
            serde_json::Value::Null => "nothing",
            serde_json::Value::String(_) => "a string",
            serde_json::Value::Number(_) => "a number",
            serde_json::Value::Bool(_) => "a boolean",
        };
        Err(ManifestError::NotAMapping { found })
    }

    /// YAML 1.2, which our parser speaks, has no dates. Airflow's reader does, so an unquoted version passes here and
    /// fails there; the text itself has to be looked at.
    fn ensure_quoted_version(text: &str) -> Result<(), ManifestError> {
        for line in text.lines() {
            let Some((_, value)) = line.split_once("supervisor_schema_version:") else {
                continue;
            };
            let value = value.split('#').next().unwrap_or_default().trim();
            if is_date(value) {
                return Err(ManifestError::UnquotedVersion {
                    text: value.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn is_date(text: &str) -> bool {
        let parts: Vec<&str> = text.split('-').collect();
        parts.len() == 3
            && parts
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

#[cfg(feature = "container")]
pub(crate) use reading::{limits, utf8};
