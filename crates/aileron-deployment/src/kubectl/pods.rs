//! What `kubectl get pods --output=json` prints.

use serde::Deserialize;

/// The pods that match.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The names of those that run, and are not about to end.
    pub(super) running: Vec<String>,
    /// The others, each with its phase.
    pub(super) others: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    deletion_timestamp: Option<String>,
}

#[derive(Deserialize, Default)]
struct Status {
    phase: Option<String>,
}

/// Reads the list.
pub(super) fn found(json: &[u8]) -> Result<Found, serde_json::Error> {
    let list: List = serde_json::from_slice(json)?;
    let mut found = Found {
        running: Vec::new(),
        others: Vec::new(),
    };
    for Item { metadata, status } in list.items {
        let phase = status.phase.unwrap_or_else(|| "Unknown".to_owned());
        match (phase.as_str(), metadata.deletion_timestamp) {
            ("Running", None) => found.running.push(metadata.name),
            (_, Some(_)) => found.others.push((metadata.name, "Terminating".to_owned())),
            (_, None) => found.others.push((metadata.name, phase)),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Found, found};

    #[test]
    fn a_pod_that_is_being_deleted_does_not_run() {
        let list = json!({"items": [
            {"metadata": {"name": "a"}, "status": {"phase": "Running"}},
            {"metadata": {"name": "b", "deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": "Running"}},
            {"metadata": {"name": "c"}, "status": {"phase": "Pending"}},
            {"metadata": {"name": "d"}},
        ]});
        let others = [("b", "Terminating"), ("c", "Pending"), ("d", "Unknown")];
        let expected = Found {
            running: vec!["a".to_owned()],
            others: others
                .map(|(name, phase)| (name.to_owned(), phase.to_owned()))
                .to_vec(),
        };
        assert_eq!(found(list.to_string().as_bytes()).unwrap(), expected);
        assert!(found(b"{}").is_err());
    }
}
