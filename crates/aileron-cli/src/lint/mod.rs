//! `aileron lint`: Python Dags that keep state in the wrong place.

mod explain;
mod fixes;
mod github;
mod json;
mod sarif;
pub(crate) mod setup;
mod statistics;
mod text;

use std::path::PathBuf;

use aileron_lint::configuration::Configuration;
use aileron_lint::project::{FileReport, Project};
use aileron_lint::revision::Base;
use aileron_lint::target::Target;
use aileron_lint::{AirflowVersion, Applicability, Rule, Severity};
use anyhow::Context as _;
use clap::ValueEnum;

use crate::format::{print_json, print_text};
use crate::outcome::{Outcome, UsageError};

/// Find state that Python Dags keep in the wrong place, and fix it.
///
/// Cursors, watermarks and job ids in Variables and XComs, files passed between tasks, values that XCom cannot carry, and
/// mistakes with the state stores of Airflow 3.3. Files are read, never imported or run.
///
/// Which Airflow the Dags are for is taken from --target-version, the settings (target-airflow), or the files beside the Dags:
/// constraints, requirements, uv.lock, poetry.lock, a Dockerfile, pyproject.toml. The report says which it was.
///
/// Settings are the table [lint] of the nearest aileron.toml, or [tool.aileron.lint] of the nearest pyproject.toml. `# noqa` and
/// `# noqa: AIL101` keep findings of their line back, `# aileron: noqa` those of the file.
///
/// The exit code is 1 if a finding is at least as severe as --fail-on says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, and directories that are searched for Python files.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// How to print the findings.
    #[arg(long, value_enum, default_value_t)]
    format: LintFormat,
    /// The Airflow that the Dags are for, like 3.3.2.
    #[arg(long, value_name = "VERSION")]
    target_version: Option<AirflowVersion>,
    /// Look for these rules only: codes, beginnings of codes, names, or ALL.
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = setup::rules)]
    select: Vec<setup::Rules>,
    /// Do not look for these rules.
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = setup::rules)]
    ignore: Vec<setup::Rules>,
    /// Write fixes that keep what the Dag means into the files.
    #[arg(long)]
    fix: bool,
    /// With --fix or --diff: also fixes that move a value to another place, which a person should look at.
    #[arg(long)]
    unsafe_fixes: bool,
    /// Print what the fixes would change, and write nothing. The exit code is 1 if there is something.
    #[arg(long, conflicts_with_all = ["fix", "statistics", "format"])]
    diff: bool,
    /// Print how often each rule finds something.
    #[arg(long)]
    statistics: bool,
    /// Print the documentation of a rule; ALL lists the rules.
    #[arg(long, value_name = "RULE", conflicts_with_all = ["paths", "fix", "diff", "statistics", "diff_base"])]
    explain: Option<String>,
    /// A git revision: also find what must not change between it and now (external_id_key).
    #[arg(long, value_name = "REV")]
    diff_base: Option<String>,
    /// Take this settings file, instead of the nearest.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The lowest severity that makes the exit code 1.
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    fail_on: FailOn,
}

/// How to print findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum LintFormat {
    /// For people: the lines, why they break, what to use, and the change; may change between versions.
    #[default]
    Text,
    /// One JSON document on stdout; keys are only added, never renamed.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
}

/// The lowest severity that makes the exit code 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Any finding.
    Advice,
    #[default]
    Warning,
    Error,
    /// None.
    Never,
}

/// A finished check.
struct Checked {
    target: Target,
    reports: Vec<FileReport>,
}

impl Checked {
    /// All findings, with the files they are in.
    fn findings(&self) -> impl Iterator<Item = (&FileReport, &aileron_lint::Diagnostic)> {
        self.reports.iter().flat_map(|report| {
            let found = report.diagnostics.iter();
            found.map(move |diagnostic| (report, diagnostic))
        })
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    if let Some(rule) = &arguments.explain {
        return explain::run(rule, arguments.format);
    }
    if arguments.unsafe_fixes && !arguments.fix && !arguments.diff {
        let message = "--unsafe-fixes needs --fix, to write the fixes, or --diff, to see them";
        return Err(UsageError(message.to_owned()).into());
    }
    let checked = check(arguments)?;
    if arguments.diff {
        return fixes::print_diff(&checked);
    }
    if arguments.fix {
        fixes::write(&checked.reports)?;
    }
    match arguments.format {
        _ if arguments.statistics => statistics::print(&checked, arguments.format)?,
        LintFormat::Text => print_text(&text::report(&checked))?,
        LintFormat::Json => print_json(&json::report(&checked))?,
        LintFormat::Sarif => print_json(&sarif::report(&checked))?,
        LintFormat::Github => print_text(&github::report(&checked))?,
    }
    let failed = checked
        .findings()
        .any(|(_, found)| arguments.fail_on.fails(found.severity));
    Ok(if failed {
        Outcome::ChecksFailed
    } else {
        Outcome::Done
    })
}

fn check(arguments: &Arguments) -> anyhow::Result<Checked> {
    let directory = setup::common_directory(&arguments.paths)?;
    let configuration = match &arguments.config {
        Some(path) => Configuration::load(path)?,
        None => Configuration::find(&directory)?,
    };
    let target = setup::target(arguments.target_version, &configuration, &directory)?;
    let select = setup::flat(&arguments.select);
    let ignore = setup::flat(&arguments.ignore);
    let settings = configuration.settings(target.version, &select, &ignore);
    let base = match &arguments.diff_base {
        Some(revision) => Some(Base::open(revision, &directory).context("--diff-base")?),
        None => None,
    };
    let project = Project {
        configuration: &configuration,
        settings: &settings,
        base: base.as_ref(),
        fix: arguments.applicability(),
    };
    let found = project.discover(&setup::absolute(&arguments.paths)?);
    let progress = setup::progress(found.files.len());
    let reports = project.check(&found, || progress.inc(1))?;
    progress.finish_and_clear();
    Ok(Checked {
        target,
        reports: setup::with_short_paths(reports)?,
    })
}

impl Arguments {
    /// The fixes that are wanted.
    fn applicability(&self) -> Option<Applicability> {
        match (self.fix || self.diff, self.unsafe_fixes) {
            (false, _) => None,
            (true, false) => Some(Applicability::Safe),
            (true, true) => Some(Applicability::Unsafe),
        }
    }
}

impl FailOn {
    fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Advice => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Error => severity >= Severity::Error,
            Self::Never => false,
        }
    }
}

/// Where a rule's documentation is.
fn documentation_url(rule: &Rule) -> String {
    format!(
        "{}/blob/main/docs/rules/README.md#{}",
        env!("CARGO_PKG_REPOSITORY"),
        aileron_lint::documentation::anchor(rule)
    )
}
