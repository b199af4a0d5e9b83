//! The size of a value as Airflow counts it: `len(json.dumps(value))` in Python.

use std::io::{self, Write};

use aileron_xcom::{is_json_at_least, write_json};

/// The size, or `None` when it is not above `limit`.
pub(super) fn above(limit: usize, encoded: &[u8]) -> Option<usize> {
    let least = u64::try_from(limit).ok()?.checked_add(1)?;
    is_json_at_least(encoded, least).then(|| size(encoded))
}

fn size(encoded: &[u8]) -> usize {
    let mut count = Count(0);
    // Counting cannot fail, and a value that was encoded is JSON.
    let _ = write_json(encoded, &mut count);
    count.0
}

/// Counts what is written.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_as_large_as_python_writes_it() {
        // Each text as `json.dumps` gives it.
        for (value, text) in [
            (
                json!({"a": [1, 2.5, null], "b": {}}),
                r#"{"a": [1, 2.5, null], "b": {}}"#,
            ),
            (json!("é😀\n\"\u{1}"), r#""\u00e9\ud83d\ude00\n\"\u0001""#),
            (json!([true, false, []]), "[true, false, []]"),
        ] {
            assert_eq!(
                size(&aileron_wire::json::encode(&value).unwrap()),
                text.len(),
                "{text}"
            );
        }
    }

    #[test]
    fn only_what_is_above_the_limit_has_a_size() {
        let encoded = aileron_wire::json::encode(&"x".repeat(100)).unwrap();
        assert_eq!(above(101, &encoded), Some(102));
        assert_eq!(above(102, &encoded), None);
        assert_eq!(above(100_000, &encoded), None);
    }
}
