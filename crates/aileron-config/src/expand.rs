//! Variables and the home directory in a value.

/// Values that name each other would be expanded for ever; Airflow hangs on them.
const MOST_ROUNDS: usize = 16;

/// Expands `$NAME`, `${NAME}` and a leading `~/` until nothing changes any more. Unknown variables stay as they are.
pub(crate) fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut text = text.to_owned();
    for _ in 0..MOST_ROUNDS {
        let expanded = expand_home(&expand_once(&text, &variable), &variable);
        if expanded == text {
            break;
        }
        text = expanded;
    }
    text
}

fn expand_home(text: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => match variable("HOME") {
            Some(home) => format!("{}{rest}", home.trim_end_matches('/')),
            None => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}

fn expand_once(text: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let (name, length) = name(after);
        match name.and_then(&variable) {
            Some(value) => expanded.push_str(&value),
            None => {
                expanded.push('$');
                expanded.push_str(&after[..length]);
            }
        }
        rest = &after[length..];
    }
    expanded.push_str(rest);
    expanded
}

/// The name at the start of what comes after a `$`, and how many bytes it takes.
fn name(after: &str) -> (Option<&str>, usize) {
    if let Some(braced) = after.strip_prefix('{') {
        return match braced.split_once('}') {
            Some((name, _)) => (Some(name), name.len() + 2),
            None => (None, 0),
        };
    }
    let length = after
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(after.len());
    ((length > 0).then(|| &after[..length]), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        expand(text, |name| match name {
            "HOME" => Some("/home/ada".to_owned()),
            "ROOT" => Some("~/data".to_owned()),
            "LOOP" => Some("x$LOOP".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn variables_and_the_home_directory_are_expanded_until_nothing_changes() {
        assert_eq!(expanded("$ROOT/a"), "/home/ada/data/a");
        assert_eq!(expanded("${ROOT}b"), "/home/ada/datab");
        assert_eq!(expanded("~"), "/home/ada");
        assert_eq!(
            expanded("a~/b $UNKNOWN ${UNKNOWN} $ ${"),
            "a~/b $UNKNOWN ${UNKNOWN} $ ${"
        );
    }

    #[test]
    fn a_variable_that_names_itself_ends() {
        assert!(expanded("$LOOP").starts_with("xx"));
    }
}
