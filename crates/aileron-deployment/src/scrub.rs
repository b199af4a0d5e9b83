//! Taking credentials out of texts that come from elsewhere.

use std::borrow::Cow;

/// The text without the user and the password of any URL in it.
///
/// What a command prints when it fails is shown to people, and nobody knows what it prints.
///
/// ```
/// let text = aileron_deployment::scrub("cannot parse postgresql://airflow:secret@db:5432/airflow");
/// assert_eq!(text, "cannot parse postgresql://***@db:5432/airflow");
/// ```
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let authority = after
            .find(|character: char| character.is_whitespace() || "/\"'".contains(character))
            .unwrap_or(after.len());
        // A password may hold an unquoted slash: everything up to the last @ of the word goes.
        let word = after.find(char::is_whitespace).unwrap_or(after.len());
        let end = after[..word].rfind('@').or(after[..authority].rfind('@'));
        rest = match end {
            Some(end) => {
                out.push_str("***");
                &after[end..]
            }
            None => after,
        };
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::scrub;

    #[test]
    fn user_and_password_go_and_the_rest_stays() {
        for (text, expected) in [
            ("no URL", "no URL"),
            ("http://host/path", "http://host/path"),
            ("a://u:p@h/d b://v@i c", "a://***@h/d b://***@i c"),
            ("mysql://u:p/q@h'", "mysql://***@h'"),
            ("x://u:p@s@h", "x://***@h"),
        ] {
            assert_eq!(scrub(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_password_survives(user in "[a-z]{1,8}", password in "[A-Z0-9/:@]{6,12}", before in ".{0,20}", after in "( .{0,20})?") {
            let text = format!("{before}postgresql://{user}:{password}@host/db{after}");
            let secret = format!("{user}:{password}");
            prop_assert!(!scrub(&text).contains(&secret));
        }
    }
}
