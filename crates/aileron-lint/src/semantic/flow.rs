//! Following values: what a name holds, and what a value was made from.

use std::collections::HashSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

use super::Model;
use super::scope::{Binding, ScopeId};

const DEPTH: usize = 8;

/// Expressions that are followed to say what one value was made from.
const MOST_ORIGINS: usize = 200;

impl<'a> Model<'a> {
    /// What a name holds if it is given exactly one value, followed as far as that goes; otherwise the expression itself.
    pub(crate) fn trace(&self, scope: ScopeId, expr: &'a Expr) -> (ScopeId, &'a Expr) {
        let (mut scope, mut expr) = (scope, expr);
        for _ in 0..DEPTH {
            let Expr::Name(name) = expr else { break };
            let Some(bound_in) = self.binding_scope(scope, name.id.as_str()) else {
                break;
            };
            match self.scopes[bound_in.0].bindings[name.id.as_str()].as_slice() {
                [Binding::Value(value)] => (scope, expr) = (bound_in, value),
                _ => break,
            }
        }
        (scope, expr)
    }

    /// The text of a string literal, or of a name that is given one literal.
    pub(crate) fn text(&self, scope: ScopeId, expr: &'a Expr) -> Option<&'a str> {
        let (_, expr) = self.trace(scope, expr);
        expr.as_string_literal_expr()
            .map(|literal| literal.value.to_str())
    }

    /// The call that a stored time comes from: `X.now()` in `X.now()`, `X.now().isoformat()`, `str(X.now())`, or with a
    /// duration added.
    pub(crate) fn stored_time(
        &self,
        scope: ScopeId,
        value: &'a Expr,
    ) -> Option<(ScopeId, &'a ExprCall)> {
        let (mut scope, mut value) = self.trace(scope, value);
        for _ in 0..DEPTH {
            let inner = match value {
                Expr::BinOp(operation) => operation.left.as_ref(),
                Expr::Call(call) => match call.func.as_ref() {
                    Expr::Attribute(attribute)
                        if matches!(attribute.attr.as_str(), "isoformat" | "strftime") =>
                    {
                        attribute.value.as_ref()
                    }
                    Expr::Name(name) if name.id.as_str() == "str" => call.arguments.args.first()?,
                    _ => return Some((scope, call)),
                },
                _ => return None,
            };
            (scope, value) = self.trace(scope, inner);
        }
        None
    }

    /// Everything a value may have been made from: the expression, the values of the names in it, the elements of what is
    /// looped over, what functions of this file return, what their parameters are given. Each with its scope; the order of statements is not looked at.
    pub(crate) fn origins(&self, scope: ScopeId, expr: &'a Expr) -> Vec<(ScopeId, &'a Expr)> {
        let mut seen: HashSet<(ScopeId, &str)> = HashSet::new();
        let mut called: HashSet<ScopeId> = HashSet::new();
        let mut found = vec![(scope, expr)];
        let mut next = 0;
        while let Some(&(scope, expr)) = found.get(next).filter(|_| next < MOST_ORIGINS) {
            next += 1;
            for part in sub_expressions(expr) {
                match part {
                    Expr::Name(name) => {
                        let name = name.id.as_str();
                        let Some(bound_in) = self.binding_scope(scope, name) else {
                            continue;
                        };
                        if bound_in != ScopeId::MODULE && seen.insert((bound_in, name)) {
                            self.bound_values(bound_in, name, &mut found);
                        }
                    }
                    Expr::Call(call) => {
                        if let Some(function) = self.called_function(scope, call)
                            && called.insert(function)
                        {
                            found.extend(
                                self.scopes[function.0]
                                    .returns
                                    .iter()
                                    .map(|value| (function, *value)),
                            );
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// The values that a name of a function may have; for a parameter, what the function is called with in this file.
    fn bound_values(&self, scope: ScopeId, name: &str, found: &mut Vec<(ScopeId, &'a Expr)>) {
        for binding in &self.scopes[scope.0].bindings[name] {
            match binding {
                Binding::Value(value)
                | Binding::Part(value)
                | Binding::Element(value)
                | Binding::With(value) => {
                    found.push((scope, value));
                }
                Binding::Parameter(_) => self.arguments_for(scope, name, found),
                _ => {}
            }
        }
    }

    /// What the calls in this file give a function for a parameter.
    fn arguments_for(
        &self,
        function: ScopeId,
        parameter: &str,
        found: &mut Vec<(ScopeId, &'a Expr)>,
    ) {
        let Some(def) = self.scopes[function.0].function else {
            return;
        };
        let mut parameters = def
            .parameters
            .posonlyargs
            .iter()
            .chain(&def.parameters.args);
        let position = parameters.position(|known| known.parameter.name.as_str() == parameter);
        let is_method = self.scopes[function.0].class.is_some();
        for scope in self.scope_ids() {
            if found.len() > MOST_ORIGINS {
                return;
            }
            for site in &self.scopes[scope.0].calls {
                if self.called_function(scope, site.call) != Some(function) {
                    continue;
                }
                let arguments = &site.call.arguments;
                let by_position = position
                    .and_then(|position| position.checked_sub(usize::from(is_method)))
                    .and_then(|position| arguments.args.get(position));
                let by_name = arguments
                    .find_keyword(parameter)
                    .map(|keyword| &keyword.value);
                found.extend(by_name.or(by_position).map(|argument| (scope, argument)));
            }
        }
    }

    /// Whether a value may have been made from another expression.
    pub(crate) fn comes_from(&self, scope: ScopeId, value: &'a Expr, source: &ExprCall) -> bool {
        self.origins(scope, value)
            .iter()
            .any(|(_, origin)| origin.range().contains_range(source.range()))
    }

    /// The function of this file that a call runs: by name, as a method of `self`, or of an object of a class of this file.
    pub(crate) fn called_function(&self, scope: ScopeId, call: &'a ExprCall) -> Option<ScopeId> {
        match call.func.as_ref() {
            name @ Expr::Name(_) => self.function_of(scope, name).or_else(|| {
                self.class_of(scope, name)
                    .and_then(|class| self.method(class, "__init__"))
            }),
            Expr::Attribute(attribute) => {
                let class = match attribute.value.as_ref() {
                    Expr::Name(name) if matches!(name.id.as_str(), "self" | "cls") => {
                        self.enclosing_class(scope)?
                    }
                    value => {
                        let (scope, value) = self.trace(scope, value);
                        match value {
                            Expr::Call(made) => self.class_of(scope, &made.func)?,
                            _ => self.class_of(scope, value)?,
                        }
                    }
                };
                self.method(class, attribute.attr.as_str())
            }
            _ => None,
        }
    }
}

/// An expression and all in it, from outside to inside. Bodies of lambdas are included.
pub(crate) fn sub_expressions(expr: &Expr) -> Vec<&Expr> {
    struct Collector<'a>(Vec<&'a Expr>);

    impl<'a> Visitor<'a> for Collector<'a> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            self.0.push(expr);
            visitor::walk_expr(self, expr);
        }
    }

    let mut collector = Collector(Vec::new());
    collector.visit_expr(expr);
    collector.0
}
