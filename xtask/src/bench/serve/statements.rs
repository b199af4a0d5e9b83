//! Statements and their values, from PostgreSQL's log.

/// A statement as PostgreSQL got it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    /// With `$1`, `$2`.. for its values.
    pub(super) text: String,
    /// `None` is null.
    pub(super) values: Vec<Option<String>>,
}

/// The statements that were executed, in their order.
pub(super) fn read(log: &str) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for line in log.lines() {
        if let Some((_, said)) = line.split_once("] LOG:  ") {
            statements.extend(executed(said).map(|text| Statement {
                text: text.to_owned(),
                values: Vec::new(),
            }));
        } else if let Some((_, said)) = line.split_once("] DETAIL:  ") {
            let list = said
                .strip_prefix("parameters: ")
                .or_else(|| said.strip_prefix("Parameters: "));
            if let (Some(list), Some(last)) = (list, statements.last_mut()) {
                last.values = values(list);
            }
        }
    }
    statements
}

/// `statement: ..` or `execute NAME: ..`.
fn executed(said: &str) -> Option<&str> {
    if let Some(text) = said.strip_prefix("statement: ") {
        return Some(text);
    }
    let (_, text) = said.strip_prefix("execute ")?.split_once(": ")?;
    Some(text)
}

/// `$1 = 'it''s', $2 = NULL`.
fn values(list: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = list;
    while let Some((_, value)) = rest.split_once(" = ") {
        let Some(mut quoted) = value.strip_prefix('\'') else {
            values.push(None);
            rest = value.strip_prefix("NULL").unwrap_or_default();
            continue;
        };
        let mut text = String::new();
        while let Some((part, after)) = quoted.split_once('\'') {
            text.push_str(part);
            quoted = after;
            // Two quotes are one.
            match quoted.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    quoted = more;
                }
                None => break,
            }
        }
        values.push(Some(text));
        rest = quoted;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_come_with_their_values() {
        let log = "\
2026-11-20 12:00:00.000 +0545 [7] LOG:  statement: begin
2026-11-20 12:00:00.001 +0545 [7] LOG:  execute sqlx_s_1: select a from b where c = $1 and d = $2 and e = $3
2026-11-20 12:00:00.001 +0545 [7] DETAIL:  parameters: $1 = 'it''s = ', $2 = NULL, $3 = ''
2026-11-20 12:00:00.002 +0545 [9] LOG:  checkpoint starting: time
2026-11-20 12:00:00.002 +0545 [7] LOG:  statement: commit
";
        let statement = |text: &str, values: &[Option<&str>]| Statement {
            text: text.to_owned(),
            values: values
                .iter()
                .map(|value| value.map(str::to_owned))
                .collect(),
        };
        assert_eq!(
            read(log),
            [
                statement("begin", &[]),
                statement(
                    "select a from b where c = $1 and d = $2 and e = $3",
                    &[Some("it's = "), None, Some("")]
                ),
                statement("commit", &[]),
            ]
        );
    }
}
