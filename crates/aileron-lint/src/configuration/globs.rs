//! Globs relative to a settings file, as in `.gitignore`.

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

#[derive(Debug, Clone)]
pub(super) struct Globs {
    root: PathBuf,
    matcher: Gitignore,
}

impl Default for Globs {
    fn default() -> Self {
        Self {
            root: PathBuf::new(),
            matcher: Gitignore::empty(),
        }
    }
}

impl Globs {
    pub(super) fn new(root: &Path, patterns: &[String]) -> Result<Self, ignore::Error> {
        let mut builder = GitignoreBuilder::new(root);
        for pattern in patterns {
            builder.add_line(None, pattern)?;
        }
        Ok(Self {
            root: root.to_owned(),
            matcher: builder.build()?,
        })
    }

    /// Whether a path below the root fits. Both must be absolute, or relative to the same directory.
    pub(super) fn matches(&self, path: &Path) -> bool {
        if self.matcher.is_empty() {
            return false;
        }
        let Ok(below) = path.strip_prefix(&self.root) else {
            return false;
        };
        let as_file = self.matcher.matched_path_or_any_parents(below, false);
        as_file.is_ignore()
    }
}
