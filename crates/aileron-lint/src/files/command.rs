//! Paths in the commands that operators run.

use ruff_python_ast::{Expr, ExprCall};

use crate::semantic::{Model, ScopeId};

/// An operator whose command has a path in it.
pub(crate) struct Mention<'a> {
    pub(crate) call: &'a ExprCall,
    pub(crate) task_id: &'a str,
}

/// The first operator of the file whose `bash_command` has a path in it, and does not just remove it.
pub(crate) fn mention<'a>(model: &Model<'a>, path: &str) -> Option<Mention<'a>> {
    model.scope_ids().find_map(|scope| {
        model.scopes[scope.0].calls.iter().find_map(|site| {
            let task_id = command_with(model, scope, site.call, path)?;
            Some(Mention {
                call: site.call,
                task_id,
            })
        })
    })
}

fn command_with<'a>(
    model: &Model<'a>,
    scope: ScopeId,
    call: &'a ExprCall,
    path: &str,
) -> Option<&'a str> {
    let name = model.qualified(scope, &call.func)?;
    if !name.starts_with("airflow.") || !name.ends_with("Operator") {
        return None;
    }
    let command = call.arguments.find_keyword("bash_command")?;
    let command = model.text(scope, &command.value)?;
    let id: &'a Expr = &call.arguments.find_keyword("task_id")?.value;
    (has_path(command, path) && !command.trim_start().starts_with("rm "))
        .then(|| model.text(scope, id))
        .flatten()
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
