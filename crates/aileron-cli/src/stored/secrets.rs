//! Not showing what has a sensitive name.

use aileron_secrets::Masker;
use aileron_wire::json::RawJson;
use serde_json::Value;

/// How many characters of a value a table shows.
const SHOWN: usize = 60;

/// Whether secrets are shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Secrets {
    /// Show values whose names are sensitive, such as `password` and `token`. They are `***` otherwise.
    #[arg(long)]
    show_secrets: bool,
}

impl Secrets {
    /// The JSON text to show for the value of a key.
    pub(crate) fn shown(&self, key: &str, value: RawJson) -> String {
        if self.show_secrets {
            return value.into_text();
        }
        // A number that serde_json cannot hold exactly must not be shown changed, so the tree is only used if it hid something.
        let Ok(tree) = value.read::<Value>() else {
            return value.into_text();
        };
        let (masker, _) = Masker::from_env();
        let redacted = masker.redact(Some(key), tree.clone());
        match redacted == tree {
            true => value.into_text(),
            false => redacted.to_string(),
        }
    }

    /// The same as a value of a document. Numbers beyond 64 bits become the nearest floating point number.
    pub(crate) fn shown_value(&self, key: &str, value: RawJson) -> Value {
        let text = self.shown(key, value);
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    /// The beginning of what there is to show.
    pub(crate) fn preview(&self, key: &str, value: RawJson) -> String {
        let text = self.shown(key, value);
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIDING: Secrets = Secrets {
        show_secrets: false,
    };

    fn json(text: &str) -> RawJson {
        RawJson::from_text(text.to_owned()).unwrap()
    }

    #[test]
    fn sensitive_names_hide_their_values_at_any_depth() {
        let value = r#"{"user":"ada","a":[{"password":"hunter2"}]}"#;
        let shown = HIDING.shown("k", json(value));
        assert_eq!(shown, r#"{"user":"ada","a":[{"password":"***"}]}"#);
        assert_eq!(HIDING.shown("api_token", json("12")), r#""***""#);
        let all = Secrets { show_secrets: true };
        assert_eq!(all.shown("k", json(value)), value);
    }

    #[test]
    fn what_hides_nothing_is_shown_digit_for_digit() {
        let value = "[123456789012345678901234567890, 1.10]";
        assert_eq!(HIDING.shown("k", json(value)), value);
        assert_eq!(
            HIDING
                .preview("k", json(&format!("\"{}\"", "é".repeat(90))))
                .chars()
                .count(),
            61
        );
    }
}
