//! The two statements, in the words of one database.

use crate::xcom::XComQuery;

/// How a database says what the others say differently.
pub(super) struct Words {
    /// The columns of an XCom beside task, map index and key.
    pub(super) xcom: &'static str,
    /// The columns of a run.
    pub(super) run: &'static str,
}

/// A value of a statement.
pub(super) enum Bound<'a> {
    Text(&'a str),
    Number(i64),
}

/// The XComs of a run: its statement, and the values in their order.
pub(super) fn xcoms<'a>(words: &Words, query: &'a XComQuery) -> (String, Vec<Bound<'a>>) {
    let mut bound = vec![
        Bound::Text(&query.dag_id),
        Bound::Text(&query.run_id),
        Bound::Text(&query.key),
    ];
    let mut text = format!(
        "SELECT x.task_id, x.map_index, x.key, {} FROM xcom x \
         WHERE x.dag_run_id = (SELECT r.id FROM dag_run r WHERE r.dag_id = $1 AND r.run_id = $2) AND x.key = $3",
        words.xcom
    );
    if let Some(task_id) = &query.task_id {
        bound.push(Bound::Text(task_id));
        text.push_str(&format!(" AND x.task_id = ${}", bound.len()));
    }
    if let Some(map_index) = query.map_index {
        bound.push(Bound::Number(map_index));
        text.push_str(&format!(" AND x.map_index = ${}", bound.len()));
    }
    text.push_str(" ORDER BY x.timestamp DESC, x.task_id, x.map_index");
    limit(&mut text, &mut bound, query.limit);
    (text, bound)
}

/// The runs of a Dag.
pub(super) fn runs<'a>(
    words: &Words,
    dag_id: &'a str,
    most: Option<u64>,
) -> (String, Vec<Bound<'a>>) {
    let mut bound = vec![Bound::Text(dag_id)];
    let mut text = format!(
        "SELECT {} FROM dag_run r WHERE r.dag_id = $1 ORDER BY r.id DESC",
        words.run
    );
    limit(&mut text, &mut bound, most);
    (text, bound)
}

fn limit(text: &mut String, bound: &mut Vec<Bound<'_>>, most: Option<u64>) {
    if let Some(most) = most {
        bound.push(Bound::Number(i64::try_from(most).unwrap_or(i64::MAX)));
        text.push_str(&format!(" LIMIT ${}", bound.len()));
    }
}
