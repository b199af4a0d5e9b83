//! Reading all XComs, page by page.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::Inventory;
use super::{XComPlace, json_spellings};
use crate::database::{DatabaseError, Dialect, Row, Statement, sql};
use crate::schema::Schema;

/// The rows of the first page.
const FIRST_PAGE: i64 = 500;

/// The most rows of a page.
const LARGEST_PAGE: i64 = 10_000;

/// Pages grow when they come faster than the first, and shrink when they come slower than the second. The server ends a
/// statement after 30 seconds.
const PACE: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(2)];

/// A stored value larger than this is no reference: the path of an object has up to 1,024 bytes.
const LARGEST_REFERENCE: i64 = 8192;

/// The value as text.
const TEXT: &str = "cast(x.value as text)";

/// Whether lengths are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lengths {
    /// The database computes the length of each value, for which it reads all of it.
    Computed,
    /// No value is looked at for its length.
    Skipped,
}

/// Whose text is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Texts {
    /// Of no value.
    None,
    /// Of values that are one JSON string with this in it, and not longer than a reference to an object is.
    References(String),
    /// Of values that have this in one of their strings.
    Mentioning(String),
}

/// Of which runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunChoice {
    /// Of all runs.
    All,
    /// Of runs that are queued or running, and there only of the latest try of each task instance.
    Unfinished,
}

/// What a scan looks at.
#[derive(Debug, Clone)]
pub struct XComScanOptions {
    /// Whether lengths are computed.
    pub lengths: Lengths,
    /// Whose text is loaded.
    pub texts: Texts,
    /// Of which runs.
    pub runs: RunChoice,
}

/// An XCom, without its value.
#[derive(Debug, Clone)]
pub struct StoredXCom {
    /// Its row.
    pub place: XComPlace,
    /// The Dag.
    pub dag_id: String,
    /// The run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
    /// The instance of a mapped task; -1 for a task that is not mapped.
    pub map_index: i64,
    /// The key.
    pub key: String,
    /// When it was written last.
    pub written_at: Timestamp,
    /// The length of its JSON text as Python's `json.dumps` writes it, in bytes: what the threshold of the object-storage backend
    /// is compared with. On PostgreSQL it is exact but for floating point numbers with an exponent; on SQLite it is the
    /// length of what is stored, which is the same where Python wrote it.
    pub length: Option<i64>,
    /// Its JSON text, where the options ask for it.
    pub text: Option<String>,
}

/// Where a page ended.
#[derive(Debug, Clone)]
enum Position {
    Start(&'static str),
    After(XComPlace),
    End,
}

/// All XComs of a database, page by page. Each page sees what was committed before it.
#[derive(Debug)]
pub struct XComScan<'a> {
    inventory: Inventory<'a>,
    options: XComScanOptions,
    page: i64,
    position: Position,
}

impl<'a> Inventory<'a> {
    /// Begins to read all XComs.
    #[must_use]
    pub fn scan_xcoms(&self, options: XComScanOptions) -> XComScan<'a> {
        let first = match self.store.database().schema() {
            Schema::Airflow332 => "xcom",
            Schema::Airflow340b2 => "xcom_v1",
        };
        XComScan {
            inventory: *self,
            options,
            page: FIRST_PAGE,
            position: Position::Start(first),
        }
    }

    /// How many XComs there are about: on PostgreSQL what its statistics say.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn about_how_many_xcoms(&self) -> Result<u64, DatabaseError> {
        let tables: &[&str] = match self.store.database().schema() {
            Schema::Airflow332 => &["xcom"],
            Schema::Airflow340b2 => &["xcom_v1", "xcom_v2"],
        };
        let mut session = self.store.database().read().await?;
        let mut total = 0;
        for table in tables {
            let statement = match session.dialect() {
                Dialect::Sqlite => sql(format!("select count(*) as n from {table}")),
                Dialect::Postgres => sql(
                    "select cast(greatest(reltuples, 0) as bigint) as n from pg_class where oid = to_regclass(",
                )
                .value(*table)
                .push(")"),
            };
            let row = session.optional(statement).await?;
            let count = row.map(|row| row.get::<i64>("n")).transpose()?;
            total += count
                .and_then(|count| u64::try_from(count).ok())
                .unwrap_or(0);
        }
        Ok(total)
    }
}

impl XComScan<'_> {
    /// The next XComs; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn next_page(&mut self) -> Result<Option<Vec<StoredXCom>>, DatabaseError> {
        loop {
            let (table, after) = match &self.position {
                Position::End => return Ok(None),
                Position::Start(table) => (*table, None),
                Position::After(place) => (place.table(), Some(place.clone())),
            };
            let began = Instant::now();
            let statement = self.select(table, after.as_ref());
            let mut session = self.inventory.store.database().read().await?;
            let rows = match session.all(statement).await {
                // Values so large that fewer of them have to be enough.
                Err(DatabaseError::Slow { .. }) if self.page > 1 => {
                    self.page = (self.page / 10).max(1);
                    continue;
                }
                rows => rows?,
            };
            let page: Vec<StoredXCom> = rows
                .iter()
                .map(|row| read(row, table))
                .collect::<Result<_, _>>()?;
            let whole = i64::try_from(page.len()).is_ok_and(|length| length == self.page);
            self.position = match page.last() {
                Some(last) if whole => Position::After(last.place.clone()),
                _ if table == "xcom_v1" => Position::Start("xcom_v2"),
                _ => Position::End,
            };
            self.keep_pace(began.elapsed());
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
    }

    fn keep_pace(&mut self, took: Duration) {
        let [fast, slow] = PACE;
        if took < fast {
            self.page = (self.page * 2).min(LARGEST_PAGE);
        } else if took > slow {
            self.page = (self.page / 4).max(1);
        }
    }

    fn select(&self, table: &'static str, after: Option<&XComPlace>) -> Statement {
        let of_tries = table == "xcom_v2";
        let names = if of_tries {
            "x.id, ti.dag_id, ti.run_id, ti.task_id, ti.region_index as map_index"
        } else {
            "x.dag_run_id, x.dag_id, x.run_id, x.task_id, x.map_index"
        };
        let mut statement = sql(format!("select {names}, x.key, x.timestamp, "));
        statement = match self.options.lengths {
            Lengths::Computed => statement.push(length(self.dialect())),
            Lengths::Skipped => statement.push("null"),
        };
        statement = self
            .text(statement.push(" as length, "))
            .push(" as text from ");
        statement = statement.push(table).push(" x");
        if of_tries {
            statement = statement.push(" join task_instance ti on ti.id = x.task_instance_id");
        }
        statement = self.unfinished(statement.push(" where 1 = 1"), of_tries);
        statement = match after {
            None => statement,
            Some(XComPlace::Try(id)) => statement.push(" and x.id > ").value(*id),
            Some(XComPlace::TaskInstance {
                dag_run_id,
                task_id,
                map_index,
                key,
                ..
            }) => statement
                .push(" and (x.dag_run_id, x.task_id, x.map_index, x.key) > (")
                .value(*dag_run_id)
                .push(", ")
                .value(task_id)
                .push(", ")
                .value(*map_index)
                .push(", ")
                .value(key)
                .push(")"),
        };
        let order = if of_tries {
            " order by x.id limit "
        } else {
            " order by x.dag_run_id, x.task_id, x.map_index, x.key limit "
        };
        statement.push(order).value(self.page)
    }

    fn unfinished(&self, statement: Statement, of_tries: bool) -> Statement {
        const STATES: &str = "r.state in ('queued', 'running')";
        match (self.options.runs, of_tries) {
            (RunChoice::All, _) => statement,
            (RunChoice::Unfinished, false) => statement.push(&format!(
                " and x.dag_run_id in (select r.id from dag_run r where {STATES})"
            )),
            (RunChoice::Unfinished, true) => statement.push(&format!(
                " and ti.working_set and exists (select 1 from dag_run r where r.dag_id = ti.dag_id \
                 and r.run_id = ti.run_id and {STATES})"
            )),
        }
    }

    /// Adds the text of the value, or null where it is not asked for.
    fn text(&self, statement: Statement) -> Statement {
        match &self.options.texts {
            Texts::None => statement.push("null"),
            Texts::References(part) => {
                let statement = statement.push("case when ");
                // The size is known without reading a large value.
                let statement = match self.dialect() {
                    Dialect::Sqlite => statement,
                    Dialect::Postgres => statement.push(&format!(
                        "pg_column_size(x.value) < {LARGEST_REFERENCE} and "
                    )),
                };
                let statement = statement.push(&format!("substr({TEXT}, 1, 1) = '\"' and "));
                self.mention(statement, part)
            }
            Texts::Mentioning(part) => self.mention(statement.push("case when "), part),
        }
    }

    fn mention(&self, mut statement: Statement, part: &str) -> Statement {
        let position = match self.dialect() {
            Dialect::Sqlite => "instr",
            Dialect::Postgres => "strpos",
        };
        let mut separator = "(";
        for spelled in json_spellings(part) {
            statement = statement
                .push(&format!("{separator}{position}({TEXT}, "))
                .value(spelled)
                .push(") > 0");
            separator = " or ";
        }
        statement.push(&format!(") then {TEXT} end"))
    }

    fn dialect(&self) -> Dialect {
        self.inventory.store.database().dialect()
    }
}

/// The length of `x.value` as Python's `json.dumps` writes it: `jsonb` has the same spaces, and other characters than those of
/// ASCII become `\uXXXX`, or two of these.
fn length(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "length(cast(x.value as blob))",
        // `offset 0` keeps PostgreSQL from making the text four times.
        Dialect::Postgres => {
            r"(select case when octet_length(t) = char_length(t) then octet_length(t)
               else char_length(t)
                 + 5 * char_length(regexp_replace(t, '[\u0001-\u007f]+', '', 'g'))
                 + 6 * char_length(regexp_replace(t, '[\u0001-\uffff]+', '', 'g')) end
               from (select cast(x.value as text) as t offset 0) s)"
        }
    }
}

fn read(row: &Row, table: &'static str) -> Result<StoredXCom, DatabaseError> {
    let task_id: String = row.get("task_id")?;
    let map_index: i64 = row.get("map_index")?;
    let key: String = row.get("key")?;
    let place = if table == "xcom_v2" {
        XComPlace::Try(row.get("id")?)
    } else {
        XComPlace::TaskInstance {
            table,
            dag_run_id: row.get("dag_run_id")?,
            task_id: task_id.clone(),
            map_index,
            key: key.clone(),
        }
    };
    Ok(StoredXCom {
        place,
        dag_id: row.get("dag_id")?,
        run_id: row.get("run_id")?,
        task_id,
        map_index,
        key,
        written_at: row.get("timestamp")?,
        length: row.get("length")?,
        text: row.get("text")?,
    })
}

#[cfg(test)]
impl XComScan<'_> {
    /// The smallest pages.
    pub(super) fn one_row_at_a_time(&mut self) {
        self.page = 1;
    }
}
