//! In which order runs are started again.

use std::collections::{HashMap, HashSet};

use aileron_metastore::inventory::UnfinishedRun;

/// A run whose asset events began another comes before it; among the others the oldest comes first.
///
/// `runs` are given with the oldest first.
#[must_use]
pub(super) fn order(runs: Vec<UnfinishedRun>) -> Vec<UnfinishedRun> {
    let positions: HashMap<(String, String), usize> = runs
        .iter()
        .enumerate()
        .map(|(position, run)| ((run.dag_id.clone(), run.run_id.clone()), position))
        .collect();
    let mut ordered = Vec::with_capacity(runs.len());
    let mut seen = HashSet::new();
    for position in 0..runs.len() {
        // A stack of its own: chains of runs may be long. A run is placed when all that feed it are.
        let mut stack = vec![(position, false)];
        while let Some((position, fed)) = stack.pop() {
            if fed {
                ordered.push(position);
                continue;
            }
            if !seen.insert(position) {
                continue;
            }
            stack.push((position, true));
            let feeding = runs[position].fed_by.iter().rev();
            stack.extend(feeding.filter_map(|run| Some((*positions.get(run)?, false))));
        }
    }
    let mut runs: Vec<Option<UnfinishedRun>> = runs.into_iter().map(Some).collect();
    ordered
        .into_iter()
        .filter_map(|position| runs[position].take())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(name: usize, fed_by: &[usize]) -> UnfinishedRun {
        UnfinishedRun {
            dag_id: "d".into(),
            run_id: name.to_string(),
            state: "running".into(),
            run_after: "2026-01-01T00:00:00Z".parse().unwrap(),
            running: 0,
            fed_by: fed_by
                .iter()
                .map(|name| ("d".into(), name.to_string()))
                .collect(),
        }
    }

    fn names(runs: Vec<UnfinishedRun>) -> Vec<String> {
        order(runs).into_iter().map(|run| run.run_id).collect()
    }

    #[test]
    fn what_feeds_comes_before_what_is_fed_and_the_oldest_comes_first() {
        let runs = vec![run(0, &[3]), run(1, &[]), run(2, &[0]), run(3, &[])];
        assert_eq!(names(runs), ["3", "0", "1", "2"]);
    }

    #[test]
    fn a_circle_of_runs_ends() {
        assert_eq!(names(vec![run(0, &[1]), run(1, &[0])]).len(), 2);
    }

    proptest! {
        #[test]
        fn each_run_is_there_once_and_after_those_that_feed_it(feeds in prop::collection::vec(prop::collection::vec(0_usize..1000, 0..3), 1..20)) {
            // A run is fed by those before it in this list, so that there are no circles; the ages are the other way round.
            let count = feeds.len();
            let runs: Vec<_> = feeds.iter().enumerate().map(|(name, feeds)| {
                let feeds: Vec<usize> = feeds.iter().filter(|_| name > 0).map(|feed| feed % name.max(1)).collect();
                run(name, &feeds)
            }).rev().collect();
            let ordered = order(runs);
            prop_assert_eq!(ordered.len(), count);
            let position = |name: &str| ordered.iter().position(|run| run.run_id == name).unwrap();
            for run in &ordered {
                for (_, feed) in &run.fed_by {
                    prop_assert!(position(feed) < position(&run.run_id));
                }
            }
        }
    }
}
