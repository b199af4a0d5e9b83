//! `aileron xcom calibrate`: how large XComs are, and which threshold follows.

mod document;
mod text;

use aileron_config::Config;
use aileron_flip::calibrate::{Distribution, Proposal};

use super::{metadata, place, progress::progress};
use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use crate::stored::{Access, DatabaseArguments};

/// Show how large the XComs of an Airflow are, and propose the threshold.
///
/// The database computes the lengths, and no value is loaded. They are those of the JSON that Airflow's object-storage backend compares
/// with `[common.io] xcom_objectstorage_threshold`. A key of a task whose median is below --data-from is taken for
/// control flow, and the others for data; the proposal keeps 99.9 % of all control flow inline, with room to double.
///
/// Without --db it is the database of `[database] sql_alchemy_conn`, or else that of `aileron run`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    base: place::BaseText,
    /// The median, in bytes, from which the values of a key are taken for data.
    #[arg(long, value_name = "BYTES", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(1..))]
    data_from: u64,
    /// How many keys of tasks the table shows, those with the most bytes first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// How to print the result; JSON has every key of every task.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(
    arguments: &Arguments,
    database: &DatabaseArguments,
) -> anyhow::Result<Outcome> {
    let config = Config::from_env();
    let store = metadata::open(database, &config, Access::Read).await?;
    let base = arguments.base.name(&config)?;
    let total = store.inventory().about_how_many_xcoms().await?;
    let bar = progress("XComs", Some(total));
    let distribution = Distribution::read(&store, base.as_ref(), |seen| {
        bar.set_length(total.max(seen));
        bar.set_position(seen);
    })
    .await?;
    bar.finish_and_clear();
    let report = Report {
        database: store.database().name().to_owned(),
        proposal: Proposal::of(&distribution, arguments.data_from),
        distribution,
    };
    match arguments.format {
        Format::Json => print_json(&document::document(&report, arguments.data_from))?,
        Format::Text => print_text(&text::text(&report, arguments.data_from, arguments.top))?,
    }
    Ok(Outcome::Done)
}

/// What was found.
struct Report {
    database: String,
    distribution: Distribution,
    proposal: Option<Proposal>,
}
