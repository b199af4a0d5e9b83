//! What Airflow's web interface shows of a running task: its rendered fields and its name among mapped instances.

use aileron_wire::json;
use aileron_wire::message::{SetRenderedFields, SetRenderedMapIndex};
use aileron_wire::msgpack::{self, Token};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Context;
use crate::{Error, Result, secrets};

/// Airflow's default for `[core] max_templated_field_length`, in characters.
const DEFAULT_LIMIT: usize = 4096;

impl Context {
    /// Shows this text instead of the map index of a mapped task instance, from now on.
    ///
    /// # Errors
    /// When the text is empty (Airflow refuses that), or the supervisor cannot store it.
    pub async fn set_rendered_map_index(&self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Err(Error::msg("a rendered map index is not empty"));
        }
        let request = SetRenderedMapIndex {
            rendered_map_index: text.to_owned(),
        };
        self.channel().send(&request).await?;
        // The report at the end carries it too: the supervisor would otherwise take it back.
        self.inner.progress.set_rendered_map_index(text);
        Ok(())
    }

    /// Shows a value under "rendered templates" of this task instance, beside the task's arguments: the query that is
    /// run, for instance.
    ///
    /// Secrets in it are masked. A value longer than `[core] max_templated_field_length` is cut.
    ///
    /// # Errors
    /// When the value cannot be JSON, or the supervisor cannot store it.
    pub async fn set_rendered_field<T: Serialize + ?Sized>(
        &self,
        name: &str,
        value: &T,
    ) -> Result<()> {
        let encoded = json::encode(value)
            .map_err(|error| Error::from(error).context(format_args!("rendered field `{name}`")))?;
        self.show_fields([(name, encoded.as_slice())]).await?;
        Ok(())
    }

    /// Shows encoded values under these names.
    pub(crate) async fn show_fields<'a>(
        &self,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), crate::CommError> {
        let limit = limit();
        let fields: Map<String, Value> = fields
            .into_iter()
            .map(|(name, encoded)| (name.to_owned(), shown(name, encoded, limit)))
            .collect();
        let rendered_fields = self.inner.progress.add_rendered_fields(fields);
        // Airflow replaces what it has, so every field is sent each time.
        let request = SetRenderedFields { rendered_fields };
        self.channel().send(&request).await?;
        Ok(())
    }
}

fn limit() -> usize {
    std::env::var("AIRFLOW__CORE__MAX_TEMPLATED_FIELD_LENGTH")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(DEFAULT_LIMIT)
}

/// A value as it is shown. A large one is never taken apart: its kind and size are shown instead.
fn shown(name: &str, encoded: &[u8], limit: usize) -> Value {
    // A character takes up to four bytes, and an encoded value is hardly longer than its text.
    if encoded.len() > limit.saturating_mul(4) {
        return Value::from(outline(encoded, limit));
    }
    let Ok(value) = json::decode::<Value>(encoded) else {
        return Value::Null;
    };
    let value = secrets::masker().redact(Some(name), value);
    let text = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() > limit {
        return Value::from(cut(&text, limit));
    }
    value
}

fn cut(text: &str, limit: usize) -> String {
    let start: String = text.chars().take(limit).collect();
    format!("{start}... (cut: longer than [core] max_templated_field_length, {limit} characters)")
}

fn outline(encoded: &[u8], limit: usize) -> String {
    let size = encoded.len();
    let kind = match msgpack::token(encoded, 0) {
        Ok((Token::String(_), _)) => "a text".to_owned(),
        Ok((Token::Array(items), _)) => format!("a list of {items} items"),
        Ok((Token::Map(pairs), _)) => format!("an object of {pairs} fields"),
        _ => "a value".to_owned(),
    };
    format!(
        "({kind}, {size} bytes: longer than [core] max_templated_field_length, {limit} characters)"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Airflow;

    fn show(name: &str, value: Value, limit: usize) -> Value {
        shown(name, &json::encode(&value).unwrap(), limit)
    }

    #[test]
    fn a_field_is_shown_masked_and_no_longer_than_airflow_keeps() {
        secrets::register("correct horse battery");
        assert_eq!(
            show("n", json!({"a": [1, null]}), 50),
            json!({"a": [1, null]})
        );
        assert_eq!(
            show("url", json!("db://correct horse battery@h"), 50),
            "db://***@h"
        );
        assert_eq!(
            show("q", json!({"password": "open sesame"}), 50),
            json!({"password": "***"})
        );
        let long = show("text", json!("é".repeat(60)), 50);
        assert!(
            long.as_str()
                .unwrap()
                .starts_with(&format!("{}...", "é".repeat(50)))
        );
    }

    #[test]
    fn a_large_field_is_outlined() {
        let list = show("rows", json!(vec![1; 1000]), 50);
        let text = list.as_str().unwrap();
        assert!(text.contains("a list of 1000 items"), "{text}");
        // Cut anywhere, a secret would no longer be found: no part of a large text is shown.
        let text = show("text", json!("correct horse battery ".repeat(60)), 50);
        assert!(text.as_str().unwrap().starts_with("(a text, "), "{text}");
    }

    #[test]
    fn an_empty_rendered_map_index_is_refused_and_another_is_kept() {
        let airflow = Airflow::new();
        let cx = airflow.context("t");
        assert!(cx.block_on(cx.set_rendered_map_index("")).is_err());
        cx.block_on(cx.set_rendered_map_index("uk")).unwrap();
        assert_eq!(
            cx.inner.progress.rendered_map_index().as_deref(),
            Some("uk")
        );
        assert_eq!(airflow.rendered_map_index().as_deref(), Some("uk"));
    }

    #[test]
    fn fields_add_up() {
        let airflow = Airflow::new();
        let cx = airflow.context("t");
        cx.block_on(cx.set_rendered_field("sql", "select 1"))
            .unwrap();
        cx.block_on(cx.set_rendered_field("rows", &3)).unwrap();
        let expected = json!({"sql": "select 1", "rows": 3});
        assert_eq!(Value::from(airflow.rendered_fields()), expected);
    }
}
