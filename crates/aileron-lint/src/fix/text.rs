//! Edits on text.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Arguments, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::diagnostic::Edit;

pub(crate) fn replace(range: TextRange, content: impl Into<String>) -> Edit {
    Edit {
        start: range.start().to_usize(),
        end: range.end().to_usize(),
        content: content.into(),
    }
}

pub(crate) fn insert(at: TextSize, content: impl Into<String>) -> Edit {
    replace(TextRange::empty(at), content)
}

/// Removes an argument with the comma before it, or, if it is the first, after it.
pub(crate) fn remove_argument(arguments: &Arguments, argument: TextRange) -> Edit {
    let all: Vec<TextRange> = arguments
        .iter_source_order()
        .map(|argument| argument.range())
        .collect();
    let before = all
        .iter()
        .filter(|range| range.end() <= argument.start())
        .map(|range| range.end())
        .max();
    let after = all
        .iter()
        .filter(|range| range.start() >= argument.end())
        .map(|range| range.start())
        .min();
    let range = match (before, after) {
        (Some(before), _) => TextRange::new(before, argument.end()),
        (None, Some(after)) => TextRange::new(argument.start(), after),
        (None, None) => argument,
    };
    replace(range, "")
}

/// Where a name is read or written in these statements.
pub(crate) fn name_uses(body: &[Stmt], name: &str) -> Vec<TextRange> {
    struct Uses<'n> {
        name: &'n str,
        found: Vec<TextRange>,
    }

    impl<'a> Visitor<'a> for Uses<'_> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if expr
                .as_name_expr()
                .is_some_and(|found| found.id.as_str() == self.name)
            {
                self.found.push(expr.range());
            }
            visitor::walk_expr(self, expr);
        }
    }

    let mut uses = Uses {
        name,
        found: Vec::new(),
    };
    uses.visit_body(body);
    uses.found
}

/// Whether a name is read or written in these statements outside `gone`.
pub(super) fn is_used_outside(body: &[Stmt], name: &str, gone: &[TextRange]) -> bool {
    struct Search<'s> {
        name: &'s str,
        gone: &'s [TextRange],
        is_found: bool,
    }

    impl<'a> Visitor<'a> for Search<'_> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            if !self.is_found {
                visitor::walk_stmt(self, stmt);
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            let is_name = expr
                .as_name_expr()
                .is_some_and(|found| found.id.as_str() == self.name);
            self.is_found |= is_name
                && !self
                    .gone
                    .iter()
                    .any(|range| range.contains_range(expr.range()));
            if !self.is_found {
                visitor::walk_expr(self, expr);
            }
        }
    }

    let mut search = Search {
        name,
        gone,
        is_found: false,
    };
    search.visit_body(body);
    search.is_found
}

/// Removes the line `name = ..` of a body, if it is one, stands alone on its line, and nothing else uses the name once `gone`
/// is gone.
pub(crate) fn remove_assignment(
    source: &str,
    body: &[Stmt],
    name: &str,
    gone: &[TextRange],
) -> Option<Edit> {
    let (index, statement) = body.iter().enumerate().find(|(_, statement)| match statement {
        Stmt::Assign(assign) => {
            matches!(assign.targets.as_slice(), [Expr::Name(target)] if target.id.as_str() == name)
        }
        _ => false,
    })?;
    let is_only_use = name_uses(body, name).into_iter().all(|used| {
        statement.range().contains_range(used)
            || gone.iter().any(|range| range.contains_range(used))
    });
    let would_be_empty = body.len() == 1;
    if !is_only_use || would_be_empty {
        return None;
    }
    let mut range = whole_lines(source, statement.range())?;
    if index == 0 {
        // The body would begin with an empty line.
        let blank = source[range.end().to_usize()..]
            .split_inclusive('\n')
            .take_while(|line| line.trim().is_empty());
        let length: usize = blank.map(str::len).sum();
        range = TextRange::new(
            range.start(),
            range.end() + TextSize::try_from(length).ok()?,
        );
    }
    Some(replace(range, ""))
}

/// The lines of a statement, if nothing else stands on them.
pub(super) fn whole_lines(source: &str, range: TextRange) -> Option<TextRange> {
    let (start, end) = (range.start().to_usize(), range.end().to_usize());
    let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = source[end..]
        .find('\n')
        .map_or(source.len(), |at| end + at + 1);
    let is_alone =
        source[line_start..start].trim().is_empty() && source[end..line_end].trim().is_empty();
    let size = |at: usize| TextSize::try_from(at).ok();
    if is_alone {
        Some(TextRange::new(size(line_start)?, size(line_end)?))
    } else {
        None
    }
}
