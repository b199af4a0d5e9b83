//! The check of the threshold against the sizes of real XComs.

use super::check::Check;
use super::configuration::threshold_value;
use super::fact::Fact;
use crate::calibrate::{Distribution, Proposal, SHARE, Source};

pub(super) fn sizes(facts: &[Fact], data_from: u64) -> Check {
    const NAME: &str = "sizes";
    let mut distribution = Distribution::default();
    let mut read = false;
    for fact in facts {
        match fact {
            Fact::Size {
                dag_id,
                task_id,
                key,
                bytes,
                count,
            } => {
                let source = Source {
                    dag_id: dag_id.clone(),
                    task_id: task_id.clone(),
                    key: key.clone(),
                };
                distribution
                    .sources
                    .entry(source)
                    .or_default()
                    .record_many(*bytes, *count);
            }
            Fact::SizesRead => read = true,
            Fact::SizesNotRead { problem } => {
                return Check::unknown(
                    NAME,
                    format!("the database cannot be read from there: {problem}"),
                    "run `aileron xcom calibrate` where the database is, and pass --skip sizes",
                );
            }
            _ => {}
        }
    }
    if !read {
        return Check::unknown(
            NAME,
            "the probe did not get that far",
            "see the checks above",
        );
    }
    let Some(threshold) = threshold_value(facts).and_then(|value| u64::try_from(value).ok()) else {
        return Check::unknown(
            NAME,
            "there is no threshold to compare with",
            "see the check `threshold`",
        );
    };
    let Some(proposal) = Proposal::of(&distribution, data_from) else {
        return Check::unknown(
            NAME,
            format!(
                "{} XComs, none of control flow",
                distribution.overall().count()
            ),
            "let the Dags run first, or pass --skip sizes",
        );
    };
    let (inline, count) = (
        proposal.control_flow.quantile(SHARE),
        proposal.control_flow.count(),
    );
    let evidence = format!(
        "99.9 % of {count} XComs of control flow have up to {inline} bytes, the threshold is {threshold}; \
         `aileron xcom calibrate` proposes {}",
        proposal.threshold
    );
    match inline < threshold {
        true => Check::pass(NAME, evidence),
        false => Check::fail(
            NAME,
            evidence,
            "control flow would be offloaded: a request to the store for each small value. Raise the threshold",
        ),
    }
}
