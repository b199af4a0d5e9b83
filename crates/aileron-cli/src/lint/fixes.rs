//! `--fix` and `--diff`: fixes in files, or on the screen.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use aileron_lint::project::FileReport;
use anyhow::{Context as _, bail};
use similar::{ChangeTag, TextDiff};

use super::Checked;
use crate::format::print_text;
use crate::outcome::Outcome;
use crate::style::{FAILED, NAME, OK, paint};

/// Writes the fixed texts into their files.
pub(super) fn write(reports: &[FileReport]) -> anyhow::Result<()> {
    for report in reports {
        if let Some((before, _)) = &report.fixed {
            let bytes = report.source.bytes_of(&report.source.text);
            replace(&report.path, &report.source.bytes_of(before), &bytes)
                .with_context(|| format!("cannot write {}", report.path.display()))?;
        }
    }
    Ok(())
}

/// Replaces a file whole: a reader sees the old text or the new, also if this is killed.
fn replace(path: &Path, before: &[u8], after: &[u8]) -> anyhow::Result<()> {
    // A link stays a link.
    let path = path.canonicalize()?;
    if fs::read(&path)? != before {
        bail!("it has changed since it was read; run again");
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(after)?;
    fs::set_permissions(file.path(), fs::metadata(&path)?.permissions())?;
    file.persist(&path)?;
    Ok(())
}

/// Prints what the fixes change.
pub(super) fn print_diff(checked: &Checked) -> anyhow::Result<Outcome> {
    let mut text = String::new();
    for report in &checked.reports {
        if let Some((before, _)) = &report.fixed {
            text.push_str(&diff(&report.path, before, &report.source.text));
        }
    }
    print_text(&text)?;
    Ok(if text.is_empty() {
        Outcome::Done
    } else {
        Outcome::ChecksFailed
    })
}

/// A unified diff that `git apply` and `patch -p1` take.
fn diff(path: &Path, before: &str, after: &str) -> String {
    let name = path.display().to_string();
    let name = name.trim_start_matches('/');
    let diff = TextDiff::from_lines(before, after);
    let mut text = format!(
        "{}\n{}\n",
        paint(NAME, format!("--- a/{name}")),
        paint(NAME, format!("+++ b/{name}"))
    );
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let line = change.value().strip_suffix('\n').unwrap_or(change.value());
            let line = match change.tag() {
                ChangeTag::Delete => paint(FAILED, format!("-{line}")),
                ChangeTag::Insert => paint(OK, format!("+{line}")),
                ChangeTag::Equal => format!(" {line}"),
            };
            text.push_str(&line);
            text.push('\n');
            if change.missing_newline() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.py");
        fs::write(&path, "newer").unwrap();
        assert!(replace(&path, b"old", b"fixed").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
    }

    #[test]
    fn a_link_and_its_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("a.py"), directory.path().join("b.py"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        symlink(&path, &link).unwrap();
        replace(&link, b"old", b"fixed").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "fixed");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o750
        );
    }
}
