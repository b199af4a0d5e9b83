//! Which names announce a secret.

/// The words that make a name sensitive in Airflow 3.3.2 (`airflow.sdk._shared.secrets_masker`).
const WORDS: [&str; 22] = [
    "access_key",
    "access_token",
    "api_key",
    "apikey",
    "auth_header",
    "authorization",
    "bearer",
    "connection_string",
    "dsn",
    "keyfile_dict",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "proxies",
    "proxy",
    "proxy_password",
    "secret",
    "service_account",
    "service_key",
    "token",
    "webhook_url",
];

/// The names whose values are secret: Airflow's list and the words of `[core] sensitive_var_conn_names`.
///
/// A name is sensitive when it *contains* one of the words. Upper and lower case are the same, any run of other characters
/// counts as one underscore, and camel case counts as words (as Airflow 3.4 reads it): `API-Key`, `db.password` and
/// `privateKey` are all sensitive.
///
/// ```
/// use aileron_secrets::SensitiveNames;
///
/// let names = SensitiveNames::default();
/// assert!(names.contains("My-API-Key"));
/// assert!(!names.contains("country"));
/// ```
#[derive(Clone, Debug)]
pub struct SensitiveNames {
    words: Vec<String>,
    hide: bool,
}

impl Default for SensitiveNames {
    fn default() -> Self {
        Self {
            words: WORDS.iter().map(ToString::to_string).collect(),
            hide: true,
        }
    }
}

impl SensitiveNames {
    /// Adds words, separated by commas, as `[core] sensitive_var_conn_names` lists them. Empty words are passed over: they
    /// would make every name sensitive.
    pub fn with_words(mut self, list: &str) -> Self {
        let words = list.split(',').map(|word| word.trim().to_lowercase());
        self.words.extend(words.filter(|word| !word.is_empty()));
        self
    }

    /// No name is sensitive: what `[core] hide_sensitive_var_conn_fields = False` asks for.
    pub fn none() -> Self {
        Self {
            words: Vec::new(),
            hide: false,
        }
    }

    /// Whether a value of this name is secret.
    pub fn contains(&self, name: &str) -> bool {
        if !self.hide {
            return false;
        }
        let name = name.trim();
        let plain = underscored(name.chars());
        self.any_in(&plain)
            || (has_upper(name) && self.any_in(&underscored(split_camel_case(name).chars())))
    }

    fn any_in(&self, name: &str) -> bool {
        self.words.iter().any(|word| name.contains(word.as_str()))
    }
}

fn has_upper(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Lower case, with every run of characters that are no letter, digit or underscore turned into one underscore.
fn underscored(name: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    let mut in_gap = false;
    for character in name {
        if character.is_alphanumeric() || character == '_' {
            out.extend(character.to_lowercase());
            in_gap = false;
        } else if !in_gap {
            out.push('_');
            in_gap = true;
        }
    }
    out
}

/// `privateKey` to `private_Key`, `APIKey` to `API_Key`.
fn split_camel_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (at, &character) in characters.iter().enumerate() {
        if character.is_ascii_uppercase() && at > 0 {
            let before = characters[at - 1];
            let word_ends = before.is_ascii_lowercase() || before.is_ascii_digit();
            let acronym_ends = before.is_ascii_uppercase()
                && characters.get(at + 1).is_some_and(char::is_ascii_lowercase);
            if word_ends || acronym_ends {
                out.push('_');
            }
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_holds_a_sensitive_word_is_sensitive() {
        let names = SensitiveNames::default();
        for name in [
            "password",
            "PASSWORD",
            "db.password",
            "my-api-key",
            "privateKey",
            "APIKey",
            "x-AccessToken",
            " token ",
        ] {
            assert!(names.contains(name), "{name}");
        }
        for name in ["", "country", "pass", "api", "key", "privatekey"] {
            assert!(!names.contains(name), "{name}");
        }
    }

    #[test]
    fn configured_words_count_and_empty_ones_do_not() {
        let names = SensitiveNames::default().with_words("IBAN, ,mySensitiveKey,");
        assert!(names.contains("customer_iban"));
        assert!(names.contains("mySensitiveKey"));
        assert!(!names.contains("customer"));
    }

    #[test]
    fn hiding_can_be_switched_off() {
        assert!(!SensitiveNames::none().contains("password"));
    }
}
