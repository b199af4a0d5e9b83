//! Saying what is not there, and what is.

use aileron_metastore::Metastore;
use aileron_metastore::inventory::{Filter, Kind, Level};
use anyhow::anyhow;

/// How many names an error lists.
const LISTED: usize = 10;

/// Nothing matches: which of the names is wrong, and which there are.
pub(crate) async fn nothing(
    store: &Metastore,
    what: &str,
    kind: Kind,
    filter: &Filter,
) -> anyhow::Error {
    match wrong_name(store, kind, filter).await {
        Ok(Some(problem)) => anyhow!("{problem}"),
        Ok(None) => anyhow!(
            "{}: no {what} matches; `list` without options shows what there is",
            store.database().name()
        ),
        Err(error) => error,
    }
}

/// The outermost name that does not exist under those above it.
async fn wrong_name(
    store: &Metastore,
    kind: Kind,
    filter: &Filter,
) -> anyhow::Result<Option<String>> {
    for level in Level::all(kind) {
        let Some((noun, asked)) = asked(level, filter) else {
            continue;
        };
        let names = store.inventory().names(level, filter).await?;
        if !names.contains(&asked) {
            let place = match level {
                Level::Dag => store.database().name().to_owned(),
                _ => place(level, filter),
            };
            return Ok(Some(format!(
                "{place}: there is no {noun} {asked:?}{}",
                did_you_mean(&asked, &names)
            )));
        }
    }
    Ok(None)
}

/// What the filter says at a level.
fn asked(level: Level, filter: &Filter) -> Option<(&'static str, String)> {
    let (noun, asked) = match level {
        Level::Dag => ("Dag", filter.dag_id.clone()),
        Level::Run => ("run", filter.run_id.clone()),
        Level::Task => ("task", filter.task_id.clone()),
        Level::MapIndex => ("map index", filter.map_index.map(|index| index.to_string())),
        Level::Key(_) => ("key", filter.key.clone()),
    };
    asked.map(|asked| (noun, asked))
}

/// The names above a level, as a person says them.
fn place(level: Level, filter: &Filter) -> String {
    let above = Level::all(Kind::XCom)
        .into_iter()
        .take_while(|other| match (level, other) {
            (Level::Key(_), Level::Key(_)) => false,
            _ => *other != level,
        });
    let named: Vec<String> = above
        .filter_map(|level| asked(level, filter))
        .map(|(noun, name)| format!("{noun} {name}"))
        .collect();
    match named.is_empty() {
        true => "in all Dags".to_owned(),
        false => named.join(", "),
    }
}

/// `; did you mean ..? There is: ..`
pub(crate) fn did_you_mean(asked: &str, names: &[String]) -> String {
    if names.is_empty() {
        return "; there is none at all".to_owned();
    }
    let nearest = names
        .iter()
        .map(|name| (strsim::jaro_winkler(asked, name), name))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    let guess = nearest.map_or(String::new(), |(_, name)| {
        format!("; did you mean {name:?}?")
    });
    let listed: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    let more = match names.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let separator = if guess.is_empty() {
        "; there"
    } else {
        " There"
    };
    format!("{guess}{separator} is {}{more}", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = names(&["orders", "shop"]);
        assert_eq!(
            did_you_mean("ordres", &known),
            "; did you mean \"orders\"? There is orders, shop"
        );
        assert_eq!(did_you_mean("zzz", &known), "; there is orders, shop");
        assert_eq!(did_you_mean("zzz", &[]), "; there is none at all");
    }

    #[test]
    fn many_names_are_counted() {
        let known: Vec<String> = (0..12).map(|n| format!("t{n}")).collect();
        assert!(did_you_mean("zzz", &known).ends_with("t9 and 2 more"));
    }
}
