//! Finds a task that a `#[dag]` body certainly adds twice under the same id.
//!
//! Certain means: `x.add(path(..))` stands twice on one path through the body with the same function and no id of its
//! own, or two calls carry the same literal `.task_id("..")`. Everything else (loops, computed ids, renamed tasks) is
//! found when the Dag is built.

use std::collections::HashMap;

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Error, Expr, ExprIf, ExprLit, ExprMatch, ExprMethodCall, ItemFn, Lit, Result};

/// What decides the id of an added task.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Id {
    Literal(String),
    Function(String),
}

#[derive(Default)]
struct Finder {
    seen: HashMap<Id, Span>,
    error: Option<Error>,
}

pub(crate) fn check(function: &ItemFn) -> Result<()> {
    let mut finder = Finder::default();
    finder.visit_block(&function.block);
    finder.error.map_or(Ok(()), Err)
}

impl Finder {
    fn add(&mut self, id: Id, span: Span) {
        let Some(first) = self.seen.insert(id.clone(), span) else {
            return;
        };
        if self.error.is_some() {
            return;
        }
        let message = match &id {
            Id::Literal(id) => format!("task id `{id}` is used twice in this Dag"),
            Id::Function(name) => format!(
                "task `{name}` is added twice under the same id; give one of them its own: `{name}(..).task_id(\"..\")`"
            ),
        };
        let mut error = Error::new(span, message);
        error.combine(Error::new(first, "first used here"));
        self.error = Some(error);
    }

    /// Looks at alternatives, of which only one runs: what one of them adds does not count for the others.
    fn alternatives(&mut self, arms: impl Iterator<Item = impl FnOnce(&mut Self)>) {
        let before = self.seen.clone();
        let mut after = before.clone();
        for arm in arms {
            self.seen.clone_from(&before);
            arm(self);
            after.extend(self.seen.drain());
        }
        self.seen = after;
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        if call.method == "add"
            && call.args.len() == 1
            && let Some(id) = added_id(&call.args[0])
        {
            self.add(id, call.args[0].span());
        }
    }

    fn visit_expr_if(&mut self, node: &'ast ExprIf) {
        self.visit_expr(&node.cond);
        self.alternatives([true, false].into_iter().map(|then| {
            move |finder: &mut Self| match (then, &node.else_branch) {
                (true, _) => finder.visit_block(&node.then_branch),
                (false, Some((_, branch))) => finder.visit_expr(branch),
                (false, None) => {}
            }
        }));
    }

    fn visit_expr_match(&mut self, node: &'ast ExprMatch) {
        self.visit_expr(&node.expr);
        self.alternatives(
            node.arms
                .iter()
                .map(|arm| |finder: &mut Self| finder.visit_arm(arm)),
        );
    }
}

/// The id of `path(..)` with any options after it, when it can be told.
fn added_id(expr: &Expr) -> Option<Id> {
    match expr {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => Some(Id::Function(
                path.path.to_token_stream().to_string().replace(' ', ""),
            )),
            _ => None,
        },
        Expr::MethodCall(call) if call.method == "task_id" => match call.args.first() {
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(id), ..
            })) => Some(Id::Literal(id.value())),
            _ => None,
        },
        Expr::MethodCall(call) => added_id(&call.receiver),
        _ => None,
    }
}
