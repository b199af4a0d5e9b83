//! Finding and reading Python files: what is looked at, what is left out, and what cannot be read.

mod airflowignore;
mod depth;
mod read;
mod walk;

use std::path::PathBuf;

pub(crate) use depth::is_too_deep;

pub use airflowignore::{IgnoreSyntax, ParseSyntaxError};
pub use read::{Source, read};
pub use walk::{Discovery, Found, discover};

/// Why a file is not checked. Reported, and the run goes on.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", path.display())]
pub struct Problem {
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum ProblemKind {
    /// It cannot be opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The walk fails here: a directory without permission, a damaged link.
    #[error("cannot be walked: {0}")]
    Walk(String),
    /// A symbolic link leads back to a directory above it.
    #[error("a symbolic link that leads back to {}: Airflow stops reading Dags at it", .0.display())]
    Loop(PathBuf),
    /// It is larger than the settings allow.
    #[error("{size} bytes, more than max-file-size = {limit}: not checked")]
    Huge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It has zero bytes.
    #[error("not text: it has zero bytes")]
    Binary,
    /// It has an expression that is too long to look at.
    #[error("an expression of more than 50,000 links: not checked")]
    TooDeep,
    /// It is not UTF-8.
    #[error("not UTF-8 at byte {at}: Python cannot read it")]
    NotUtf8 {
        /// Where, in bytes.
        at: usize,
    },
    /// It declares another encoding than UTF-8.
    #[error("declares the encoding {0}: only UTF-8 is checked")]
    OtherEncoding(String),
    /// A pattern in an ignore file is not valid.
    #[error("line {line}: the pattern {pattern:?} is not valid, and Airflow ignores it: {reason}")]
    Pattern {
        /// Its line, from 1.
        line: usize,
        /// The pattern.
        pattern: String,
        /// Why.
        reason: String,
    },
}
