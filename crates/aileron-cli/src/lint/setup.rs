//! From the command line to a project: directories, target, rules, progress.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aileron_lint::configuration::Configuration;
use aileron_lint::project::FileReport;
use aileron_lint::target::Target;
use aileron_lint::{AirflowVersion, Rule, select_rules};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What one selector means.
#[derive(Debug, Clone)]
pub(super) struct Rules(Vec<&'static Rule>);

/// Reads a selector.
pub(super) fn rules(selector: &str) -> Result<Rules, String> {
    let rules = select_rules(selector);
    if rules.is_empty() {
        return Err("no such rule; `aileron lint --explain ALL` lists them".to_owned());
    }
    Ok(Rules(rules))
}

pub(super) fn flat(rules: &[Rules]) -> Vec<&'static Rule> {
    rules.iter().flat_map(|rules| rules.0.clone()).collect()
}

/// The deepest directory above all paths: where settings and files that say the version are looked for.
pub(crate) fn common_directory(paths: &[PathBuf]) -> anyhow::Result<PathBuf> {
    let mut common: Option<PathBuf> = None;
    for path in absolute(paths)? {
        let directory = match path.parent() {
            Some(parent) if !path.is_dir() => parent.to_owned(),
            _ => path,
        };
        common = Some(match common {
            None => directory,
            Some(common) => {
                let both = |above: &&Path| directory.starts_with(above);
                let shared = common.ancestors().find(both);
                shared.unwrap_or(Path::new("/")).to_owned()
            }
        });
    }
    common.context("no paths")
}

/// Paths from the root, without `.` and `..`; links stay as they are.
pub(crate) fn absolute(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let absolute = |path: &PathBuf| {
        let whole = std::path::absolute(path)?;
        // `..` through a link leads elsewhere than its spelling.
        if path.components().any(|part| part.as_os_str() == "..") && whole.exists() {
            return whole.canonicalize();
        }
        Ok(whole)
    };
    let all: std::io::Result<Vec<_>> = paths.iter().map(absolute).collect();
    Ok(all?)
}

/// Which Airflow it is: the flag, the settings, the files.
pub(crate) fn target(
    flag: Option<AirflowVersion>,
    configuration: &Configuration,
    directory: &Path,
) -> anyhow::Result<Target> {
    if let Some(version) = flag {
        return Ok(Target::from_flag(version));
    }
    if let (Some(version), Some(path)) = (configuration.target, &configuration.path) {
        return Ok(Target::from_settings(version, shortened(path)?));
    }
    let context = "cannot find out which Airflow the Dags are for; --target-version says it";
    let mut target = Target::from_files(directory).context(context)?;
    for finding in target.findings_mut() {
        finding.path = shortened(&finding.path)?;
    }
    Ok(target)
}

/// Paths below the current directory are shown from there.
pub(super) fn with_short_paths(mut reports: Vec<FileReport>) -> anyhow::Result<Vec<FileReport>> {
    for report in &mut reports {
        report.path = shortened(&report.path)?;
    }
    Ok(reports)
}

pub(crate) fn shortened(path: &Path) -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir()?;
    Ok(match path.strip_prefix(here) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
        _ => path.to_owned(),
    })
}

/// A bar on a terminal, when there is something to wait for.
pub(crate) fn progress(files: usize) -> ProgressBar {
    if files < 200 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files")
        .expect("a constant template is valid");
    let bar =
        ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr_with_hz(10));
    bar.set_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// `1 file`, `2 files`.
pub(crate) fn counted(number: usize, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        number => format!("{number} {word}s"),
    }
}
