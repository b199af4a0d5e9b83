//! The part of Rust.

use aileron_wire::json;
use aileron_xcom::storage::{Coordinate, Layout, ObjectStorage, Reference};
use aileron_xcom::{decode_json, write_json};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{BEYOND_64_BITS, DAG_ID, Fate, NO_SUCH_NUMBER, Pushed};

/// What Rust did with a value.
#[derive(Debug)]
pub struct Exchanged {
    /// Whether Python offloaded it.
    pub offloaded: bool,
    /// Python stored, Rust read.
    pub python_to_rust: Fate,
    /// Rust stored, Rust read.
    pub rust_to_rust: Fate,
    /// What the database would hold of what Rust stored; none when Rust cannot store it.
    pub stored: Option<Value>,
    /// The object that Rust made.
    pub object: Option<Reference>,
}

/// Reads what Python stored, and stores the same value as a task in Rust would: inline below the threshold, in an object from it on.
///
/// # Errors
///
/// When the value cannot be read or stored; it is the text of a [`Fate::Differs`] for the whole value.
pub async fn exchange(
    storage: &ObjectStorage,
    threshold: u64,
    run_id: &str,
    pushed: &Pushed,
) -> Result<Exchanged, String> {
    let reference = pushed
        .stored
        .as_str()
        .and_then(|text| storage.reference(text));
    let length = pushed.length.unwrap_or_default();
    if reference.is_some() != (length >= threshold) {
        return Err(format!(
            "its JSON has {length} bytes, the threshold is {threshold}, and Python stored it {}",
            if reference.is_some() {
                "in an object"
            } else {
                "inline"
            }
        ));
    }
    match reference {
        Some(reference) => offloaded(storage, run_id, pushed, &reference).await,
        None => inline(pushed),
    }
}

fn inline(pushed: &Pushed) -> Result<Exchanged, String> {
    let encoded = json::encode(&pushed.stored).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    write_json(&encoded, &mut text).map_err(|error| error.to_string())?;
    let fate = same(pushed, &text);
    Ok(Exchanged {
        offloaded: false,
        python_to_rust: fate.clone(),
        rust_to_rust: fate,
        stored: Some(serde_json::from_slice(&text).map_err(|error| error.to_string())?),
        object: None,
    })
}

async fn offloaded(
    storage: &ObjectStorage,
    run_id: &str,
    pushed: &Pushed,
    reference: &Reference,
) -> Result<Exchanged, String> {
    let text = storage
        .read(reference)
        .await
        .map_err(|error| error.to_string())?;
    let python_to_rust = same(pushed, &text);
    let mut exchanged = Exchanged {
        offloaded: true,
        python_to_rust,
        rust_to_rust: Fate::Known(NO_SUCH_NUMBER),
        stored: None,
        object: None,
    };
    let value = match decode_json::<Value>(&text) {
        Ok(value) => value,
        Err(_) if pushed.case == BEYOND_64_BITS => return Ok(exchanged),
        Err(error) => return Err(error.to_string()),
    };
    drop(text);
    let encoded = json::encode(&value).map_err(|error| error.to_string())?;
    let coordinate = Coordinate {
        dag_id: DAG_ID,
        run_id,
        task_id: "rust",
        ti_id: None,
    };
    let object = storage
        .xcom(Layout::Airflow33, &coordinate, &pushed.case)
        .map_err(|error| error.to_string())?;
    storage
        .write(&object, encoded.into())
        .await
        .map_err(|error| error.to_string())?;
    exchanged.stored = Some(Value::from(object.as_str()));
    exchanged.rust_to_rust = match storage.read(&object).await {
        Ok(text) => same(pushed, &text),
        Err(error) => Fate::Differs(error.to_string()),
    };
    exchanged.object = Some(object);
    Ok(exchanged)
}

/// Whether a text is, byte for byte, what Python writes for the value.
fn same(pushed: &Pushed, text: &[u8]) -> Fate {
    let digest = Sha256::digest(text);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    match pushed.sha256.as_deref() == Some(digest.as_str()) {
        true => Fate::Identical,
        false => Fate::Differs(format!(
            "its JSON has {} bytes and is not the {} bytes that Python writes",
            text.len(),
            pushed.length.unwrap_or_default()
        )),
    }
}
