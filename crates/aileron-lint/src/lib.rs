//! Finds state that Python Dags keep in the wrong place, and values that XCom cannot carry.
//!
//! A file goes in as text, and diagnostics come out: what is wrong and where, why it breaks, what to use, and where possible
//! a fix. Nothing is imported or run. [`lint_source`] looks at one text. [`project`] looks at many files: it reads settings
//! files ([`configuration`]), finds out which Airflow it is ([`target`]), looks for Python files ([`discovery`]), heeds `# noqa`,
//! and applies fixes. Output is the caller's.
//!
//! ```
//! use aileron_lint::{AirflowVersion, Settings, lint_source};
//!
//! let settings = Settings::new(AirflowVersion::new(3, 3, 2));
//! let found = lint_source("dags/load.py".as_ref(), "print 'loaded'", &settings);
//! assert_eq!(found[0].rule.code, "AIL001");
//! ```
//!
//! A rule is one file in `rules/`. Its doc comment is its published documentation, see [`Rule`].

#![deny(missing_docs)]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod checker;
pub mod configuration;
mod diagnostic;
pub mod discovery;
pub mod documentation;
mod files;
mod fix;
mod fixer;
mod lint;
mod noqa;
mod producer;
pub mod project;
pub mod revision;
mod rule;
mod rules;
mod semantic;
mod settings;
mod source_text;
mod state;
pub mod target;
mod value;
mod version;

pub use diagnostic::{Applicability, Diagnostic, Edit, Fix, Severity};
pub use lint::{lint_change, lint_source};
pub use producer::{Producer, Transport, xcom_producers};
pub use rule::{Documentation, Rule};
pub use rules::{INVALID_SYNTAX, UNREADABLE_FILE, all_rules, find_rule, select_rules};
pub use settings::Settings;
pub use source_text::{Lines, Position};
pub use version::{AirflowVersion, ParseVersionError};
