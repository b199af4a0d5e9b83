//! The checks, in the order they are reported.

use std::path::Path;

use aileron_bundle::manifest::Manifest;
use aileron_bundle::{Bundle, FOOTER_VERSION};

use super::{Check, Status};
use crate::dag_ids;
use crate::executable::ExecutableKind;
use crate::schema::SchemaVersion;

/// Runs every check on the file at `path`; those that need a readable trailer or manifest are skipped without it.
pub(super) fn all(path: &Path) -> Vec<Check> {
    let opened = Bundle::open(path);
    let trailer = check(
        "trailer",
        opened.as_ref().map(|_| format!("version {FOOTER_VERSION}")),
    );
    let Ok(bundle) = opened else {
        let names = [
            "digest",
            "manifest",
            "manifest digests",
            "schema version",
            "run bit",
            "target",
        ];
        return std::iter::once(trailer)
            .chain(names.map(|name| skipped(name, "no readable trailer")))
            .collect();
    };
    let mut checks = vec![trailer, digest(&bundle)];
    let manifest = bundle.manifest().map_err(|error| error.to_string());
    let valid = manifest
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|manifest| {
            manifest.validate().map_err(|error| error.to_string())?;
            Ok(format!("Dags {}", dag_ids::listed(manifest)))
        });
    checks.push(check("manifest", valid));
    match &manifest {
        Ok(manifest) => {
            checks.push(manifest_digests(&bundle, manifest));
            checks.push(schema_version(manifest));
        }
        Err(_) => {
            checks.extend(
                ["manifest digests", "schema version"]
                    .map(|name| skipped(name, "no readable manifest")),
            );
        }
    }
    checks.push(run_bit(path));
    checks.push(target(&bundle));
    checks.extend(file_name(path));
    checks
}

fn digest(bundle: &Bundle) -> Check {
    let result = bundle
        .verify_binary()
        .map(|()| format!("SHA-256 {}", bundle.trailer().binary_sha256));
    check("digest", result)
}

fn manifest_digests(bundle: &Bundle, manifest: &Manifest) -> Check {
    let detail = match &manifest.digests {
        Some(digests) => format!("cache key {}", digests.cache),
        None => "none written".to_owned(),
    };
    check(
        "manifest digests",
        bundle.verify_manifest_digests().map(|()| detail),
    )
}

fn schema_version(manifest: &Manifest) -> Check {
    let version = &manifest.sdk.supervisor_schema_version;
    let known = SchemaVersion::ALL.map(SchemaVersion::text).join(", ");
    let result = SchemaVersion::known(version)
        .map(|known| format!("{version}: {}", known.accepted_by()))
        .ok_or_else(|| format!("no known Airflow release speaks {version:?}; known are {known}"));
    check("schema version", result)
}

#[cfg(unix)]
fn run_bit(path: &Path) -> Check {
    use std::os::unix::fs::PermissionsExt as _;
    let result = match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o111 != 0 => Ok("set"),
        Ok(_) => Err(format!(
            "not set; Airflow 3.3 does not see the file: chmod +x {}",
            path.display()
        )),
        Err(error) => Err(error.to_string()),
    };
    check("run bit", result)
}

#[cfg(not(unix))]
fn run_bit(_path: &Path) -> Check {
    skipped("run bit", "this system has none")
}

fn target(bundle: &Bundle) -> Check {
    let here = std::env::consts::ARCH;
    let (status, detail) = match ExecutableKind::of(bundle) {
        Err(error) => (Status::Failed, error.to_string()),
        Ok(kind) => match kind.runs_here() {
            Some(true) => (Status::Ok, format!("{kind}, as this machine")),
            Some(false) => (
                Status::Note,
                format!("{kind}; this machine is {} on {here}", std::env::consts::OS),
            ),
            None => (Status::Note, kind.to_string()),
        },
    };
    Check {
        name: "target",
        status,
        detail,
    }
}

fn file_name(path: &Path) -> Option<Check> {
    path.extension()?;
    let detail =
        "has an extension; Airflow 3.4 reads Dags only from bundles without one".to_owned();
    Some(Check {
        name: "file name",
        status: Status::Note,
        detail,
    })
}

fn check(name: &'static str, result: Result<impl ToString, impl ToString>) -> Check {
    match result {
        Ok(detail) => Check {
            name,
            status: Status::Ok,
            detail: detail.to_string(),
        },
        Err(problem) => Check {
            name,
            status: Status::Failed,
            detail: problem.to_string(),
        },
    }
}

fn skipped(name: &'static str, reason: &str) -> Check {
    Check {
        name,
        status: Status::Skipped,
        detail: reason.to_owned(),
    }
}
