//! Finding the bundle that has a Dag.

use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aileron_bundle::{Bundle, BundleError, TrailerFault};
use aileron_wire::SchemaVersion;

use crate::{BundleRoots, WorkerError};

/// How many files an error names.
const NAMED: usize = 20;

/// A bundle that can run a task of the Dag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) schema_version: SchemaVersion,
}

/// Looks through the directories, in the order of their names, for an undamaged bundle with the Dag and a schema version that is
/// known here.
///
/// Files without the run bit are not looked at, as Airflow does not look at them.
pub(crate) fn find(roots: &BundleRoots, dag_id: &str) -> Result<Found, WorkerError> {
    let mut walk = Walk::default();
    for root in roots.directories() {
        walk.root(root)?;
    }
    let mut passed = Vec::new();
    for path in &walk.files {
        match look_at(path, dag_id) {
            Look::NoBundle => {}
            Look::Found(found) => return Ok(found),
            Look::Passed(reason) => passed.push(format!("{}: {reason}", path.display())),
            Look::Damaged(reason) => {
                tracing::warn!(path = %path.display(), reason, "a bundle is damaged and passed over");
                passed.push(format!("{} is damaged: {reason}", path.display()));
            }
        }
    }
    Err(WorkerError::NoBundle {
        dag_id: dag_id.to_owned(),
        looked_at: looked_at(roots, walk.files.len(), &passed),
    })
}

fn looked_at(roots: &BundleRoots, files: usize, passed: &[String]) -> String {
    let roots: Vec<String> = roots
        .directories()
        .iter()
        .map(|root| root.display().to_string())
        .collect();
    let mut text = format!("looked at {files} executable files in {}", roots.join(", "));
    if passed.is_empty() {
        text.push_str("; none is a bundle");
    }
    for line in passed.iter().take(NAMED) {
        text.push_str("; ");
        text.push_str(line);
    }
    if let Some(more) = passed.len().checked_sub(NAMED).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

enum Look {
    Found(Found),
    NoBundle,
    /// A good bundle for something else.
    Passed(String),
    Damaged(String),
}

fn look_at(path: &Path, dag_id: &str) -> Look {
    let bundle = match Bundle::open(path) {
        Ok(bundle) => bundle,
        Err(BundleError::Trailer {
            fault: TrailerFault::Absent,
            ..
        }) => return Look::NoBundle,
        Err(error) => return Look::Damaged(error.to_string()),
    };
    let manifest = match bundle.manifest() {
        Ok(manifest) => manifest,
        Err(error) => return Look::Damaged(error.to_string()),
    };
    if !manifest.dags.contains_key(dag_id) {
        let dags: Vec<&str> = manifest.dags.keys().map(String::as_str).collect();
        return Look::Passed(format!("has the Dags {}", dags.join(", ")));
    }
    let version = &manifest.sdk.supervisor_schema_version;
    let Ok(schema_version) = version.parse() else {
        return Look::Passed(format!(
            "has the Dag, but speaks the schema {version}, which is not known here"
        ));
    };
    // Only of the one that will run, since all of its bytes are read.
    if let Err(error) = bundle.verify_binary() {
        return Look::Damaged(error.to_string());
    }
    match path.canonicalize() {
        Ok(path) => Look::Found(Found {
            path,
            schema_version,
        }),
        Err(error) => Look::Damaged(error.to_string()),
    }
}

/// The executable files below some directories. No directory is entered twice, so that links cannot lead round in a circle.
#[derive(Default)]
struct Walk {
    files: Vec<PathBuf>,
    entered: HashSet<(u64, u64)>,
}

impl Walk {
    /// One that cannot be read is an error: a mount that is missing must not look like a bundle that is missing.
    fn root(&mut self, root: &Path) -> Result<(), WorkerError> {
        let refused = |error: std::io::Error| WorkerError::Root {
            path: root.to_owned(),
            reason: error.to_string(),
        };
        let metadata = root.metadata().map_err(refused)?;
        if metadata.is_dir() {
            std::fs::read_dir(root).map_err(refused)?;
        }
        self.visit(root, &metadata);
        Ok(())
    }

    fn visit(&mut self, path: &Path, metadata: &Metadata) {
        if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 {
            self.files.push(path.to_owned());
        }
        if !metadata.is_dir() || !self.entered.insert((metadata.dev(), metadata.ino())) {
            return;
        }
        let Ok(entries) = std::fs::read_dir(path) else {
            tracing::warn!(path = %path.display(), "a directory among the bundles cannot be read");
            return;
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            // What goes away in between, or a link to nothing.
            if let Ok(metadata) = path.metadata() {
                self.visit(&path, &metadata);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::io::Write as _;

    use aileron_bundle::BundleWriter;
    use aileron_bundle::manifest::{DagEntry, Manifest};
    use aileron_config::Config;

    use super::*;

    fn executable(path: &Path, content: &[u8]) {
        std::fs::write(path, content).unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    fn bundle(directory: &Path, name: &str, dag_id: &str, version: &str) -> PathBuf {
        let program = directory.join(format!("{name}.program"));
        executable(&program, b"\x7fELF not really");
        let yaml = format!(
            "airflow_bundle_metadata_version: '1.0'\nsdk: {{language: rust, version: '1', supervisor_schema_version: '{version}'}}\n\
             source: main.rs\ndags: {{{dag_id}: {{tasks: [t]}}}}\n"
        );
        let manifest = Manifest::from_yaml(yaml.as_bytes()).unwrap();
        assert_eq!(
            manifest.dags[dag_id],
            DagEntry {
                tasks: vec!["t".to_owned()]
            }
        );
        let path = directory.join(name);
        BundleWriter::new(&program, manifest)
            .source("main.rs", "fn main() {}")
            .write(&path)
            .unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        std::fs::remove_file(program).unwrap();
        path
    }

    fn roots(directory: &Path) -> BundleRoots {
        let nothing = Config::with_environment([("", ""); 0]);
        BundleRoots::find(vec![directory.to_owned()], None, &nothing, "q").unwrap()
    }

    #[test]
    fn the_bundle_with_the_dag_is_found_among_others() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("deep/er");
        std::fs::create_dir_all(&below).unwrap();
        std::os::unix::fs::symlink(directory.path(), below.join("circle")).unwrap();
        executable(&directory.path().join("a-script"), b"#!/bin/sh");
        bundle(directory.path(), "b-other", "other", "2026-06-16");
        let wanted = bundle(&below, "c-wanted", "wanted", "2026-10-30");
        let found = find(&roots(directory.path()), "wanted").unwrap();
        assert_eq!(found.path, wanted.canonicalize().unwrap());
        assert_eq!(found.schema_version, SchemaVersion::V2026_10_30);
    }

    #[test]
    fn a_damaged_bundle_is_passed_over_and_named() {
        let directory = tempfile::tempdir().unwrap();
        let damaged = bundle(directory.path(), "a-damaged", "d", "2026-06-16");
        let mut bytes = std::fs::read(&damaged).unwrap();
        bytes[5] ^= 1;
        std::fs::write(&damaged, bytes).unwrap();
        let error = find(&roots(directory.path()), "d").unwrap_err().to_string();
        assert!(
            error.contains("a-damaged is damaged") && error.contains("SHA-256"),
            "{error}"
        );
        let good = bundle(directory.path(), "b-good", "d", "2026-06-16");
        assert_eq!(
            find(&roots(directory.path()), "d").unwrap().path,
            good.canonicalize().unwrap()
        );
    }

    #[test]
    fn when_none_has_the_dag_the_error_says_what_was_looked_at() {
        let directory = tempfile::tempdir().unwrap();
        bundle(directory.path(), "a", "other", "2026-06-16");
        bundle(directory.path(), "b", "wanted", "2031-01-01");
        let not_executable = bundle(directory.path(), "c", "wanted", "2026-06-16");
        std::fs::set_permissions(&not_executable, Permissions::from_mode(0o644)).unwrap();
        let error = find(&roots(directory.path()), "wanted")
            .unwrap_err()
            .to_string();
        for part in [
            "\"wanted\"",
            "2 executable files",
            "has the Dags other",
            "2031-01-01",
        ] {
            assert!(error.contains(part), "{part} is missing: {error}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error_of_its_own() {
        let error = find(&roots(Path::new("/nowhere/at/all")), "d")
            .unwrap_err()
            .to_string();
        assert!(error.contains("cannot read /nowhere/at/all"), "{error}");
    }

    #[test]
    fn a_file_with_a_broken_trailer_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = bundle(directory.path(), "a", "d", "2026-06-16");
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() - 64 + 8;
        bytes[at] = 9;
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(&bytes).unwrap();
        drop(file);
        let error = find(&roots(directory.path()), "d").unwrap_err().to_string();
        assert!(error.contains("is damaged"), "{error}");
    }
}
