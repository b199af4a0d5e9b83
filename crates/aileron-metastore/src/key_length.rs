//! Keys have a length. SQLite would not mind a longer one; PostgreSQL does.

use aileron_execution_api::ErrorKind;

use crate::failure::Failure;

/// Refuses an empty key, and one of more than `most` characters.
pub(crate) fn check(of_what: &str, key: &str, most: usize) -> Result<(), Failure> {
    let length = key.chars().count();
    if (1..=most).contains(&length) {
        return Ok(());
    }
    Err(Failure::because(
        ErrorKind::BadRequest,
        "invalid_key",
        format!("the key of {of_what} has 1 to {most} characters; this one has {length}"),
    ))
}
