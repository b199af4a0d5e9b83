//! Walking directories, with several threads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::airflowignore::AirflowIgnore;
use super::{IgnoreSyntax, Problem, ProblemKind};

/// How to look for files.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// How `.airflowignore` is written.
    pub syntax: IgnoreSyntax,
    /// Whether `.gitignore` and `.airflowignore` are heeded.
    pub respect_ignore_files: bool,
}

/// The files to check, and what went wrong on the way.
#[derive(Debug, Default)]
pub struct Found {
    /// Python files, sorted, each once.
    pub files: Vec<PathBuf>,
    /// What cannot be walked.
    pub problems: Vec<Problem>,
}

/// Looks for Python files: a file that is named is taken as it is, a directory is walked.
///
/// Symbolic links are followed, as Airflow does. A file that is reached by two ways is checked once, under the first of its
/// names. Hidden files and directories are left out.
#[must_use]
pub fn discover(paths: &[PathBuf], discovery: &Discovery) -> Found {
    let mut found = Found::default();
    for path in paths {
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => walk(path, discovery, &mut found),
            Ok(_) => found.files.push(path.clone()),
            Err(error) => found.problems.push(Problem {
                path: path.clone(),
                kind: ProblemKind::Unreadable(error),
            }),
        }
    }
    found.files = once(found.files);
    found
        .problems
        .sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Sorted, without the second name of a file.
fn once(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.sort();
    files.dedup();
    let mut first_names: BTreeMap<PathBuf, ()> = BTreeMap::new();
    files.retain(|file| match file.canonicalize() {
        Ok(real) => first_names.insert(real, ()).is_none(),
        // It is gone; reading it says so.
        Err(_) => true,
    });
    files
}

fn walk(root: &Path, discovery: &Discovery, found: &mut Found) {
    let ignore = Arc::new(AirflowIgnore::new(root, discovery.syntax));
    let mut builder = WalkBuilder::new(root);
    builder
        .follow_links(true)
        .require_git(false)
        .standard_filters(discovery.respect_ignore_files)
        .hidden(true)
        // `.ignore` files are not Airflow's nor git's.
        .ignore(false)
        .threads(0);
    if discovery.respect_ignore_files {
        let ignore = ignore.clone();
        builder.filter_entry(move |entry| entry.depth() == 0 || !leaves_out(&ignore, entry));
    }
    let (files, problems) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    builder.build_parallel().run(|| {
        Box::new(|entry| {
            match entry {
                Ok(entry) if is_python_file(&entry) => push(&files, entry.into_path()),
                Ok(_) => {}
                Err(error) => push(&problems, problem(root, &error)),
            }
            WalkState::Continue
        })
    });
    drop(builder);
    found.files.extend(inner(files));
    found.problems.extend(inner(problems));
    if let Some(ignore) = Arc::into_inner(ignore) {
        found.problems.extend(ignore.into_problems());
    }
}

fn leaves_out(ignore: &AirflowIgnore, entry: &DirEntry) -> bool {
    let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
    let name = entry.file_name();
    // What Python and virtual environments make holds no Dags.
    if is_dir && (name == "__pycache__" || entry.path().join("pyvenv.cfg").is_file()) {
        return true;
    }
    ignore.ignores(entry.path(), is_dir)
}

fn is_python_file(entry: &DirEntry) -> bool {
    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
    is_file
        && entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "py")
}

fn problem(root: &Path, error: &ignore::Error) -> Problem {
    match error {
        ignore::Error::Loop { ancestor, child } => Problem {
            path: child.clone(),
            kind: ProblemKind::Loop(ancestor.clone()),
        },
        ignore::Error::WithPath { path, err } => Problem {
            path: path.clone(),
            ..problem(path, err)
        },
        ignore::Error::WithDepth { err, .. } => problem(root, err),
        other => Problem {
            path: root.to_owned(),
            kind: ProblemKind::Walk(other.to_string()),
        },
    }
}

fn push<T>(list: &Mutex<Vec<T>>, item: T) {
    list.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(item);
}

fn inner<T>(list: Mutex<Vec<T>>) -> Vec<T> {
    list.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = directory.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        directory
    }

    fn look(directory: &Path) -> (Vec<String>, Vec<String>) {
        let discovery = Discovery {
            syntax: IgnoreSyntax::Glob,
            respect_ignore_files: true,
        };
        let found = discover(&[directory.to_owned()], &discovery);
        let name = |path: &Path| {
            let below = path.strip_prefix(directory).unwrap();
            below.to_string_lossy().into_owned()
        };
        let files = found.files.iter().map(|path| name(path)).collect();
        let problems = found.problems.iter().map(ToString::to_string).collect();
        (files, problems)
    }

    #[test]
    fn ignore_files_hidden_files_and_environments_are_left_out() {
        let tree = tree(&[
            (".gitignore", "build/\n"),
            (".airflowignore", "wip_*\n"),
            ("a.py", ""),
            ("notes.md", ""),
            ("wip_b.py", ""),
            ("build/c.py", ""),
            (".hidden/d.py", ""),
            ("venv/pyvenv.cfg", ""),
            ("venv/e.py", ""),
            ("sub/__pycache__/f.py", ""),
            ("sub/g.py", ""),
        ]);
        assert_eq!(look(tree.path()).0, ["a.py", "sub/g.py"]);
    }

    #[test]
    fn a_loop_of_links_is_reported_and_the_rest_is_found() {
        let tree = tree(&[("sub/a.py", "")]);
        symlink(tree.path(), tree.path().join("sub/again")).unwrap();
        let (files, problems) = look(tree.path());
        assert_eq!(files, ["sub/a.py"]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("leads back"), "{}", problems[0]);
    }

    #[test]
    fn links_are_followed_and_a_file_is_checked_once() {
        let (tree, outside) = (tree(&[("a.py", "")]), tree(&[("b.py", "")]));
        symlink(outside.path(), tree.path().join("linked")).unwrap();
        symlink(tree.path().join("a.py"), tree.path().join("same.py")).unwrap();
        symlink(tree.path().join("gone.py"), tree.path().join("broken.py")).unwrap();
        let (files, problems) = look(tree.path());
        assert_eq!(files, ["a.py", "linked/b.py"]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("broken.py"));
    }

    #[test]
    fn a_named_file_is_taken_whatever_its_name() {
        let tree = tree(&[("script", ""), (".airflowignore", "script")]);
        let discovery = Discovery {
            syntax: IgnoreSyntax::Glob,
            respect_ignore_files: true,
        };
        let named = [tree.path().join("script"), tree.path().join("absent.py")];
        let found = discover(&named, &discovery);
        assert_eq!(found.files, [tree.path().join("script")]);
        assert_eq!(found.problems.len(), 1);
    }
}
