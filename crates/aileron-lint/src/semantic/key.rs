//! The key of a Variable, an XCom or a stored value.

use ruff_python_ast::Expr;

use super::Model;
use super::scope::ScopeId;

/// A key, as far as the file says which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key<'a> {
    /// This text.
    Text(&'a str),
    /// A text with values in it, or a name: the same key where the same expression stands in the same function.
    Expression(ScopeId, &'a str),
}

impl<'a> Model<'a> {
    /// Nothing for an expression that may give another key each time.
    pub(crate) fn key(&self, scope: ScopeId, expr: &'a Expr) -> Option<Key<'a>> {
        if let Some(text) = self.text(scope, expr) {
            return Some(Key::Text(text));
        }
        let (traced_in, traced) = self.trace(scope, expr);
        match traced {
            Expr::FString(_) | Expr::Attribute(_) => {
                Some(Key::Expression(traced_in, self.text_of(traced)))
            }
            Expr::Name(_) => Some(Key::Expression(scope, self.text_of(traced))),
            _ => None,
        }
    }
}

impl Key<'_> {
    /// As it stands in the file, for messages.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Text(text) | Self::Expression(_, text) => text,
        }
    }
}
