//! The register of secrets and the replacement of them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::env;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use aho_corasick::AhoCorasick;
use serde_json::{Map, Value};

use super::forms::forms;
use super::names::SensitiveNames;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// The shortest secret that is masked, in characters, unless `[logging] min_length_masked_secret` says otherwise.
const MIN_LENGTH: usize = 5;

const MIN_LENGTH_VARIABLE: &str = "AIRFLOW__LOGGING__MIN_LENGTH_MASKED_SECRET";
const WORDS_VARIABLE: &str = "AIRFLOW__CORE__SENSITIVE_VAR_CONN_NAMES";
const HIDE_VARIABLE: &str = "AIRFLOW__CORE__HIDE_SENSITIVE_VAR_CONN_FIELDS";

/// A word too common to hide: masking it would only make the logs unreadable. Airflow leaves it out as well.
const NEVER_MASKED: &str = "airflow";

/// A register of secrets, and the masking of texts and JSON values with it.
///
/// It is shared by all threads: registering takes a lock and rebuilds the
/// search automaton, masking only takes a reference to the newest one.
pub struct Masker {
    min_length: usize,
    names: SensitiveNames,
    known: Mutex<BTreeSet<String>>,
    automaton: RwLock<Option<Arc<AhoCorasick>>>,
    longest: AtomicUsize,
    warned: AtomicBool,
}

impl Default for Masker {
    fn default() -> Self {
        Self::new(MIN_LENGTH, SensitiveNames::default())
    }
}

/// Shows how many secrets there are, never which.
impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forms = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len();
        f.debug_struct("Masker")
            .field("min_length", &self.min_length)
            .field("known_forms", &forms)
            .finish_non_exhaustive()
    }
}

impl Masker {
    /// A masker that knows no secret yet. `min_length` is in characters.
    pub fn new(min_length: usize, names: SensitiveNames) -> Self {
        Self {
            min_length: min_length.max(1),
            names,
            known: Mutex::default(),
            automaton: RwLock::default(),
            longest: AtomicUsize::new(0),
            warned: AtomicBool::new(false),
        }
    }

    /// A masker with the rules of this process's Airflow configuration, as far as it is in the environment:
    /// `AIRFLOW__LOGGING__MIN_LENGTH_MASKED_SECRET`, `AIRFLOW__CORE__SENSITIVE_VAR_CONN_NAMES` and
    /// `AIRFLOW__CORE__HIDE_SENSITIVE_VAR_CONN_FIELDS`; and one sentence for each setting that makes no sense. Such a setting
    /// has Airflow's default.
    pub fn from_env() -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let min_length = min_length(&setting(MIN_LENGTH_VARIABLE), &mut problems);
        let names = if is_hiding(&setting(HIDE_VARIABLE), &mut problems) {
            SensitiveNames::default().with_words(&setting(WORDS_VARIABLE))
        } else {
            SensitiveNames::none()
        };
        (Self::new(min_length, names), problems)
    }

    /// The names whose values this masker hides.
    pub fn names(&self) -> &SensitiveNames {
        &self.names
    }

    /// Masks `secret` from now on, wherever it turns up.
    ///
    /// A secret that is too short (see the module) is not masked; the first one is told in a warning.
    pub fn register(&self, secret: &str) {
        let mut found = Found::default();
        self.collect(secret, &mut found);
        self.learn(found);
    }

    /// Masks the strings of a JSON value by Airflow's rules: without a name all of them, under a name those whose name is
    /// sensitive. The key of an object's member is the name of the member; the items of an array have the name of the array.
    /// Numbers and booleans are not masked.
    ///
    /// ```
    /// use aileron_secrets::Masker;
    /// use serde_json::json;
    ///
    /// let masker = Masker::default();
    /// masker.register_named(&json!({"login": "amelia", "password": "hunter2000"}), None);
    /// assert_eq!(masker.mask("amelia:hunter2000"), "amelia:***");
    /// ```
    pub fn register_named(&self, value: &Value, name: Option<&str>) {
        let mut found = Found::default();
        self.walk(value, name, &mut found);
        self.learn(found);
    }

    /// `text` with every secret replaced by [`MASK`]. Secrets that overlap are replaced together, so that no end of the
    /// second one is left behind.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.automaton() {
            Some(automaton) if automaton.is_match(text) => Cow::Owned(replace(&automaton, text)),
            _ => Cow::Borrowed(text),
        }
    }

    /// Whether a secret stands in `bytes`.
    pub fn finds(&self, bytes: &[u8]) -> bool {
        self.automaton()
            .is_some_and(|automaton| automaton.is_match(bytes))
    }

    /// The length in bytes of the longest form that a secret can have; 0 without secrets.
    pub fn longest(&self) -> usize {
        self.longest.load(Ordering::Acquire)
    }

    /// Masks the first `end` bytes of a text that comes in parts, so that no secret shows at the border of two parts.
    ///
    /// `window` holds the part and what comes behind it, at least [`longest`](Self::longest) bytes unless the text ends
    /// before. The first `covered` bytes belong to a secret that began in the part before. Returned is the masked part, and
    /// how many bytes behind it belong to a secret that began in it: `covered` for the next part.
    ///
    /// ```
    /// use aileron_secrets::Masker;
    ///
    /// let masker = Masker::default();
    /// masker.register("hunter2000");
    /// let (first, covered) = masker.mask_part(b"it is hunter2000!", 10, 0);
    /// let (second, _) = masker.mask_part(b"er2000!", 7, covered);
    /// assert_eq!((&first[..], &second[..]), (&b"it is ***"[..], &b"***!"[..]));
    /// ```
    ///
    /// # Panics
    ///
    /// When `end` lies behind the end of `window`.
    pub fn mask_part(&self, window: &[u8], end: usize, covered: usize) -> (Vec<u8>, usize) {
        let mut secret = match self.automaton() {
            Some(automaton) => covered_parts(&automaton, window),
            None => Vec::new(),
        };
        if covered > 0 {
            // It has no match here: its beginning is not in the window.
            let reaches = secret
                .iter()
                .take_while(|(start, _)| *start < covered)
                .map(|(_, end)| *end)
                .fold(covered.min(window.len()), usize::max);
            secret.retain(|(start, _)| *start >= covered);
            secret.insert(0, (0, reaches));
        }
        let mut out = Vec::with_capacity(end);
        let (mut at, mut behind) = (0, 0);
        for (start, stop) in secret.into_iter().filter(|(start, _)| *start < end) {
            out.extend_from_slice(&window[at..start]);
            out.extend_from_slice(MASK.as_bytes());
            at = stop.min(end);
            behind = stop.saturating_sub(end);
        }
        out.extend_from_slice(&window[at..end]);
        (out, behind)
    }

    fn automaton(&self) -> Option<Arc<AhoCorasick>> {
        self.automaton
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A JSON value without its secrets. A value whose name is sensitive is replaced whole, but for `null` and booleans,
    /// which tell nothing; in any other value the strings are masked, and the members of objects are looked at by their keys.
    pub fn redact(&self, name: Option<&str>, value: Value) -> Value {
        if name.is_some_and(|name| self.names.contains(name)) {
            return match value {
                Value::Null | Value::Bool(_) => value,
                _ => Value::from(MASK),
            };
        }
        match value {
            Value::String(text) => Value::String(self.mask_owned(text)),
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.redact(None, item))
                .collect(),
            Value::Object(members) => Value::Object(self.redact_members(members)),
            other => other,
        }
    }

    /// As [`mask`](Self::mask), for a text that is not needed any more: without a secret in it, it is handed back as it is.
    pub fn mask_owned(&self, text: String) -> String {
        match self.mask(&text) {
            Cow::Owned(masked) => masked,
            Cow::Borrowed(_) => text,
        }
    }

    fn redact_members(&self, members: Map<String, Value>) -> Map<String, Value> {
        let mut out = Map::with_capacity(members.len());
        for (key, value) in members {
            let value = self.redact(Some(&key), value);
            // Keys of data can hold a secret too. Two that become equal must both stay.
            let mut key = self.mask_owned(key);
            while out.contains_key(&key) {
                key.push('_');
            }
            out.insert(key, value);
        }
        out
    }

    fn walk(&self, value: &Value, name: Option<&str>, found: &mut Found) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    self.walk(member, Some(key), found);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.walk(item, name, found);
                }
            }
            Value::String(text) if name.is_none_or(|name| self.names.contains(name)) => {
                self.collect(text, found);
            }
            _ => {}
        }
    }

    fn collect(&self, secret: &str, found: &mut Found) {
        if secret.is_empty() || is_never_masked(secret) {
            return;
        }
        if self.is_short(secret) {
            found.short = true;
            return;
        }
        let forms = forms(secret).into_iter();
        found
            .forms
            .extend(forms.filter(|form| !self.is_short(form) && !is_never_masked(form)));
    }

    fn is_short(&self, secret: &str) -> bool {
        secret.chars().nth(self.min_length - 1).is_none()
    }

    fn learn(&self, found: Found) {
        if !found.forms.is_empty() {
            self.add(found.forms);
        }
        if found.short && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                min_length = self.min_length,
                "A secret is too short to be masked in logs; this is said once for each process"
            );
        }
    }

    /// The new automaton is in place before this returns: that is what makes a line logged afterwards safe.
    fn add(&self, forms: BTreeSet<String>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.len();
        known.extend(forms);
        if known.len() == before {
            return;
        }
        let longest = known.iter().map(String::len).max().unwrap_or_default();
        let automaton = AhoCorasick::new(known.iter()).expect(
            "an automaton over secrets stays below the 2^31 states that aho-corasick allows",
        );
        *self
            .automaton
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(automaton));
        self.longest.store(longest, Ordering::Release);
    }
}

#[derive(Default)]
struct Found {
    forms: BTreeSet<String>,
    short: bool,
}

fn is_never_masked(secret: &str) -> bool {
    secret.eq_ignore_ascii_case(NEVER_MASKED)
}

fn setting(variable: &str) -> String {
    env::var(variable)
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

fn min_length(text: &str, problems: &mut Vec<String>) -> usize {
    if text.is_empty() {
        return MIN_LENGTH;
    }
    text.parse().unwrap_or_else(|_| {
        problems.push(format!(
            "{MIN_LENGTH_VARIABLE} is {text:?}, which is no number of characters; {MIN_LENGTH} is used"
        ));
        MIN_LENGTH
    })
}

/// The words are those that Airflow reads as a boolean.
fn is_hiding(text: &str, problems: &mut Vec<String>) -> bool {
    match text {
        "f" | "false" | "0" => return false,
        "" | "t" | "true" | "1" => {}
        _ => problems.push(format!(
            "{HIDE_VARIABLE} is {text:?}, which is neither true nor false; true is used"
        )),
    }
    true
}

fn replace(automaton: &AhoCorasick, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in covered_parts(automaton, text.as_bytes()) {
        out.push_str(&text[at..start]);
        out.push_str(MASK);
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

/// The parts of `text` that belong to a secret; overlapping matches are joined. Matches come in the order of their ends.
fn covered_parts(automaton: &AhoCorasick, text: &[u8]) -> Vec<(usize, usize)> {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for found in automaton.find_overlapping_iter(text) {
        let mut start = found.start();
        while let Some(&(last_start, last_end)) = parts.last() {
            if start >= last_end {
                break;
            }
            start = start.min(last_start);
            parts.pop();
        }
        parts.push((start, found.end()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn overlapping_secrets_leave_nothing_behind() {
        let masker = Masker::default();
        for secret in [
            "abcdef",
            "defghi",
            "cdefg",
            "hunter2000",
            "hunter2000-and-more",
        ] {
            masker.register(secret);
        }
        assert_eq!(masker.mask("-abcdefghi-"), "-***-");
        assert_eq!(masker.mask("hunter2000-and-more!"), "***!");
        assert_eq!(masker.mask("hunter2000-and-less"), "***-and-less");
        assert_eq!(masker.mask("abcdefabcdef"), "******");
    }

    #[test]
    fn settings_that_make_no_sense_are_told_and_hide_as_usual() {
        let mut problems = Vec::new();
        assert_eq!(min_length("8", &mut problems), 8);
        assert_eq!(min_length("", &mut problems), MIN_LENGTH);
        assert!(!is_hiding("false", &mut problems));
        assert!(is_hiding("", &mut problems));
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(min_length("long", &mut problems), MIN_LENGTH);
        assert!(is_hiding("perhaps", &mut problems));
        assert_eq!(problems.len(), 2);
    }

    #[test]
    fn short_secrets_and_the_word_airflow_stay_readable() {
        let masker = Masker::default();
        masker.register("1234");
        masker.register("Airflow");
        masker.register("");
        masker.register("12345");
        assert_eq!(masker.mask("1234 Airflow 12345"), "1234 Airflow ***");
    }

    #[test]
    fn length_is_counted_in_characters() {
        let masker = Masker::default();
        masker.register("éééé");
        masker.register("ééééé");
        assert_eq!(masker.mask("éééé ééééé"), "éééé ***");
    }

    #[test]
    fn a_named_value_is_masked_only_under_a_sensitive_name() {
        let masker = Masker::default();
        masker.register_named(&json!("hunter2000"), Some("password"));
        masker.register_named(&json!(["first-token", "second-token"]), Some("tokens"));
        masker.register_named(&json!("visible"), Some("country"));
        masker.register_named(
            &json!({"login": "amelia", "extra": {"apiKey": "deep-secret"}}),
            None,
        );
        let text = masker.mask("hunter2000 first-token second-token visible amelia deep-secret");
        assert_eq!(text, "*** *** *** visible amelia ***");
    }

    #[test]
    fn a_value_without_a_name_is_masked_with_all_its_strings() {
        let masker = Masker::default();
        masker.register_named(
            &json!(["one-secret", ["two-secret", 12345, true, null]]),
            None,
        );
        assert_eq!(masker.mask("one-secret two-secret 12345"), "*** *** 12345");
    }

    #[test]
    fn a_sensitive_name_hides_its_value_whole() {
        let masker = Masker::default();
        let value = json!({
            "user": "amelia",
            "Password": "anything",
            "pin_token": 1234,
            "has_password": true,
            "no_password": null,
            "nested": [{"apiKey": ["a", {"b": "c"}]}],
        });
        let expected = json!({
            "user": "amelia",
            "Password": "***",
            "pin_token": "***",
            "has_password": true,
            "no_password": null,
            "nested": [{"apiKey": "***"}],
        });
        assert_eq!(masker.redact(None, value), expected);
    }

    #[test]
    fn a_secret_in_a_key_of_data_is_masked_and_no_member_is_lost() {
        let masker = Masker::default();
        masker.register("hunter2000");
        masker.register("hunter3000");
        let masked = masker.redact(None, json!({"hunter2000": 1, "hunter3000": 2}));
        assert_eq!(masked, json!({"***": 1, "***_": 2}));
    }

    #[test]
    fn a_text_in_parts_shows_no_more_than_the_whole_text() {
        let masker = Masker::default();
        for secret in ["aaaaaa", "hunter2000", "2000-more-of-it"] {
            masker.register(secret);
        }
        let text = format!("- hunter2000-more-of-it {} -", "a".repeat(20));
        let bytes = text.as_bytes();
        for size in 1..bytes.len() {
            let (mut shown, mut at, mut covered) = (String::new(), 0, 0);
            while at < bytes.len() {
                let end = size.min(bytes.len() - at);
                let window_end = (at + end + masker.longest()).min(bytes.len());
                let (part, behind) = masker.mask_part(&bytes[at..window_end], end, covered);
                shown.push_str(std::str::from_utf8(&part).unwrap());
                (at, covered) = (at + end, behind);
            }
            let without_masks: String = shown.split("***").collect();
            assert_eq!(without_masks, "-   -", "parts of {size} bytes");
        }
    }

    #[test]
    fn printing_a_masker_tells_no_secret() {
        let masker = Masker::default();
        masker.register("hunter2000");
        assert!(!format!("{masker:?}").contains("hunter2000"));
    }
}
