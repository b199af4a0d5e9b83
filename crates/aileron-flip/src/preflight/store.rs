//! Checks of the store.

use super::check::Check;
use super::fact::{Fact, RuleFact};

/// What has to work.
const STEPS: [&str; 5] = ["open", "put", "get", "list", "delete"];

pub(super) fn store(facts: &[Fact]) -> Check {
    const NAME: &str = "store";
    let mut done = Vec::new();
    let mut object = String::new();
    for fact in facts {
        let Fact::Store {
            step,
            took_ms,
            detail,
            problem,
        } = fact
        else {
            continue;
        };
        if let Some(problem) = problem {
            let so_far = match done.is_empty() {
                true => String::new(),
                false => format!(", after {}", done.join(", ")),
            };
            return Check::fail(
                NAME,
                format!("{step} failed{so_far}: {problem}"),
                "give the connection of the base path the rights to put, get, list and delete below it, and see that it is \
                 there for workers",
            );
        }
        object.extend(detail.clone());
        done.push(match (step.as_str(), took_ms) {
            ("open", _) | (_, None) => step.clone(),
            (_, Some(took)) => format!("{step} {took} ms"),
        });
    }
    match done.len() == STEPS.len() {
        true => Check::pass(NAME, format!("{}: {object}", done[1..].join(", "))),
        false => Check::unknown(NAME, "the store was not tried", "see the checks above"),
    }
}

pub(super) fn lifecycle(facts: &[Fact]) -> Check {
    const NAME: &str = "lifecycle";
    let found = facts.iter().find_map(|fact| match fact {
        Fact::Lifecycle {
            scheme,
            prefix,
            rules,
            problem,
        } => Some((scheme, prefix, rules, problem)),
        _ => None,
    });
    let Some((scheme, prefix, rules, problem)) = found else {
        return Check::unknown(
            NAME,
            "the probe did not get that far",
            "see the checks above",
        );
    };
    if let Some(problem) = problem {
        return Check::unknown(
            NAME,
            format!("the rules of the bucket cannot be read: {problem}"),
            "give the right GetLifecycleConfiguration, or look yourself and pass --skip lifecycle",
        );
    }
    let (Some(rules), Some(prefix)) = (rules, prefix) else {
        return Check::unknown(
            NAME,
            format!("{scheme}:// has no rules that are read here"),
            "run `aileron xcom sweep --delete` every day, or set the rule yourself, and pass --skip lifecycle",
        );
    };
    let below = match prefix.as_str() {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let covers = |rule: &&RuleFact| {
        let prefix = rule.prefix.as_deref();
        rule.enabled
            && rule.days.is_some()
            && prefix.is_some_and(|prefix| below.starts_with(prefix))
    };
    match rules.iter().find(covers) {
        Some(rule) => Check::pass(
            NAME,
            format!(
                "the rule {:?} lets objects below {below:?} expire after {} days",
                rule.id,
                rule.days.unwrap_or_default()
            ),
        ),
        None => Check::fail(
            NAME,
            format!(
                "none of the bucket's {} rules lets objects below {below:?} expire",
                rules.len()
            ),
            "`aileron xcom lifecycle --apply` adds one",
        ),
    }
}
