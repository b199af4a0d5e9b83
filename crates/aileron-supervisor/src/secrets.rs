//! Secrets among what a task is given: they are masked in its log before it has them.

use aileron_secrets::Masker;
use aileron_wire::message::{ConnectionResponse, TIRunContext};
use serde_json::Value;

/// The password and what `extra` holds.
pub(crate) fn mask_connection(masker: &Masker, connection: &ConnectionResponse) {
    if let Some(password) = &connection.password {
        masker.register(password);
    }
    if let Some(extra) = &connection.extra {
        masker.register(extra);
        if let Ok(value) = serde_json::from_str::<Value>(extra) {
            masker.register_named(&value, None);
        }
    }
}

/// The value, if the key is sensitive or a key inside the value is.
pub(crate) fn mask_variable(masker: &Masker, key: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    masker.register_named(&Value::from(value), Some(key));
    if let Ok(Value::Object(members)) = serde_json::from_str::<Value>(value) {
        masker.register_named(&Value::Object(members), Some(key));
    }
}

/// What is sent along with the start of a task.
pub(crate) fn mask_context(masker: &Masker, context: &TIRunContext) {
    for connection in &context.connections {
        mask_connection(masker, connection);
    }
    for variable in &context.variables {
        mask_variable(masker, &variable.key, variable.value.as_deref());
    }
}
