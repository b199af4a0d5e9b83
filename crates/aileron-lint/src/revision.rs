//! Files as they were at another revision, from git.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A revision to compare with, and the files that have changed since.
#[derive(Debug)]
pub struct Base {
    commit: String,
    root: PathBuf,
    /// What a file's name was then, by its real path now.
    changed: HashMap<PathBuf, PathBuf>,
}

/// Git cannot say how files were.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// Git cannot be started.
    #[error("git cannot be started, and --diff-base needs it")]
    Start(#[source] std::io::Error),
    /// Git has refused.
    #[error("git {command}: {message}")]
    Git {
        /// What was asked.
        command: String,
        /// What it said.
        message: String,
    },
}

impl Base {
    /// Asks git which Python files differ from `revision` in the repository of `directory`. Files that git does not know are
    /// not among them.
    ///
    /// # Errors
    ///
    /// There is no git, no repository, or no such revision.
    pub fn open(revision: &str, directory: &Path) -> Result<Self, BaseError> {
        let root = git(
            directory,
            &["rev-parse".as_ref(), "--show-toplevel".as_ref()],
        )?;
        let root = PathBuf::from(OsStr::from_bytes(root.trim_ascii_end()));
        let named = format!("{revision}^{{commit}}");
        let verify = ["rev-parse", "--verify", "--end-of-options", &named];
        let commit = git(&root, &verify.map(OsStr::new))?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let diff = [
            "diff",
            "--name-status",
            "-z",
            "-M",
            "--diff-filter=MR",
            &commit,
            "--",
            "*.py",
        ];
        let listed = git(&root, &diff.map(OsStr::new))?;
        let changed = changes(&listed)
            .into_iter()
            .map(|(before, now)| (root.join(now), before))
            .collect();
        Ok(Self {
            commit,
            root,
            changed,
        })
    }

    /// A file's text at the revision; nothing if the file has not changed or was not there.
    ///
    /// # Errors
    ///
    /// Git has refused.
    pub fn before(&self, path: &Path) -> Result<Option<String>, BaseError> {
        let real = path.canonicalize();
        let Some(name) = real.ok().and_then(|real| self.changed.get(&real)) else {
            return Ok(None);
        };
        let mut object = self.commit.clone().into_bytes();
        object.push(b':');
        object.extend(name.as_os_str().as_bytes());
        let object = OsStr::from_bytes(&object);
        let text = git(&self.root, &["cat-file".as_ref(), "blob".as_ref(), object])?;
        // What is not UTF-8 was no Python file before either.
        Ok(String::from_utf8(text).ok())
    }
}

/// `M\0name\0` and `R100\0before\0now\0`, as pairs of names: before, now.
fn changes(listed: &[u8]) -> Vec<(PathBuf, PathBuf)> {
    let mut words = listed.split(|byte| *byte == 0);
    let mut pairs = Vec::new();
    let path = |word: &[u8]| PathBuf::from(OsStr::from_bytes(word));
    while let Some(status) = words.next().filter(|status| !status.is_empty()) {
        let Some(before) = words.next() else { break };
        let now = match status.first() {
            Some(b'R') => words.next().unwrap_or(before),
            _ => before,
        };
        pairs.push((path(before), path(now)));
    }
    pairs
}

fn git(directory: &Path, arguments: &[&OsStr]) -> Result<Vec<u8>, BaseError> {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(BaseError::Start)?;
    if status.success() {
        return Ok(stdout);
    }
    let command: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    Err(BaseError::Git {
        command: command.join(" "),
        message: String::from_utf8_lossy(&stderr).trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn run(directory: &Path, arguments: &[&str]) {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
        let words: Vec<&OsStr> = identity.iter().chain(arguments).map(OsStr::new).collect();
        git(directory, &words).unwrap();
    }

    #[test]
    fn a_changed_or_renamed_file_has_a_text_before() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        run(root, &["init", "-q"]);
        let long = "x = 1\n".repeat(50);
        for (name, text) in [("same.py", "a"), ("changed.py", "old"), ("moved.py", &long)] {
            fs::write(root.join(name), text).unwrap();
        }
        run(root, &["add", "."]);
        run(root, &["commit", "-q", "-m", "first"]);
        fs::write(root.join("changed.py"), "new").unwrap();
        run(root, &["mv", "moved.py", "renamed ü.py"]);
        fs::write(root.join("added.py"), "new").unwrap();

        let base = Base::open("HEAD", root).unwrap();
        let before = |name: &str| base.before(&root.join(name)).unwrap();
        assert_eq!(before("changed.py").as_deref(), Some("old"));
        assert_eq!(before("renamed ü.py"), Some(long));
        assert_eq!(before("same.py"), None);
        assert_eq!(before("added.py"), None);
    }

    #[test]
    fn an_unknown_revision_is_an_error_with_its_name() {
        let directory = tempfile::tempdir().unwrap();
        run(directory.path(), &["init", "-q"]);
        for revision in ["nowhere", "--output=x"] {
            let error = Base::open(revision, directory.path())
                .unwrap_err()
                .to_string();
            assert!(error.contains(revision), "{error}");
        }
    }
}
