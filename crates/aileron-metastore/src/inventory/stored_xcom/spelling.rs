//! How a text stands in stored JSON.

/// How a text stands within a JSON string: with characters beyond ASCII as they are, and as Python's `json.dumps` writes them, where
/// that differs. Without the quotation marks.
///
/// ```
/// use aileron_metastore::inventory::json_spellings;
///
/// assert_eq!(json_spellings("a\"é"), [r#"a\"é"#, r#"a\"\u00e9"#]);
/// assert_eq!(json_spellings("a"), ["a"]);
/// ```
#[must_use]
pub fn json_spellings(text: &str) -> Vec<String> {
    let quoted = serde_json::Value::from(text).to_string();
    let plain = quoted[1..quoted.len() - 1].to_owned();
    if plain.is_ascii() {
        return vec![plain];
    }
    let mut ascii = String::with_capacity(plain.len());
    for character in plain.chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            ascii.push_str(&format!("\\u{unit:04x}"));
        }
    }
    vec![plain, ascii]
}
