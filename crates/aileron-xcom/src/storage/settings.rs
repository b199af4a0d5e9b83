//! What Airflow's configuration says about values in object storage.

use aileron_config::Config;
use aileron_object_storage::Location;

use super::{Codec, SettingsError};
use crate::json::is_json_at_least;

const SECTION: &str = "common.io";

/// The base, the threshold and the compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The option that names the base.
    pub(super) key: &'static str,
    /// Where the objects are.
    pub base: Location,
    /// From which size on a value goes into an object, in bytes of its JSON; `None`: never.
    pub threshold: Option<u64>,
    /// How objects are compressed.
    pub compression: Option<Codec>,
}

/// The names of one backend's options.
struct Options {
    path: &'static str,
    threshold: &'static str,
    compression: &'static str,
}

const XCOMS: Options = Options {
    path: "xcom_objectstorage_path",
    threshold: "xcom_objectstorage_threshold",
    compression: "xcom_objectstorage_compression",
};

const STATE_STORES: Options = Options {
    path: "state_store_objectstorage_path",
    threshold: "state_store_objectstorage_threshold",
    compression: "state_store_objectstorage_compression",
};

impl Settings {
    /// `[common.io] xcom_objectstorage_path`, `.._threshold` and `.._compression`. Without a threshold, or with a negative one,
    /// nothing goes into an object.
    ///
    /// # Errors
    /// [`SettingsError`]: when the configuration cannot be read, there is no path, it is no URL, or the compression is not known.
    pub fn of_xcoms(config: &Config) -> Result<Self, SettingsError> {
        let threshold = config.integer(SECTION, XCOMS.threshold)?.unwrap_or(-1);
        Self::read(config, &XCOMS, u64::try_from(threshold).ok())
    }

    /// `[common.io] state_store_objectstorage_path`, `.._threshold` and `.._compression`. Without a threshold everything goes into
    /// an object.
    ///
    /// # Errors
    /// As [`Settings::of_xcoms`], and for a negative threshold.
    pub fn of_state_stores(config: &Config) -> Result<Self, SettingsError> {
        let key = STATE_STORES.threshold;
        let threshold = config.integer(SECTION, key)?.unwrap_or(0);
        let threshold = u64::try_from(threshold).map_err(|_| SettingsError::Option {
            key,
            reason: format!("must not be negative, and is {threshold}"),
        })?;
        Self::read(config, &STATE_STORES, Some(threshold))
    }

    fn read(
        config: &Config,
        options: &Options,
        threshold: Option<u64>,
    ) -> Result<Self, SettingsError> {
        let key = options.path;
        let refused = |reason: String| SettingsError::Option { key, reason };
        let text = config
            .get(SECTION, key)?
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| {
                refused("is not set, although the object storage backend is configured".to_owned())
            })?;
        let base = Location::parse(&text).map_err(|error| refused(error.to_string()))?;
        if base.scheme().is_empty() {
            // Python writes there, and then does not know its own references.
            return Err(refused(format!(
                "must be a URL, and is the path {text}; write file://{text}"
            )));
        }
        let compression = config
            .get(SECTION, options.compression)?
            .filter(|name| !name.is_empty())
            .map(|name| name.parse())
            .transpose()
            .map_err(|reason| SettingsError::Option {
                key: options.compression,
                reason,
            })?;
        Ok(Self {
            key,
            base,
            threshold,
            compression,
        })
    }

    /// Whether an encoded value goes into an object.
    #[must_use]
    pub fn offloads(&self, encoded: &[u8]) -> bool {
        self.threshold
            .is_some_and(|threshold| is_json_at_least(encoded, threshold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let variables = options.iter().map(|(key, value)| {
            (
                format!("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_{key}"),
                (*value).to_owned(),
            )
        });
        Settings::of_xcoms(&Config::with_environment(variables))
    }

    #[test]
    fn from_the_threshold_on_values_are_offloaded_and_never_below_zero() {
        let encoded = aileron_wire::json::encode("12345678").unwrap();
        for (threshold, offloads) in [("10", true), ("11", false), ("0", true), ("-1", false)] {
            let settings = settings(&[("PATH", "s3://b"), ("THRESHOLD", threshold)]).unwrap();
            assert_eq!(settings.offloads(&encoded), offloads, "{threshold}");
        }
        assert!(!settings(&[("PATH", "s3://b")]).unwrap().offloads(&encoded));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_option() {
        for (options, parts) in [
            (&[][..], ["xcom_objectstorage_path", "not set"]),
            (&[("PATH", "/tmp/x")], ["must be a URL", "file:///tmp/x"]),
            (&[("PATH", "x")], ["xcom_objectstorage_path", "`x`"]),
            (
                &[("PATH", "s3://b"), ("COMPRESSION", "snappy")],
                ["xcom_objectstorage_compression", "snappy"],
            ),
            (
                &[("PATH", "s3://b"), ("THRESHOLD", "1 MB")],
                ["xcom_objectstorage_threshold", "1 MB"],
            ),
        ] {
            let error = settings(options).unwrap_err().to_string();
            for part in parts {
                assert!(error.contains(part), "{part}: {error}");
            }
        }
    }
}
