//! All XComs of a database, page by page: how long they are, and which of them refer to an object store.
//!
//! A value is never loaded to learn its length, and pages keep the memory flat however many there are.

mod place;
mod restore;
mod scan;
mod spelling;
#[cfg(test)]
mod tests;

pub use place::XComPlace;
pub use restore::Restored;
pub use scan::{Lengths, RunChoice, StoredXCom, Texts, XComScan, XComScanOptions};
pub use spelling::json_spellings;
