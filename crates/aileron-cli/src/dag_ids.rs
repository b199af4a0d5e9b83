//! Naming the Dags of a manifest in a sentence.

use aileron_bundle::manifest::Manifest;

/// The Dag ids, separated by commas.
pub(crate) fn listed(manifest: &Manifest) -> String {
    manifest
        .dags
        .keys()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
