//! One pass over the syntax tree that collects scopes, names and calls.

use ruff_python_ast::helpers::map_callable;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Expr, ModModule, Parameters, Pattern, Stmt, StmtClassDef, StmtFunctionDef, StmtImportFrom,
};

use super::scope::{Binding, CallSite, Class, ClassId, Scope, ScopeId, With, WithId};

/// What the pass collects.
pub(super) struct Collected<'a> {
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) classes: Vec<Class<'a>>,
    pub(super) withs: Vec<With<'a>>,
}

pub(super) fn collect(module: &ModModule) -> Collected<'_> {
    let mut builder = Builder {
        collected: Collected {
            scopes: vec![Scope::default()],
            classes: Vec::new(),
            withs: Vec::new(),
        },
        scope: ScopeId::MODULE,
        class: None,
        within: None,
        inert: false,
        is_tried: false,
    };
    builder.visit_body(&module.body);
    builder.collected
}

struct Builder<'a> {
    collected: Collected<'a>,
    scope: ScopeId,
    /// The class whose body is being read.
    class: Option<ClassId>,
    within: Option<WithId>,
    inert: bool,
    is_tried: bool,
}

impl<'a> Builder<'a> {
    fn here(&mut self) -> &mut Scope<'a> {
        &mut self.collected.scopes[self.scope.0]
    }

    fn bind(&mut self, name: &'a str, binding: Binding<'a>) {
        // Names in the body of a class are not names of the scope around it.
        if self.class.is_none() {
            self.here().bindings.entry(name).or_default().push(binding);
        }
    }

    fn bind_target(&mut self, target: &'a Expr, whole: Binding<'a>, part: &Binding<'a>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), whole),
            Expr::Tuple(tuple) => tuple
                .elts
                .iter()
                .for_each(|item| self.bind_target(item, part.clone(), part)),
            Expr::List(list) => list
                .elts
                .iter()
                .for_each(|item| self.bind_target(item, part.clone(), part)),
            Expr::Starred(starred) => self.bind_target(&starred.value, part.clone(), part),
            _ => {}
        }
    }

    fn import_from(&mut self, import: &'a StmtImportFrom) {
        let Some(module) = import.module.as_ref().filter(|_| import.level == 0) else {
            for alias in &import.names {
                self.bind(
                    alias.asname.as_ref().unwrap_or(&alias.name).as_str(),
                    Binding::Unknown,
                );
            }
            return;
        };
        for alias in &import.names {
            // What comes with `import *` is not known: its names stay without a binding.
            if alias.name.as_str() != "*" {
                let name = alias.asname.as_ref().unwrap_or(&alias.name);
                self.bind(
                    name.as_str(),
                    Binding::Import(format!("{module}.{}", alias.name)),
                );
            }
        }
    }

    fn function(&mut self, def: &'a StmtFunctionDef) {
        for decorator in &def.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        for parameter in def.parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
        let id = ScopeId(self.collected.scopes.len());
        self.bind(def.name.as_str(), Binding::Function(id));
        if let Some(class) = self.class {
            self.collected.classes[class.0]
                .methods
                .insert(def.name.as_str(), id);
        }
        self.here().inner.push(id);
        self.collected.scopes.push(Scope {
            function: Some(def),
            parent: Some(self.scope),
            class: self.class,
            within: self.within,
            ..Scope::default()
        });
        let outer = (
            self.scope,
            self.class.take(),
            self.within,
            self.inert,
            self.is_tried,
        );
        self.is_tried = false;
        self.scope = id;
        self.bind_parameters(&def.parameters);
        self.visit_body(&def.body);
        (
            self.scope,
            self.class,
            self.within,
            self.inert,
            self.is_tried,
        ) = outer;
    }

    fn bind_parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            self.bind(
                parameter.parameter.name.as_str(),
                Binding::Parameter(&parameter.parameter),
            );
        }
        for parameter in [&parameters.vararg, &parameters.kwarg]
            .into_iter()
            .flatten()
        {
            self.bind(parameter.name.as_str(), Binding::Parameter(parameter));
        }
    }

    fn class(&mut self, def: &'a StmtClassDef) {
        for decorator in &def.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        if let Some(arguments) = &def.arguments {
            self.visit_arguments(arguments);
        }
        let id = ClassId(self.collected.classes.len());
        self.bind(def.name.as_str(), Binding::Class(id));
        self.collected.classes.push(Class {
            def,
            scope: self.scope,
            methods: Default::default(),
            attributes: Default::default(),
        });
        let outer = self.class.replace(id);
        self.visit_body(&def.body);
        self.class = outer;
    }

    fn attribute(&mut self, target: &'a Expr, value: &'a Expr) {
        if let (Some(class), Expr::Name(name)) = (self.class, target) {
            self.collected.classes[class.0]
                .attributes
                .insert(name.id.as_str(), value);
        }
    }

    fn test(&mut self, test: &'a Expr) {
        self.here().tests.push(test);
        self.visit_expr(test);
    }
}

/// `if TYPE_CHECKING` and `if __name__ == ..`: not run on import.
fn is_not_run_on_import(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        Expr::Compare(compare) => compare
            .left
            .as_name_expr()
            .is_some_and(|name| name.id.as_str() == "__name__"),
        _ => false,
    }
}

impl<'a> Visitor<'a> for Builder<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => return self.function(def),
            Stmt::ClassDef(def) => return self.class(def),
            Stmt::Import(import) => {
                for alias in &import.names {
                    match &alias.asname {
                        Some(name) => {
                            self.bind(name.as_str(), Binding::Import(alias.name.to_string()))
                        }
                        None => {
                            let root = alias.name.as_str().split('.').next().unwrap_or_default();
                            self.bind(root, Binding::Import(root.to_owned()));
                        }
                    }
                }
            }
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.bind_target(
                        target,
                        Binding::Value(&assign.value),
                        &Binding::Part(&assign.value),
                    );
                    self.attribute(target, &assign.value);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.bind_target(&assign.target, Binding::Value(value), &Binding::Part(value));
                    self.attribute(&assign.target, value);
                    self.visit_expr(value);
                }
                return;
            }
            Stmt::AugAssign(assign) => {
                self.bind_target(
                    &assign.target,
                    Binding::Part(&assign.value),
                    &Binding::Part(&assign.value),
                );
            }
            Stmt::Return(statement) => {
                if let Some(value) = &statement.value {
                    self.here().returns.push(value);
                }
            }
            Stmt::Global(statement) => {
                statement
                    .names
                    .iter()
                    .for_each(|name| self.bind(name.as_str(), Binding::Unknown));
            }
            Stmt::Nonlocal(statement) => {
                statement
                    .names
                    .iter()
                    .for_each(|name| self.bind(name.as_str(), Binding::Unknown));
            }
            Stmt::Delete(statement) => {
                for target in &statement.targets {
                    self.bind_target(target, Binding::Unknown, &Binding::Unknown);
                }
            }
            Stmt::For(statement) => {
                let element = Binding::Element(&statement.iter);
                self.bind_target(&statement.target, element.clone(), &element);
                self.visit_expr(&statement.iter);
                self.visit_body(&statement.body);
                return self.visit_body(&statement.orelse);
            }
            Stmt::While(statement) => {
                self.test(&statement.test);
                self.visit_body(&statement.body);
                return self.visit_body(&statement.orelse);
            }
            Stmt::If(statement) => {
                self.test(&statement.test);
                let outer = self.inert;
                self.inert |= is_not_run_on_import(&statement.test);
                self.visit_body(&statement.body);
                self.inert = outer;
                for clause in &statement.elif_else_clauses {
                    if let Some(test) = &clause.test {
                        self.test(test);
                    }
                    self.visit_body(&clause.body);
                }
                return;
            }
            Stmt::Try(statement) => {
                let outer = self.is_tried;
                self.is_tried |= !statement.handlers.is_empty();
                self.visit_body(&statement.body);
                self.is_tried = outer;
                for handler in &statement.handlers {
                    self.visit_except_handler(handler);
                }
                self.visit_body(&statement.orelse);
                return self.visit_body(&statement.finalbody);
            }
            Stmt::With(statement) => {
                let outer = self.within;
                for item in &statement.items {
                    self.visit_expr(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        let with = Binding::With(&item.context_expr);
                        self.bind_target(target, with, &Binding::Unknown);
                    }
                    let id = WithId(self.collected.withs.len());
                    let with = With {
                        context: &item.context_expr,
                        scope: self.scope,
                        outer: self.within,
                    };
                    self.collected.withs.push(with);
                    self.within = Some(id);
                }
                self.visit_body(&statement.body);
                self.within = outer;
                return;
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(call) => {
                let site = CallSite {
                    call,
                    within: self.within,
                    inert: self.inert,
                    is_tried: self.is_tried,
                };
                self.here().calls.push(site);
            }
            Expr::Subscript(subscript) => self.here().subscripts.push(subscript),
            Expr::Named(named) => {
                self.bind_target(
                    &named.target,
                    Binding::Value(&named.value),
                    &Binding::Part(&named.value),
                );
            }
            Expr::BoolOp(operation) => {
                if let Some((_, tested)) = operation.values.split_last() {
                    self.here().tests.extend(tested);
                }
            }
            Expr::If(conditional) => self.here().tests.push(&conditional.test),
            Expr::Yield(_) | Expr::YieldFrom(_) => self.here().is_generator = true,
            Expr::Lambda(lambda) => {
                let outer = std::mem::replace(&mut self.inert, true);
                if let Some(parameters) = &lambda.parameters {
                    for parameter in parameters.iter() {
                        self.bind(parameter.name().as_str(), Binding::Unknown);
                    }
                }
                visitor::walk_expr(self, expr);
                self.inert = outer;
                return;
            }
            Expr::ListComp(comp) => self.comprehension(&comp.generators),
            Expr::SetComp(comp) => self.comprehension(&comp.generators),
            Expr::DictComp(comp) => self.comprehension(&comp.generators),
            Expr::Generator(comp) => self.comprehension(&comp.generators),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_except_handler(&mut self, handler: &'a ruff_python_ast::ExceptHandler) {
        let ruff_python_ast::ExceptHandler::ExceptHandler(except) = handler;
        if let Some(name) = &except.name {
            self.bind(name.as_str(), Binding::Unknown);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(name.as_str(), Binding::Unknown);
        }
        visitor::walk_pattern(self, pattern);
    }
}

impl<'a> Builder<'a> {
    fn comprehension(&mut self, generators: &'a [ruff_python_ast::Comprehension]) {
        for generator in generators {
            let element = Binding::Element(&generator.iter);
            self.bind_target(&generator.target, element.clone(), &element);
        }
    }
}

/// The function that is called, or the expression itself: `task(retries=1)` and `task` are both `task`.
pub(crate) fn callee(expr: &Expr) -> &Expr {
    map_callable(expr)
}
