//! References in the text of a stored value.

use aileron_metastore::inventory::json_spellings;

/// What stands behind the base, wherever the text of a JSON value has a string with the base in it.
///
/// `tail` is the part of the base that every reference has, with a slash at its end. More is found rather than less: what is
/// found keeps an object.
pub(super) fn paths_below<'a>(text: &'a str, tail: &'a str) -> impl Iterator<Item = String> + 'a {
    json_spellings(tail).into_iter().flat_map(move |spelled| {
        let found: Vec<String> = text
            .match_indices(&spelled)
            .filter_map(|(start, spelled)| unescape(up_to_the_end(&text[start + spelled.len()..])))
            .collect();
        found
    })
}

/// Up to the quotation mark that ends the string.
fn up_to_the_end(text: &str) -> &str {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return &text[..position],
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text
}

fn unescape(text: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{text}\"")).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TAIL: &str = "b/x/";

    fn found(text: &str) -> Vec<String> {
        paths_below(text, TAIL).collect()
    }

    #[test]
    fn references_are_found_at_any_depth_and_with_any_connection() {
        let text = r#"{"a": ["s3://b/x/1", {"k": "s3://c@b/x/2"}], "c": "s3://b/xy/3", "d": "at s3://b/x/4"}"#;
        assert_eq!(found(text), ["1", "2", "4"]);
        assert_eq!(found(r#"{"__airflow_state_ref__": "s3://b/x/1"}"#), ["1"]);
    }

    #[test]
    fn what_python_escapes_is_found_too() {
        let text = r#"["s3://b/\u00fc/1\u00e9", "s3://b/ü/2"]"#;
        let all: Vec<_> = paths_below(text, "b/ü/").collect();
        assert_eq!(all, ["2", "1é"]);
    }

    proptest! {
        #[test]
        fn every_reference_is_found(names in prop::collection::vec("[a-z0-9\"\\\\ é𝄞\n]{0,12}", 0..5)) {
            let references: Vec<String> = names.iter().map(|name| format!("s3://{TAIL}{name}")).collect();
            let found = found(&serde_json::Value::from(references).to_string());
            for name in &names {
                prop_assert!(found.contains(name), "{name:?} in {found:?}");
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in "(s3://b/x/|[\"\\\\ué0]){0,20}") {
            let _ = found(&text);
        }
    }
}
