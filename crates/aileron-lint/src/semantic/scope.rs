//! What a scope of the file has: the module, or one function.

use std::collections::HashMap;

use ruff_python_ast::{Expr, ExprCall, ExprSubscript, Parameter, StmtClassDef, StmtFunctionDef};

/// A scope of the file. The module is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ScopeId(pub(crate) usize);

/// A class of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ClassId(pub(crate) usize);

/// A `with` item of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WithId(pub(crate) usize);

impl ScopeId {
    pub(crate) const MODULE: Self = Self(0);
}

/// How a name comes by its value.
#[derive(Debug, Clone)]
pub(crate) enum Binding<'a> {
    /// An import: the full name, `airflow.sdk.Variable`.
    Import(String),
    /// `name = value`.
    Value(&'a Expr),
    /// A value that takes more than one name, or the name's own value too: `name += value`, `a, b = value`.
    Part(&'a Expr),
    /// `for name in value`, or an element of a comprehension.
    Element(&'a Expr),
    /// `with value as name`.
    With(&'a Expr),
    /// `def name`.
    Function(ScopeId),
    /// `class name`.
    Class(ClassId),
    /// A parameter of the scope's function.
    Parameter(&'a Parameter),
    /// Something else, `global`, `del`, `except .. as name`, a pattern: nothing is known.
    Unknown,
}

/// The module, or a function. What stands in the body of a class belongs to the scope around it.
#[derive(Debug, Default)]
pub(crate) struct Scope<'a> {
    pub(crate) function: Option<&'a StmtFunctionDef>,
    pub(crate) parent: Option<ScopeId>,
    /// Functions defined in it.
    pub(crate) inner: Vec<ScopeId>,
    /// The class whose method this is.
    pub(crate) class: Option<ClassId>,
    /// The innermost `with` around the definition.
    pub(crate) within: Option<WithId>,
    pub(crate) bindings: HashMap<&'a str, Vec<Binding<'a>>>,
    pub(crate) calls: Vec<CallSite<'a>>,
    pub(crate) subscripts: Vec<&'a ExprSubscript>,
    pub(crate) returns: Vec<&'a Expr>,
    /// Expressions that are tested: `if`, `while`, the left sides of `or`.
    pub(crate) tests: Vec<&'a Expr>,
    pub(crate) is_generator: bool,
}

/// A call, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallSite<'a> {
    pub(crate) call: &'a ExprCall,
    pub(crate) within: Option<WithId>,
    /// Not run when the file is imported: below `if TYPE_CHECKING` or `if __name__ == "__main__"`, or in a lambda.
    pub(crate) inert: bool,
    /// In a `try` with handlers: what it raises may be what the code waits for.
    pub(crate) is_tried: bool,
}

/// A class of the file.
#[derive(Debug)]
pub(crate) struct Class<'a> {
    pub(crate) def: &'a StmtClassDef,
    pub(crate) scope: ScopeId,
    pub(crate) methods: HashMap<&'a str, ScopeId>,
    /// `name = value` in its body.
    pub(crate) attributes: HashMap<&'a str, &'a Expr>,
}

/// One item of a `with`.
#[derive(Debug)]
pub(crate) struct With<'a> {
    pub(crate) context: &'a Expr,
    pub(crate) scope: ScopeId,
    pub(crate) outer: Option<WithId>,
}
