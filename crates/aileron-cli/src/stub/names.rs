//! Python names: valid, not reserved, unique in their scope.

use std::collections::HashSet;

/// Words of the language that cannot be names.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Names the generated file uses itself.
const USED: &[&str] = &[
    "annotations",
    "Any",
    "Asset",
    "AssetAlias",
    "bool",
    "dag",
    "dict",
    "float",
    "int",
    "list",
    "NotImplementedError",
    "pendulum",
    "str",
    "task",
    "timedelta",
];

/// Airflow's context keys, which it refuses as parameters of a stub (`airflow/sdk/definitions/context.py`, 3.3.2 and
/// 3.4.0b2).
const CONTEXT_KEYS: &[&str] = &[
    "asset_state_store",
    "conn",
    "conf",
    "dag",
    "dag_run",
    "data_interval_end",
    "data_interval_start",
    "ds",
    "ds_nodash",
    "exception",
    "expanded_ti_count",
    "inlet_events",
    "inlets",
    "logical_date",
    "loop",
    "macros",
    "map_index_template",
    "outlet_events",
    "outlets",
    "params",
    "partition_date",
    "partition_key",
    "prev_data_interval_end_success",
    "prev_data_interval_start_success",
    "prev_end_date_success",
    "prev_start_date_success",
    "reason",
    "run_id",
    "task",
    "task_instance",
    "task_instance_key_str",
    "task_reschedule_count",
    "task_state_store",
    "templates_dict",
    "test_mode",
    "ti",
    "triggering_asset_events",
    "try_number",
    "ts",
    "ts_nodash",
    "ts_nodash_with_tz",
    "var",
];

/// The names taken in a scope.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    taken: HashSet<String>,
}

impl Scope {
    /// The scope of a module: its own imports are taken.
    pub(super) fn module() -> Scope {
        Scope {
            taken: USED.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// The scope of a stub's parameters.
    pub(super) fn parameters() -> Scope {
        let taken = CONTEXT_KEYS.iter().chain(["self"].iter());
        Scope {
            taken: taken.map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Takes a name like `wanted`: other characters become `_`, and `_`, `_2`, `_3`... is appended where it has to be.
    pub(super) fn take(&mut self, wanted: &str) -> String {
        let base = identifier(wanted);
        let mut name = base.clone();
        let mut number = 1;
        while self.taken.contains(&name) || KEYWORDS.contains(&name.as_str()) {
            name = if number == 1 {
                format!("{base}_")
            } else {
                format!("{base}_{number}")
            };
            number += 1;
        }
        self.taken.insert(name.clone());
        name
    }
}

/// `wanted` with everything replaced that an ASCII Python name cannot have.
fn identifier(wanted: &str) -> String {
    let wanted = wanted.strip_prefix("r#").unwrap_or(wanted);
    let mut name: String = wanted
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    // A name that starts with two underscores would be mangled in a class, one that starts with a digit is none.
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// Whether `name` can stand in an `import` as it is.
pub(super) fn is_importable(name: &str) -> bool {
    identifier(name) == name && !KEYWORDS.contains(&name)
}

/// Parses the name of a Python module: names separated by dots.
pub(super) fn module(text: &str) -> Result<String, String> {
    if text.split('.').all(is_importable) {
        return Ok(text.to_owned());
    }
    Err("not the name of a Python module, like `orders_python` or `company.orders`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_valid_python_and_unique() {
        let mut scope = Scope::module();
        let names = [
            "load", "load", "load", "a-b", "a.b", "1st", "import", "dag", "r#type", "", "täsk",
        ]
        .map(|n| scope.take(n));
        let expected = [
            "load", "load_", "load_2", "a_b", "a_b_", "_1st", "import_", "dag_", "type", "_",
            "t_sk",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn airflow_context_keys_are_not_used_as_parameters() {
        let mut scope = Scope::parameters();
        assert_eq!(
            ["run_id", "params", "country"].map(|n| scope.take(n)),
            ["run_id_", "params_", "country"]
        );
    }

    #[test]
    fn module_names_are_checked() {
        assert!(module("orders_python").is_ok() && module("company.orders").is_ok());
        for wrong in ["", "a b", "a..b", "1a", "a.import", "os; x"] {
            assert!(module(wrong).is_err(), "{wrong:?}");
        }
    }
}
