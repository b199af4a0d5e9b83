//! What the text of a Dag file means to Airflow: names, Dags, task bodies, and where values come from.
//!
//! Nothing is guessed. Where the file does not say, the answer is that nothing is known, and rules stay silent.

mod access;
mod builder;
mod context;
mod dags;
mod flow;
mod key;
mod names;
mod scope;
mod tasks;

use std::cell::OnceCell;
use std::collections::HashSet;

use ruff_python_ast::{Expr, ModModule};
use ruff_text_size::{Ranged, TextRange};

pub(crate) use access::{StoreKind, StoreUse, VariableUse, XComUse};
pub(crate) use builder::callee;
pub(crate) use context::{StoreName, is_context_key};
pub(crate) use flow::sub_expressions;
pub(crate) use key::Key;
pub(crate) use scope::{Binding, ClassId, ScopeId};

pub(crate) use tasks::{Task, TaskKind};

/// The model of one file.
pub(crate) struct Model<'a> {
    pub(crate) source: &'a str,
    pub(crate) scopes: Vec<scope::Scope<'a>>,
    pub(crate) classes: Vec<scope::Class<'a>>,
    withs: Vec<scope::With<'a>>,
    pub(crate) tasks: Vec<Task<'a>>,
    /// The functions whose arguments Airflow fills by their names.
    filled: HashSet<ScopeId>,
    line_ends: OnceCell<Vec<usize>>,
}

impl<'a> Model<'a> {
    pub(crate) fn new(source: &'a str, module: &'a ModModule) -> Self {
        let builder::Collected {
            scopes,
            classes,
            withs,
        } = builder::collect(module);
        let mut model = Self {
            source,
            scopes,
            classes,
            withs,
            tasks: Vec::new(),
            filled: HashSet::new(),
            line_ends: OnceCell::new(),
        };
        model.tasks = model.find_tasks();
        model.filled = model.find_filled();
        model
    }

    pub(crate) fn scope_ids(&self) -> impl Iterator<Item = ScopeId> + use<> {
        (0..self.scopes.len()).map(ScopeId)
    }

    pub(crate) fn slice(&self, range: TextRange) -> &'a str {
        &self.source[range.start().to_usize()..range.end().to_usize()]
    }

    pub(crate) fn text_of(&self, place: &impl Ranged) -> &'a str {
        self.slice(place.range())
    }

    /// The line of a place, counted from 1, for messages.
    pub(crate) fn line(&self, place: &impl Ranged) -> usize {
        let ends = self.line_ends.get_or_init(|| {
            self.source
                .bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at)
                .collect()
        });
        ends.partition_point(|end| *end < place.start().to_usize()) + 1
    }

    /// The class around a function, through functions in between.
    pub(crate) fn enclosing_class(&self, scope: ScopeId) -> Option<ClassId> {
        let mut at = Some(scope);
        while let Some(id) = at {
            if let Some(class) = self.scopes[id.0].class {
                return Some(class);
            }
            at = self.scopes[id.0].parent;
        }
        None
    }

    /// A method of a class or of the classes of this file that it is derived from.
    pub(crate) fn method(&self, class: ClassId, name: &str) -> Option<ScopeId> {
        self.lineage(class)
            .iter()
            .find_map(|class| self.classes[class.0].methods.get(name).copied())
    }

    /// An attribute in the body of a class or of the classes of this file that it is derived from.
    pub(crate) fn class_attribute(&self, class: ClassId, name: &str) -> Option<&'a Expr> {
        self.lineage(class)
            .iter()
            .find_map(|class| self.classes[class.0].attributes.get(name).copied())
    }

    /// A class and those of this file it is derived from.
    pub(crate) fn lineage(&self, class: ClassId) -> Vec<ClassId> {
        let mut found = vec![class];
        let mut next = 0;
        while let Some(class) = found
            .get(next)
            .map(|class: &ClassId| &self.classes[class.0])
        {
            next += 1;
            for base in class.def.bases() {
                if let Some(base) = self.class_of(class.scope, base)
                    && !found.contains(&base)
                {
                    found.push(base);
                }
            }
        }
        found
    }

    /// The full names of the imported classes that a class is derived from, directly or through classes of this file.
    pub(crate) fn imported_bases(&self, class: ClassId) -> Vec<String> {
        self.lineage(class)
            .iter()
            .map(|class| &self.classes[class.0])
            .flat_map(|class| {
                class
                    .def
                    .bases()
                    .iter()
                    .filter_map(|base| self.qualified(class.scope, base))
            })
            .collect()
    }

    /// A function, what is defined in it, and the functions of this file that it calls, and so on.
    pub(crate) fn reach(&self, scope: ScopeId) -> Vec<ScopeId> {
        let mut found = vec![scope];
        let mut seen = HashSet::from([scope]);
        let mut next = 0;
        while let Some(&at) = found.get(next) {
            next += 1;
            let at_scope = &self.scopes[at.0];
            let called = at_scope
                .calls
                .iter()
                .filter_map(|site| self.called_function(at, site.call));
            found.extend(
                at_scope
                    .inner
                    .iter()
                    .copied()
                    .chain(called)
                    .filter(|id| seen.insert(*id)),
            );
        }
        found
    }
}

impl Model<'_> {
    /// The classes of the file that are resumable jobs.
    pub(crate) fn resumable_jobs(&self) -> Vec<ClassId> {
        (0..self.classes.len())
            .map(ClassId)
            .filter(|class| {
                self.imported_bases(*class)
                    .iter()
                    .any(|base| base == "airflow.sdk.ResumableJobMixin")
            })
            .collect()
    }
}
