//! What can go wrong with a database.

use aileron_execution_api::{ApiError, ErrorKind};

use crate::schema::Schema;

/// A database that did not do what it was asked.
///
/// Names the database by path, or by host and name; shows neither passwords nor values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// There is no such file.
    #[error("{database}: no such file; check the path, or run `aileron run` to make it")]
    Missing {
        /// The path.
        database: String,
    },
    /// The file could not be made.
    #[error("{database}: cannot make the file: {source}")]
    Create {
        /// The path.
        database: String,
        /// Why.
        source: std::io::Error,
    },
    /// A URL that makes no sense.
    #[error("the URL of the database is not of the form postgresql://user:password@host:port/name")]
    Url,
    /// The file is something else, or damaged.
    #[error(
        "{database}: not a SQLite database, or a damaged one; restore it from a copy, or move it away to begin anew"
    )]
    NotADatabase {
        /// The path.
        database: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A schema that is not known here.
    #[error("{}", unknown_revision(.database, .found.as_deref()))]
    Revision {
        /// The database.
        database: String,
        /// Its revision; `None` when it has none.
        found: Option<String>,
    },
    /// Another process writes for too long.
    #[error("{database}: locked by another process for too long; end that process, or try again")]
    Locked {
        /// The path.
        database: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// No room.
    #[error("{database}: no space left to write; make room on the disk and try again")]
    Full {
        /// The database.
        database: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The file or its directory cannot be written.
    #[error(
        "{database}: cannot be opened or written; give yourself the right to write the file and its directory"
    )]
    ReadOnly {
        /// The path.
        database: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// Nobody answers.
    #[error(
        "{database}: cannot be reached ({source}); check that it is there and takes connections"
    )]
    Away {
        /// The database.
        database: String,
        /// What the connection said.
        source: sqlx::Error,
    },
    /// A statement took too long, and was ended.
    #[error(
        "{database}: a statement took longer than its time limit; try again, and look for what keeps the database busy"
    )]
    Slow {
        /// The database.
        database: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A rule of the schema was broken: a key that exists already, or one that does not.
    #[error("{database}: a rule of the schema was broken: {source}")]
    Constraint {
        /// The database.
        database: String,
        /// Which kind of rule.
        kind: ConstraintKind,
        /// What the database said.
        source: sqlx::Error,
    },
    /// Anything else.
    #[error("{database}: {source}")]
    Other {
        /// The database.
        database: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// What stands in a column is not what it should be.
    #[error("column {column}: {problem}")]
    Column {
        /// The column.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// A value that cannot be sent.
    #[error("a value cannot be sent to the database: {0}")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Which kind of rule of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConstraintKind {
    /// A key that exists already.
    Unique,
    /// A key of another table that does not exist.
    ForeignKey,
    /// Another rule.
    Other,
}

fn unknown_revision(database: &str, found: Option<&str>) -> String {
    let name = |schema: Schema| {
        format!(
            "{} of Airflow {}",
            schema.revision(),
            schema.airflow_version()
        )
    };
    let known: Vec<String> = Schema::ALL.into_iter().map(name).collect();
    let known = known.join(" and ");
    let created = Schema::default().airflow_version();
    match found {
        Some(found) => match Schema::of_revision(found) {
            Some(schema) => format!(
                "{database}: its schema has the revision {}, which is served and not run or looked \
                 into; for that it has to be that of Airflow {created}",
                name(schema)
            ),
            None => format!(
                "{database}: its schema has the revision {found}, and this program knows {known}; \
                 use another database, or migrate this one with such an Airflow"
            ),
        },
        None => format!(
            "{database}: no Airflow schema in it, so no revision; this program knows {known}; use \
             another database"
        ),
    }
}

impl DatabaseError {
    pub(super) fn encode(error: sqlx::error::BoxDynError) -> Self {
        Self::Encode(error)
    }

    pub(super) fn of(database: &str, source: sqlx::Error) -> Self {
        let database = database.to_owned();
        let sqlx::Error::Database(error) = &source else {
            return if is_away(&source) {
                Self::Away { database, source }
            } else {
                Self::Other { database, source }
            };
        };
        let kind = match error.kind() {
            sqlx::error::ErrorKind::UniqueViolation => Some(ConstraintKind::Unique),
            sqlx::error::ErrorKind::ForeignKeyViolation => Some(ConstraintKind::ForeignKey),
            sqlx::error::ErrorKind::NotNullViolation | sqlx::error::ErrorKind::CheckViolation => {
                Some(ConstraintKind::Other)
            }
            _ => None,
        };
        if let Some(kind) = kind {
            return Self::Constraint {
                database,
                kind,
                source,
            };
        }
        match error.code().as_deref().map(Cause::of) {
            Some(Cause::Locked) => Self::Locked { database, source },
            Some(Cause::Full) => Self::Full { database, source },
            Some(Cause::ReadOnly) => Self::ReadOnly { database, source },
            Some(Cause::NotADatabase) => Self::NotADatabase { database, source },
            Some(Cause::Away) => Self::Away { database, source },
            Some(Cause::Slow) => Self::Slow { database, source },
            Some(Cause::Other) | None => Self::Other { database, source },
        }
    }

    /// Whether a key exists already.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(
            self,
            Self::Constraint {
                kind: ConstraintKind::Unique,
                ..
            }
        )
    }

    /// The error of a request that failed because of this.
    #[must_use]
    pub fn into_api(self, operation: impl Into<String>) -> ApiError {
        let kind = match self {
            Self::Locked { .. }
            | Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::NotADatabase { .. }
            | Self::Missing { .. }
            | Self::Slow { .. }
            | Self::Away { .. } => ErrorKind::Unavailable,
            _ => ErrorKind::ServerError,
        };
        ApiError::new(kind, operation, self.to_string())
    }
}

fn is_away(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
    )
}

enum Cause {
    Locked,
    Full,
    ReadOnly,
    NotADatabase,
    Away,
    Slow,
    Other,
}

impl Cause {
    /// The cause that a code stands for: a number of SQLite, five characters of PostgreSQL.
    fn of(code: &str) -> Self {
        match code.parse::<u32>() {
            Ok(number) if code.len() < 5 => Self::of_sqlite(number),
            _ => Self::of_postgres(code),
        }
    }

    fn of_sqlite(code: u32) -> Self {
        const IOERR_FSYNC: u32 = 1034;
        const IOERR_WRITE: u32 = 778;
        const IOERR_SHMSIZE: u32 = 4874;
        match code {
            // A disk without space shows in the log of a file as an error of writing.
            IOERR_FSYNC | IOERR_WRITE | IOERR_SHMSIZE => return Self::Full,
            _ => {}
        }
        // The lower eight bits are the error, the others say more about it.
        match code & 0xff {
            5 | 6 => Self::Locked,
            // 14 is a file that cannot be opened: SQLite also says so where it may not write beside it.
            8 | 14 => Self::ReadOnly,
            11 | 26 => Self::NotADatabase,
            13 => Self::Full,
            10 => Self::Away,
            _ => Self::Other,
        }
    }

    fn of_postgres(code: &str) -> Self {
        // The first two characters are the class.
        let class = code.get(..2).unwrap_or_default();
        match code {
            "53100" => Self::Full,
            "25006" => Self::ReadOnly,
            "55P03" | "40P01" | "40001" => Self::Locked,
            "57014" => Self::Slow,
            // A transaction that was ended while it was idle.
            "25P03" | "25P04" => Self::Slow,
            // The connection, who may connect, which database, resources, an administrator.
            _ if ["08", "28", "3D", "53", "57", "58"].contains(&class) => Self::Away,
            _ => Self::Other,
        }
    }
}
