//! Values on the command line.

use aileron_wire::json::RawJson;

use crate::outcome::UsageError;

/// Reads a JSON value from the command line.
pub(crate) fn json_argument(text: &str) -> anyhow::Result<RawJson> {
    RawJson::from_text(text.to_owned()).map_err(|error| {
        let hint = match serde_json::to_string(text) {
            Ok(quoted) => format!("; as a text it would be '{quoted}'"),
            Err(_) => String::new(),
        };
        UsageError(format!("the value is no JSON ({error}){hint}")).into()
    })
}
