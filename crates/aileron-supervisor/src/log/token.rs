//! Tokens that nobody registered.

use std::borrow::Cow;

use memchr::memmem;

/// How a JSON Web Token begins: `{"` in base64.
const BEGIN: &[u8] = b"eyJ";

/// Whether something that looks like a JSON Web Token stands in `bytes`.
pub(super) fn has_token(bytes: &[u8]) -> bool {
    memmem::find(bytes, BEGIN).is_some()
}

/// `text` with what looks like a JSON Web Token cut down to its first three letters, as Airflow does it in every log line.
pub(super) fn without_tokens<'a>(text: &'a str) -> Cow<'a, str> {
    if !has_token(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = memmem::find(rest.as_bytes(), BEGIN) {
        out.push_str(&rest[..at]);
        out.push_str("eyJ***");
        let token = &rest[at..];
        let end = token
            .bytes()
            .position(|byte| !matches!(byte, b'.' | b'-' | b'_') && !byte.is_ascii_alphanumeric())
            .unwrap_or(token.len());
        rest = &token[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_cut_down_wherever_it_stands() {
        let text = "Bearer eyJhbGciOi.eyJzdWIi.X-_9, and eyJ";
        assert_eq!(without_tokens(text), "Bearer eyJ***, and eyJ***");
        assert!(matches!(without_tokens("no token"), Cow::Borrowed(_)));
    }
}
