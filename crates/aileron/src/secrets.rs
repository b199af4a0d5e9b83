//! Values that must never be read in a log: where they are registered and how they are masked.
//!
//! A value given to [`register`] is replaced by `***` in every log line that is written after the call returned, whichever
//! thread logs it. This covers the message, the fields and the error details of a line, and both ways a line can leave the
//! process (Airflow's logs socket and standard error). Lines that were logged earlier and still wait to be written are masked too.
//!
//! The rules are Airflow's own, so that a secret hidden by a Python task is hidden by a Rust task as well:
//!
//! - A secret shorter than `[logging] min_length_masked_secret` characters (5 by default) is not masked, and neither is the
//!   word `airflow`. A short secret is worth one warning for each process.
//! - A value registered under a name is masked only when the name is sensitive: it contains `password`, `token`, `api_key`
//!   or another word of Airflow's list, or one of `[core] sensitive_var_conn_names`. See [`SensitiveNames`].
//! - In a JSON object every key is the name of its value.
//!
//! Beyond Airflow's rules a secret is also found in its URL-encoded, JSON-escaped, `{:?}` and Python `repr` forms, without
//! its surrounding white space, and where two secrets overlap.
//!
//! ```
//! aileron::secrets::register("correct horse battery staple");
//!
//! let text = aileron::secrets::mask("https://me:correct%20horse%20battery%20staple@db/");
//! assert_eq!(text, "https://me:***@db/");
//! ```

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

pub use aileron_secrets::{MASK, Masker, SensitiveNames};

static MASKER: LazyLock<(Arc<Masker>, Vec<String>)> = LazyLock::new(|| {
    let (masker, problems) = Masker::from_env();
    (Arc::new(masker), problems)
});

/// The masker of this process: the one that every log line goes through.
///
/// It is made on first use, from the environment (see [`Masker::from_env`]).
pub fn masker() -> &'static Arc<Masker> {
    &MASKER.0
}

/// What is wrong with the masking rules in the environment; the log tells it when it starts.
pub(crate) fn setting_problems() -> &'static [String] {
    &MASKER.1
}

/// Masks `secret` in every log line written from now on. See [`Masker::register`].
pub fn register(secret: &str) {
    MASKER.0.register(secret);
}

/// Masks the strings of a JSON value, as far as Airflow's rules call them secret. See [`Masker::register_named`].
pub fn register_named(value: &Value, name: Option<&str>) {
    MASKER.0.register_named(value, name);
}

/// `text` with every registered secret replaced by `***`.
pub fn mask(text: &str) -> Cow<'_, str> {
    MASKER.0.mask(text)
}
