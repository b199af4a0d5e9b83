//! The file on the task's machine that bytes come from or go to.

use std::io::{self, ErrorKind};
use std::path::Path;

use aileron_xcom::storage::{Problem, StorageError};
use tempfile::TempPath;
use tokio::fs::File;

use crate::context::ObjectStorageError;

/// A file that is being written, beside the one that it will replace. Its name is its own, so two that write the same file do not disturb
/// each other: the last one stays. It goes when it replaces nothing, also when its task is cancelled.
#[derive(Debug)]
pub(super) struct Partial<'a> {
    target: &'a Path,
    path: TempPath,
}

impl<'a> Partial<'a> {
    /// Makes an empty one, with the rights of any new file.
    pub(super) fn create(target: &'a Path) -> Result<(Self, File), ObjectStorageError> {
        if target.is_dir() {
            return Err(unwritable(target, &ErrorKind::IsADirectory.into()));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".aileron-").suffix(".partial");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let made = builder.tempfile_in(directory(target));
        let made = made.map_err(|error| unwritable(target, &error))?;
        let (file, path) = made.into_parts();
        Ok((Self { target, path }, File::from_std(file)))
    }

    /// Replaces the target.
    pub(super) fn persist(self) -> Result<(), ObjectStorageError> {
        let renamed = self.path.persist(self.target);
        renamed.map_err(|error| unwritable(self.target, &error.error))
    }
}

fn directory(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Says that a file cannot be read, why, and what to do.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> ObjectStorageError {
    cannot(
        "read",
        path,
        error,
        match error.kind() {
            ErrorKind::NotFound => {
                "write it before; a file of another task is not there when that ran on another machine: pass it as an object"
            }
            ErrorKind::PermissionDenied => "let the user of the worker read it",
            ErrorKind::IsADirectory => "pass each file in it, or one archive of it",
            _ => "look at this path on the machine where the task runs",
        },
    )
}

/// Says that a file cannot be written, why, and what to do.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> ObjectStorageError {
    cannot(
        "write",
        path,
        error,
        match error.kind() {
            ErrorKind::NotFound => "make its directory before",
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                "let the user of the worker write into its directory, or take another one"
            }
            ErrorKind::IsADirectory => "give the path of a file in it",
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                "make room there, or take another directory"
            }
            _ => "look at this path on the machine where the task runs",
        },
    )
}

fn cannot(doing: &str, path: &Path, error: &io::Error, advice: &str) -> ObjectStorageError {
    ObjectStorageError::new(format!(
        "cannot {doing} the file {}: {error}; {advice}",
        path.display()
    ))
}

/// What went wrong while bytes passed: with the path when it was the file, and not the store.
pub(super) fn blame(
    error: ObjectStorageError,
    path: &Path,
    file: fn(&Path, &io::Error) -> ObjectStorageError,
) -> ObjectStorageError {
    match error.cause() {
        Some(StorageError {
            problem: Problem::Io(cause),
            ..
        }) => file(path, cause),
        _ => error,
    }
}
