//! Edits on imports.

use ruff_python_ast::{Expr, ModModule, Stmt, StmtImportFrom};
use ruff_text_size::{Ranged, TextRange};

use super::text::{insert, is_used_outside, replace, whole_lines};
use crate::diagnostic::Edit;

/// Removes `from .. import name` if nothing uses the name once `gone` is gone.
pub(crate) fn drop_import_if_unused(
    source: &str,
    module: &ModModule,
    name: &Expr,
    gone: &[TextRange],
) -> Option<Edit> {
    let name = name.as_name_expr()?.id.as_str();
    if is_used_outside(&module.body, name, gone) {
        return None;
    }
    // A name in `__all__` or in a comment of types is not seen above.
    let quoted = [format!("\"{name}\""), format!("'{name}'")];
    if quoted.iter().any(|quoted| source.contains(quoted.as_str())) {
        return None;
    }
    let mut importing = module
        .body
        .iter()
        .filter_map(Stmt::as_import_from_stmt)
        .filter_map(|import| {
            let index = import
                .names
                .iter()
                .position(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str() == name)?;
            Some((import, index))
        });
    let (import, index) = importing.next()?;
    if importing.next().is_some() {
        return None;
    }
    let names = &import.names;
    let range = if names.len() == 1 {
        whole_lines(source, import.range())?
    } else if index > 0 {
        TextRange::new(names[index - 1].end(), names[index].end())
    } else {
        TextRange::new(names[0].start(), names[1].start())
    };
    Some(replace(range, ""))
}

/// Adds a name to the first `from module import ..`, or nothing if it is there. Without such an import there is no answer.
pub(crate) fn add_import_member(
    module: &ModModule,
    from: &str,
    name: &str,
) -> Option<Option<Edit>> {
    let imports: Vec<&StmtImportFrom> = module
        .body
        .iter()
        .filter_map(Stmt::as_import_from_stmt)
        .filter(|import| {
            import.level == 0
                && import
                    .module
                    .as_ref()
                    .is_some_and(|module| module.as_str() == from)
        })
        .collect();
    let is_there = imports
        .iter()
        .flat_map(|import| &import.names)
        .any(|alias| alias.name.as_str() == name && alias.asname.is_none());
    if is_there {
        return Some(None);
    }
    let last = imports.first()?.names.last()?;
    Some(Some(insert(last.end(), format!(", {name}"))))
}
