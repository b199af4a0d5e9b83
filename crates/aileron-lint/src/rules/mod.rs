//! The rules: one file each.

mod changed_external_id_key;
mod early_store_name;
mod execute_in_resumable_job;
mod hand_rolled_transport;
mod invalid_syntax;
mod job_id_in_own_xcom;
mod job_id_in_variable;
mod mapped_asset_store;
mod naive_datetime_in_store;
mod none_in_store;
mod not_json_in_store;
mod not_json_xcom;
mod own_xcom_as_checkpoint;
mod resumable_job_without_retries;
mod short_retention;
mod store_before_release;
mod store_in_context_and_argument;
mod submit_and_wait;
mod undeclared_asset_store;
mod unreadable_file;
mod utcnow_watermark;
mod variable_as_cursor;
mod variable_as_watermark;
mod variable_at_import;
mod xcom_in_plain_field;

use crate::rule::Rule;

/// A file that is no Python.
pub static INVALID_SYNTAX: &Rule = &invalid_syntax::RULE;
/// A file that is no text, or cannot be read. Who reads files reports it.
pub static UNREADABLE_FILE: &Rule = &unreadable_file::RULE;

/// All rules, by code.
#[must_use]
pub fn all_rules() -> &'static [&'static Rule] {
    static ALL: &[&Rule] = &[
        &invalid_syntax::RULE,
        &unreadable_file::RULE,
        &variable_as_cursor::RULE,
        &variable_as_watermark::RULE,
        &job_id_in_variable::RULE,
        &job_id_in_own_xcom::RULE,
        &own_xcom_as_checkpoint::RULE,
        &submit_and_wait::RULE,
        &variable_at_import::RULE,
        &utcnow_watermark::RULE,
        &xcom_in_plain_field::RULE,
        &hand_rolled_transport::RULE,
        &not_json_xcom::RULE,
        &early_store_name::RULE,
        &store_before_release::RULE,
        &mapped_asset_store::RULE,
        &store_in_context_and_argument::RULE,
        &none_in_store::RULE,
        &not_json_in_store::RULE,
        &naive_datetime_in_store::RULE,
        &short_retention::RULE,
        &changed_external_id_key::RULE,
        &execute_in_resumable_job::RULE,
        &resumable_job_without_retries::RULE,
        &undeclared_asset_store::RULE,
    ];
    ALL
}

/// A rule by its code or its name.
#[must_use]
pub fn find_rule(code_or_name: &str) -> Option<&'static Rule> {
    all_rules()
        .iter()
        .copied()
        .find(|rule| rule.code == code_or_name || rule.name == code_or_name)
}

/// The rules a selector means: a code, a name, the beginning of codes (`AIL1`), or `ALL`. Nothing if it means none.
#[must_use]
pub fn select_rules(selector: &str) -> Vec<&'static Rule> {
    let by_prefix = selector.starts_with("AIL");
    all_rules()
        .iter()
        .copied()
        .filter(|rule| {
            selector == "ALL"
                || rule.name == selector
                || (by_prefix && rule.code.starts_with(selector))
        })
        .collect()
}
