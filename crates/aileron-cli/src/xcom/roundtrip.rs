//! `aileron xcom roundtrip`: values through the configured backend and back.

use std::collections::BTreeMap;

use aileron_config::Config;
use aileron_deployment::{Exec, Probe};
use aileron_flip::roundtrip::{Configured, Fate, PROBE, Pushed, ReadBack, exchange};
use aileron_xcom::storage::{ObjectStorage, Settings};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use uuid::Uuid;

use super::context::{Context, limits};
use super::place;
use super::progress::progress;
use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use crate::size::human;
use crate::stored::{DatabaseArguments, Table};
use crate::style::{self, paint};

/// Send values through the configured backend, and compare what comes back.
///
/// Values that steer Dags, Unicode, deep nesting, large numbers, the types that Airflow wraps, lengths around the threshold and a large one
/// are stored by Python and read by Python and by Rust, then stored by Rust and read by both. Exits with 1 unless all are
/// identical. What cannot be identical, whoever stores it, is named and does not count. The objects are deleted again.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    context: Context,
    /// The bytes of the largest value.
    #[arg(long, value_name = "BYTES", default_value_t = 50_000_000)]
    large: u64,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A value and what became of it.
struct Case {
    name: String,
    bytes: u64,
    offloaded: bool,
    ways: [Way; 4],
}

/// Who stored it, who read it, and what became of it.
struct Way {
    name: &'static str,
    fate: Fate,
}

/// What the probe and Rust have done so far.
struct Trip<'a> {
    exec: &'a Exec,
    run_id: String,
    large: u64,
    /// What is to be deleted again.
    stored: Vec<Value>,
}

pub(super) async fn run(
    arguments: &Arguments,
    database: &DatabaseArguments,
) -> anyhow::Result<Outcome> {
    let exec = arguments.context.exec()?;
    let mut trip = Trip {
        exec: &exec,
        run_id: format!("manual__{}", Uuid::new_v4()),
        large: arguments.large,
        stored: Vec::new(),
    };
    let bar = progress("values", None);
    let travelled = trip.travel(database, &bar).await;
    bar.finish_and_clear();
    // Also when it ended early.
    let purged = trip.purge().await;
    let (configured, cases) = travelled?;
    purged.context(
        "the objects of this command could not be deleted; `aileron xcom sweep` finds them",
    )?;
    let well = cases
        .iter()
        .all(|case| case.ways.iter().all(|way| way.fate.is_well()));
    match arguments.format {
        Format::Json => print_json(&document(&configured, &cases, well))?,
        Format::Text => print_text(&text(&configured, &cases, well))?,
    }
    Ok(match well {
        true => Outcome::Done,
        false => Outcome::ChecksFailed,
    })
}

impl Trip<'_> {
    async fn travel(
        &mut self,
        database: &DatabaseArguments,
        bar: &indicatif::ProgressBar,
    ) -> anyhow::Result<(Configured, Vec<Case>)> {
        let request = json!({"action": "push", "large": self.large, "run_id": self.run_id});
        let mut rows = self
            .exec
            .run(&Probe::new(PROBE), &request, &limits())
            .await?;
        let first = rows.next().await?.context("the probe said nothing")?;
        let configured: Configured = first.read()?;
        let (storage, threshold) = open(&configured, database).await?;
        let mut cases = Vec::new();
        let mut to_read = BTreeMap::new();
        while let Some(row) = rows.next().await? {
            let pushed: Pushed = row.read()?;
            bar.inc(1);
            self.stored.push(pushed.stored.clone());
            let case = self
                .exchange(&storage, threshold, &pushed, &mut to_read)
                .await;
            cases.push(case);
        }
        self.read_back(&to_read, &mut cases).await?;
        Ok((configured, cases))
    }

    async fn exchange(
        &mut self,
        storage: &ObjectStorage,
        threshold: u64,
        pushed: &Pushed,
        to_read: &mut BTreeMap<String, Value>,
    ) -> Case {
        let python = Fate::of_python(
            &pushed.case,
            pushed.difference.as_deref(),
            pushed.problem.as_deref(),
        );
        let mut case = Case {
            name: pushed.case.clone(),
            bytes: pushed.length.unwrap_or_default(),
            offloaded: false,
            ways: ways(python),
        };
        if pushed.problem.is_some() {
            return case;
        }
        match exchange(storage, threshold, &self.run_id, pushed).await {
            Ok(done) => {
                case.offloaded = done.offloaded;
                case.ways[1].fate = done.python_to_rust;
                case.ways[2].fate = done.rust_to_rust.clone();
                match done.stored {
                    Some(stored) => {
                        case.ways[3].fate = Fate::Differs("Python did not read it".to_owned());
                        if done.object.is_some() {
                            self.stored.push(stored.clone());
                        }
                        to_read.insert(pushed.case.clone(), stored);
                    }
                    // What Rust cannot store, nobody reads.
                    None => case.ways[3].fate = done.rust_to_rust,
                }
            }
            Err(problem) => case.ways[1].fate = Fate::Differs(problem),
        }
        case
    }

    /// Has Python read what Rust stored.
    async fn read_back(
        &self,
        to_read: &BTreeMap<String, Value>,
        cases: &mut [Case],
    ) -> anyhow::Result<()> {
        let request = json!({"action": "read", "large": self.large, "stored": to_read});
        let mut rows = self
            .exec
            .run(&Probe::new(PROBE), &request, &limits())
            .await?;
        while let Some(row) = rows.next().await? {
            let read: ReadBack = row.read()?;
            let fate = Fate::of_python(
                &read.case,
                read.difference.as_deref(),
                read.problem.as_deref(),
            );
            if let Some(case) = cases.iter_mut().find(|case| case.name == read.case) {
                case.ways[3].fate = fate;
            }
        }
        Ok(())
    }

    async fn purge(&self) -> anyhow::Result<()> {
        if self.stored.is_empty() {
            return Ok(());
        }
        let request = json!({"action": "purge", "stored": self.stored});
        let mut rows = self
            .exec
            .run(&Probe::new(PROBE), &request, &limits())
            .await?;
        while rows.next().await?.is_some() {}
        Ok(())
    }
}

/// All ways, of which only the first is known.
fn ways(python: Fate) -> [Way; 4] {
    let unknown = || Fate::Differs("it did not get there".to_owned());
    [
        Way {
            name: "Python to Python",
            fate: python,
        },
        Way {
            name: "Python to Rust",
            fate: unknown(),
        },
        Way {
            name: "Rust to Rust",
            fate: unknown(),
        },
        Way {
            name: "Rust to Python",
            fate: unknown(),
        },
    ]
}

/// Opens the store that Python is configured with.
async fn open(
    configured: &Configured,
    database: &DatabaseArguments,
) -> anyhow::Result<(ObjectStorage, u64)> {
    let Some(base) = &configured.base else {
        bail!(
            "[common.io] xcom_objectstorage_path is not set where the probe ran: `aileron xcom preflight` says more"
        );
    };
    let Ok(threshold) = u64::try_from(configured.threshold) else {
        bail!(
            "[common.io] xcom_objectstorage_threshold is {}: nothing would be offloaded, so nothing would be proved",
            configured.threshold
        );
    };
    let compression = configured.compression.clone().unwrap_or_default();
    let settings = Settings::of_xcoms(&Config::with_environment([
        ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", base.as_str()),
        (
            "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION",
            compression.as_str(),
        ),
    ]))?;
    let account = place::account(&settings.base, database, &Config::from_env()).await?;
    Ok((ObjectStorage::open(&settings, account.as_ref())?, threshold))
}

fn document(configured: &Configured, cases: &[Case], well: bool) -> Value {
    let fate = |fate: &Fate| match fate {
        Fate::Identical => json!({"identical": true}),
        Fate::Known(why) => json!({"identical": false, "known": why}),
        Fate::Differs(difference) => json!({"identical": false, "difference": difference}),
    };
    let cases = cases.iter().map(|case| {
        let ways = case
            .ways
            .iter()
            .map(|way| (way.name.to_lowercase().replace(' ', "_"), fate(&way.fate)));
        json!({
            "case": case.name, "bytes": case.bytes, "offloaded": case.offloaded,
            "ways": ways.collect::<serde_json::Map<String, Value>>(),
        })
    });
    json!({
        "ok": well, "backend": configured.backend, "base": configured.base, "threshold": configured.threshold,
        "compression": configured.compression, "cases": cases.collect::<Vec<_>>(),
    })
}

fn text(configured: &Configured, cases: &[Case], well: bool) -> String {
    let mut table = Table::new(&[
        "VALUE",
        "BYTES",
        "STORED",
        "PYTHON TO PYTHON",
        "PYTHON TO RUST",
        "RUST TO RUST",
        "RUST TO PYTHON",
    ]);
    let mut remarks = Vec::new();
    for case in cases {
        let mut row = vec![
            case.name.clone(),
            human(case.bytes),
            if case.offloaded { "object" } else { "inline" }.to_owned(),
        ];
        for way in &case.ways {
            row.push(match &way.fate {
                Fate::Identical => "identical".to_owned(),
                Fate::Known(why) => {
                    remarks.push(format!(
                        "{}: {} ({}): {why}",
                        paint(style::NOTE, "note"),
                        case.name,
                        way.name
                    ));
                    "note".to_owned()
                }
                Fate::Differs(difference) => {
                    let remark = format!(
                        "{}: {} ({}): {difference}",
                        paint(style::FAILED, "differs"),
                        case.name,
                        way.name
                    );
                    remarks.push(remark);
                    "DIFFERS".to_owned()
                }
            });
        }
        table.row(row);
    }
    let verdict = match well {
        true => paint(style::OK, "all values come back as they were"),
        false => paint(style::FAILED, "not all values come back as they were"),
    };
    let remarks: String = remarks.into_iter().map(|remark| remark + "\n").collect();
    format!(
        "{}, from {} bytes on in {}, compression {}\n\n{table}\n{remarks}{verdict}\n",
        configured.backend,
        configured.threshold,
        configured.base.as_deref().unwrap_or_default(),
        configured.compression.as_deref().unwrap_or("none"),
    )
}
