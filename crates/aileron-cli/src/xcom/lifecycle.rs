//! `aileron xcom lifecycle`: the rule that lets offloaded XComs expire.

use std::fmt::Write as _;

use aileron_config::Config;
use aileron_flip::lifecycle::{ExpiryRule, Lifecycle, apply, rules};
use aileron_object_storage::{Account, Location};
use anyhow::bail;
use serde_json::{Value, json};

use super::place;
use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use crate::stored::DatabaseArguments;
use crate::style::{self, paint};

/// Show the rule that lets offloaded XComs expire, and add it to the bucket with --apply.
///
/// On S3 the rules of the bucket are read, and every other rule stays as it is. For Google and Azure the rule is printed for their
/// own programs. A directory has no rules: `aileron xcom sweep` is for that.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    base: place::BaseText,
    /// The days after which an object is deleted: more than a run may take, and than XComs are kept in the database.
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Add the rule to the bucket, in place of an earlier one of this command.
    #[arg(long)]
    apply: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(
    arguments: &Arguments,
    database: &DatabaseArguments,
) -> anyhow::Result<Outcome> {
    let config = Config::from_env();
    let location = arguments.base.required(&config)?;
    let rule = ExpiryRule {
        prefix: match location.path().trim_matches('/') {
            "" => String::new(),
            path => format!("{path}/"),
        },
        days: arguments.days,
    };
    match location.scheme() {
        "s3" | "s3a" | "s3n" => {
            let account = place::account(&location, database, &config).await?;
            s3(arguments, &location, account.as_ref(), &rule).await?;
        }
        "gs" | "gcs" => {
            let command = format!(
                "gcloud storage buckets update gs://{} --lifecycle-file=FILE",
                location.bucket()
            );
            for_others(arguments, &command, &rule.google())?;
        }
        "abfs" | "abfss" | "az" | "adl" | "wasb" => {
            let command = "az storage account management-policy create --account-name ACCOUNT --resource-group GROUP --policy @FILE";
            for_others(arguments, command, &rule.azure(location.bucket()))?;
        }
        other => bail!(
            "{other}:// has no lifecycle rules: run `aileron xcom sweep --delete` on a schedule instead"
        ),
    }
    Ok(Outcome::Done)
}

async fn s3(
    arguments: &Arguments,
    location: &Location,
    account: Option<&Account>,
    rule: &ExpiryRule,
) -> anyhow::Result<()> {
    let bucket = location.open_bucket(account)?;
    let before = rules(&bucket).await?.lifecycle;
    let changed = match arguments.apply {
        true => Some(apply(&bucket, rule).await?),
        false => None,
    };
    match arguments.format {
        Format::Json => print_json(&document(location, rule, &before, changed)),
        Format::Text => print_text(&text(location, rule, &before, changed)),
    }
}

fn document(
    location: &Location,
    rule: &ExpiryRule,
    before: &Lifecycle,
    changed: Option<bool>,
) -> Value {
    let others = before.rules().iter().map(|rule| {
        json!({"id": rule.id, "enabled": rule.enabled, "prefix": rule.prefix, "days": rule.days})
    });
    json!({
        "bucket": location.bucket(),
        "rule": {"id": rule.id(), "prefix": rule.prefix, "days": rule.days},
        "rules_before": others.collect::<Vec<_>>(),
        "expires_already_after_days": before.expiry_of(&rule.prefix).and_then(|rule| rule.days),
        "applied": changed.is_some(),
        "changed": changed.unwrap_or(false),
        "xml": before.with(rule).to_xml(),
    })
}

fn text(
    location: &Location,
    rule: &ExpiryRule,
    before: &Lifecycle,
    changed: Option<bool>,
) -> String {
    let mut text = format!(
        "bucket {}: {} rules\n",
        location.bucket(),
        before.rules().len()
    );
    for other in before.rules() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {:?}{}: {}{}",
            other.id,
            if other.enabled { "" } else { ", not in force" },
            match &other.prefix {
                Some(prefix) => format!("objects below {prefix:?}"),
                None => "some objects".to_owned(),
            },
            other
                .days
                .map_or(String::new(), |days| format!(" expire after {days} days"))
        );
    }
    let what = format!(
        "{:?}: objects below {:?} expire after {} days",
        rule.id(),
        rule.prefix,
        rule.days
    );
    let line = match changed {
        Some(true) => format!(
            "{} {what}; every other rule is as it was",
            paint(style::OK, "added")
        ),
        Some(false) => format!("{} {what}", paint(style::OK, "there already")),
        None => format!(
            "{} {what}; --apply does it",
            paint(style::NOTE, "would add")
        ),
    };
    text + &line + "\n"
}

/// Prints the rule for another program.
fn for_others(arguments: &Arguments, command: &str, rule: &Value) -> anyhow::Result<()> {
    if arguments.apply {
        bail!(
            "--apply is for S3; here it takes the store's own program, which replaces all rules, so put those that are \
               there into the file too: {command}"
        );
    }
    match arguments.format {
        Format::Json => print_json(rule),
        Format::Text => print_text(&format!(
            "{}\n\nThe rule, to be put into FILE together with the rules that are there already:\n  {command}\n",
            serde_json::to_string_pretty(rule)?
        )),
    }
}
