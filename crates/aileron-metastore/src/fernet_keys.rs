//! What Variables and Connections are encrypted with.
//!
//! Source: `models/crypto.py` of Airflow 3.3.2.

use std::sync::Arc;

use aileron_execution_api::ErrorKind;
use fernet::{Fernet, MultiFernet};

use crate::failure::Failure;

/// The keys of `[core] fernet_key`. The first encrypts, all of them decrypt.
///
/// Without a key nothing is encrypted. `Debug` shows no key.
#[derive(Clone, Default)]
pub struct FernetKeys(Option<Arc<MultiFernet>>);

/// A text that is no Fernet key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "[core] fernet_key: key {position} is no Fernet key; a key is 32 bytes in URL-safe Base64, and \
     several are separated by commas"
)]
pub struct FernetKeyError {
    /// Which of the keys, from 1.
    pub position: usize,
}

impl FernetKeys {
    /// Reads keys that are separated by commas. An empty text is no keys.
    ///
    /// # Errors
    ///
    /// When one of them is no Fernet key.
    pub fn parse(text: &str) -> Result<Self, FernetKeyError> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let keys: Result<Vec<Fernet>, _> = text
            .split(',')
            .enumerate()
            .map(|(at, key)| Fernet::new(key).ok_or(FernetKeyError { position: at + 1 }))
            .collect();
        Ok(Self(Some(Arc::new(MultiFernet::new(keys?)))))
    }

    /// The text to store, and whether it is encrypted.
    pub(crate) fn encrypt(&self, plain: &str) -> (String, bool) {
        match &self.0 {
            Some(keys) => (keys.encrypt(plain.as_bytes()), true),
            None => (plain.to_owned(), false),
        }
    }

    /// The text that was stored encrypted. `what` names it for a person.
    pub(crate) fn decrypt(&self, what: &str, stored: &str) -> Result<String, Failure> {
        let refused = |why: &str| {
            Err(Failure::because(
                ErrorKind::Conflict,
                "fernet_key",
                format!("{what} is encrypted, and {why}"),
            ))
        };
        let Some(keys) = &self.0 else {
            return refused(
                "there is no key; set [core] fernet_key to the one it was encrypted with",
            );
        };
        let Ok(plain) = keys.decrypt(stored) else {
            return refused(
                "no key of [core] fernet_key fits; add the one it was encrypted with, behind a comma",
            );
        };
        match String::from_utf8(plain) {
            Ok(plain) => Ok(plain),
            Err(_) => refused("what comes out is no text"),
        }
    }
}

impl std::fmt::Debug for FernetKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "FernetKeys(***)",
            None => "FernetKeys(none)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with `cryptography.fernet.Fernet.generate_key()`.
    const OLD: &str = "jxDn-0zJxPlGnLurQ4nmMVBjzeNcQFziPQWhqLVE194=";
    const NEW: &str = "RYo2flmL7xeV-csBU6wnWUilslfqBmFe5Bg14gGloYc=";
    // `Fernet(OLD).encrypt(b"caf\xc3\xa9")`.
    const BY_PYTHON: &str = "gAAAAABrAAfz8sbspfhz9XPjslXcptcPcp9uXla3l6TVPKlqCD24bB0rY4UieIu0JpK5pglzLa4JrJ3Y1-Lk0LQMC4fXjK6R7w==";

    #[test]
    fn what_python_encrypted_is_read_with_any_of_the_keys() {
        for keys in [OLD.to_owned(), format!("{NEW},{OLD}")] {
            let keys = FernetKeys::parse(&keys).unwrap();
            assert_eq!(keys.decrypt("it", BY_PYTHON).unwrap(), "café");
        }
    }

    #[test]
    fn the_first_key_encrypts() {
        let (stored, encrypted) = FernetKeys::parse(&format!("{NEW},{OLD}"))
            .unwrap()
            .encrypt("x");
        assert!(encrypted);
        assert!(
            FernetKeys::parse(OLD)
                .unwrap()
                .decrypt("it", &stored)
                .is_err()
        );
        assert_eq!(
            FernetKeys::parse(NEW)
                .unwrap()
                .decrypt("it", &stored)
                .unwrap(),
            "x"
        );
    }

    #[test]
    fn an_encrypted_value_without_its_key_is_an_error_that_says_so() {
        for (keys, says) in [
            ("", "there is no key"),
            (NEW, "no key of [core] fernet_key fits"),
        ] {
            let keys = FernetKeys::parse(keys).unwrap();
            let error = keys
                .decrypt("Variable \"v\"", BY_PYTHON)
                .unwrap_err()
                .of("read");
            assert!(
                error.message.starts_with("Variable \"v\" is encrypted"),
                "{error}"
            );
            assert!(error.message.contains(says), "{error}");
            assert!(!error.kind.is_transient());
        }
    }

    #[test]
    fn a_key_that_is_none_is_counted_and_not_shown() {
        let error = FernetKeys::parse(&format!("{NEW},secret")).unwrap_err();
        assert_eq!(error.position, 2);
        assert!(!error.to_string().contains("secret"));
        assert_eq!(
            format!("{:?}", FernetKeys::parse(NEW).unwrap()),
            "FernetKeys(***)"
        );
    }
}
