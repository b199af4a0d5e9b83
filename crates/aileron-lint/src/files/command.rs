//! Paths in the commands that operators run.

use ruff_python_ast::{Expr, ExprCall};

use crate::semantic::{Model, ScopeId};

/// An operator that runs a command.
pub(crate) struct Command<'a> {
    pub(crate) call: &'a ExprCall,
    pub(crate) task_id: &'a str,
    text: &'a str,
}

impl Command<'_> {
    /// Whether it has a path in it, and does not just remove it.
    pub(crate) fn uses(&self, path: &str) -> bool {
        has_path(self.text, path) && !self.text.trim_start().starts_with("rm ")
    }
}

/// The operators of the file with a `bash_command`.
pub(crate) fn commands<'a>(model: &Model<'a>) -> Vec<Command<'a>> {
    let of_scope = |scope: ScopeId| {
        model.scopes[scope.0]
            .calls
            .iter()
            .filter_map(move |site| command(model, scope, site.call))
    };
    model.scope_ids().flat_map(of_scope).collect()
}

fn command<'a>(model: &Model<'a>, scope: ScopeId, call: &'a ExprCall) -> Option<Command<'a>> {
    let command: &'a Expr = &call.arguments.find_keyword("bash_command")?.value;
    let id: &'a Expr = &call.arguments.find_keyword("task_id")?.value;
    let name = model.qualified(scope, &call.func)?;
    if !name.starts_with("airflow.") || !name.ends_with("Operator") {
        return None;
    }
    Some(Command {
        call,
        task_id: model.text(scope, id)?,
        text: model.text(scope, command)?,
    })
}

/// Whether a path stands in a command as a whole.
fn has_path(command: &str, path: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    command.match_indices(path).any(|(at, _)| {
        !command[at + path.len()..].starts_with(goes_on) && !command[..at].ends_with(goes_on)
    })
}

#[cfg(test)]
mod tests {
    use super::has_path;

    #[test]
    fn a_path_is_found_as_a_whole() {
        assert!(has_path(
            "curl -o /tmp/a.json https://example.com",
            "/tmp/a.json"
        ));
        assert!(has_path("gunzip '/tmp/a.json'", "/tmp/a.json"));
        assert!(!has_path("gunzip /tmp/a.json.gz", "/tmp/a.json"));
        assert!(!has_path("ls /var/tmp/a.json", "/tmp/a.json"));
    }
}
