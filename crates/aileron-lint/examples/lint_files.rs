//! Prints what is found in Python files, and in all `.py` below directories.
//!
//! `cargo run -p aileron-lint --example lint_files -- dags/`

use std::path::{Path, PathBuf};

use aileron_lint::{AirflowVersion, Settings, lint_source};

fn main() -> std::io::Result<()> {
    let settings = Settings::new(AirflowVersion::new(3, 3, 2));
    let mut files = Vec::new();
    for path in std::env::args().skip(1) {
        collect(Path::new(&path), &mut files)?;
    }
    files.sort();
    for path in &files {
        let Ok(source) = std::fs::read_to_string(path) else {
            println!("{}: not UTF-8", path.display());
            continue;
        };
        for found in lint_source(path, &source, &settings) {
            let line = source[..found.range.start].matches('\n').count() + 1;
            println!(
                "{}:{line}: {} [{}] {}",
                path.display(),
                found.rule.code,
                found.rule.name,
                found.message
            );
        }
    }
    println!("{} files", files.len());
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
    Ok(())
}
