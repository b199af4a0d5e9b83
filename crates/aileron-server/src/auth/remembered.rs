//! Tokens that were found to be valid a moment ago.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Token;

/// How many tokens are remembered at most, in parts that are locked by themselves. One takes about two kilobytes.
const PARTS: usize = 16;
const IN_EACH: usize = 64;

/// A token's digest. The tokens themselves are not kept; and who does not know a token cannot come near to its digest, so that
/// the time that a search takes gives nothing away.
type Name = [u8; 32];

/// Tokens that were found to be valid, each with the key that said so.
///
/// A supervisor asks many times with one token. Its signature is checked once, and its end each time.
pub(super) struct Remembered<K> {
    parts: Vec<Mutex<HashMap<Name, Found<K>>>>,
    choose: RandomState,
}

struct Found<K> {
    token: Arc<Token>,
    key: Arc<K>,
    /// Seconds since 1970: from here on it is not valid.
    end: i64,
}

impl<K> Remembered<K> {
    pub(super) fn new() -> Self {
        Self {
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            choose: RandomState::new(),
        }
    }

    pub(super) fn name(text: &str) -> Name {
        Sha256::digest(text.as_bytes()).into()
    }

    fn part(&self, name: &Name) -> std::sync::MutexGuard<'_, HashMap<Name, Found<K>>> {
        let at = self.choose.hash_one(name) % PARTS as u64;
        let part = &self.parts[usize::try_from(at).unwrap_or(0)];
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token of this name, if this very key has checked it and it has not ended.
    pub(super) fn find(&self, name: &Name, key: &Arc<K>) -> Option<Arc<Token>> {
        let part = self.part(name);
        let found = part.get(name)?;
        let lives = Timestamp::now().as_second() < found.end;
        (lives && Arc::ptr_eq(&found.key, key)).then(|| Arc::clone(&found.token))
    }

    /// Remembers a token until its end, in seconds since 1970.
    pub(super) fn keep(&self, name: Name, key: &Arc<K>, token: &Arc<Token>, end: i64) {
        let mut part = self.part(&name);
        if part.len() >= IN_EACH {
            let now = Timestamp::now().as_second();
            part.retain(|_, found| now < found.end);
        }
        if part.len() >= IN_EACH {
            // They come again, each at the cost of one check.
            part.clear();
        }
        let found = Found {
            token: Arc::clone(token),
            key: Arc::clone(key),
            end,
        };
        part.insert(name, found);
    }
}

impl<K> fmt::Debug for Remembered<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;
    use uuid::Uuid;

    use super::super::Scope;
    use super::*;

    fn token() -> Arc<Token> {
        Arc::new(Token {
            id: Uuid::nil(),
            scope: Scope::Execution,
            claims: Map::new(),
        })
    }

    fn soon() -> i64 {
        Timestamp::now().as_second() + 600
    }

    #[test]
    fn a_token_is_found_until_its_end_and_for_its_key_alone() {
        let remembered = Remembered::new();
        let (key, other) = (Arc::new(1), Arc::new(1));
        let name = Remembered::<i32>::name("a");
        remembered.keep(name, &key, &token(), soon());
        assert!(remembered.find(&name, &key).is_some());
        assert!(remembered.find(&name, &other).is_none());
        assert!(
            remembered
                .find(&Remembered::<i32>::name("b"), &key)
                .is_none()
        );
        remembered.keep(name, &key, &token(), soon() - 601);
        assert!(remembered.find(&name, &key).is_none());
    }

    #[test]
    fn not_more_than_a_number_of_tokens_is_remembered() {
        let remembered = Remembered::new();
        let key = Arc::new(());
        for number in 0..3 * PARTS * IN_EACH {
            let name = Remembered::<()>::name(&number.to_string());
            remembered.keep(name, &key, &token(), soon());
            assert!(remembered.find(&name, &key).is_some());
        }
        let kept: usize = remembered
            .parts
            .iter()
            .map(|part| part.lock().unwrap().len())
            .sum();
        assert!(0 < kept && kept <= PARTS * IN_EACH, "{kept}");
    }
}
