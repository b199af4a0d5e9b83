//! What a value is, as far as the file says, and whether XCom and the state stores can carry it.

mod known;

use std::collections::HashSet;

use ruff_python_ast::{Expr, ExprCall};

use crate::producer::Transport;
use crate::semantic::{Binding, ClassId, Model, ScopeId};

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    /// For people: `numpy.ndarray`, `list[int]`, `unknown`.
    pub(crate) name: String,
    /// Whether XCom can carry it: Airflow 3.3's serializers, without a custom XCom backend.
    pub(crate) xcom: Transport,
    /// Whether a state store can carry it: JSON and nothing else.
    pub(crate) store: Transport,
    /// What to push instead, if XCom cannot carry it.
    pub(crate) way_out: &'static str,
}

impl Value {
    fn unknown() -> Self {
        Self {
            name: "unknown".to_owned(),
            xcom: Transport::Unknown,
            store: Transport::Unknown,
            way_out: "",
        }
    }

    fn json(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            xcom: Transport::Yes,
            store: Transport::Yes,
            way_out: "",
        }
    }

    /// What Airflow has a serializer for, but is not JSON.
    fn serialized(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            xcom: Transport::Yes,
            store: Transport::No,
            way_out: "",
        }
    }

    fn refused(name: impl Into<String>, way_out: &'static str) -> Self {
        Self {
            name: name.into(),
            xcom: Transport::No,
            store: Transport::No,
            way_out,
        }
    }

    /// A collection is as good as what is in it.
    fn collection(kind: &str, is_json: bool, items: &[Self]) -> Self {
        let worst = |of: fn(&Self) -> Transport| {
            let all: Vec<Transport> = items.iter().map(of).collect();
            match () {
                () if all.contains(&Transport::No) => Transport::No,
                () if all.contains(&Transport::Unknown) => Transport::Unknown,
                () => Transport::Yes,
            }
        };
        let refused = items.iter().find(|item| item.xcom == Transport::No);
        let name = match (refused, items.first()) {
            (Some(item), _) => format!("{kind}[{}]", item.name),
            (None, Some(first))
                if items.iter().all(|item| item.name == first.name) && first.name != "unknown" =>
            {
                format!("{kind}[{}]", first.name)
            }
            _ => kind.to_owned(),
        };
        Self {
            name,
            xcom: worst(|item| item.xcom),
            store: if is_json {
                worst(|item| item.store)
            } else {
                Transport::No
            },
            way_out: refused.map_or("", |item| item.way_out),
        }
    }

    /// One of several: refused if one of them is.
    fn either(values: Vec<Self>) -> Self {
        if let Some(refused) = values.iter().find(|value| value.xcom == Transport::No) {
            return refused.clone();
        }
        match values.first() {
            Some(first) if values.iter().all(|value| value == first) => first.clone(),
            Some(_) if values.iter().all(|value| value.xcom == Transport::Yes) => {
                let names: Vec<&str> = values.iter().map(|value| value.name.as_str()).collect();
                let is_json = values.iter().all(|value| value.store == Transport::Yes);
                let name = names.join(" | ");
                if is_json {
                    Self::json(name)
                } else {
                    Self {
                        store: Transport::Unknown,
                        ..Self::json(name)
                    }
                }
            }
            _ => Self::unknown(),
        }
    }
}

impl<'a> Model<'a> {
    /// What an expression is.
    pub(crate) fn value(&self, scope: ScopeId, expr: &'a Expr) -> Value {
        Classifier {
            model: self,
            seen: HashSet::new(),
            steps: 0,
        }
        .classify(scope, expr)
    }
}

struct Classifier<'m, 'a> {
    model: &'m Model<'a>,
    /// Names and functions that are being looked at.
    seen: HashSet<(ScopeId, &'a str)>,
    /// Expressions looked at. Values that are made of values that are made of values would take for ever.
    steps: usize,
}

/// Expressions that are looked at to say what one value is.
const MOST_STEPS: usize = 2_000;

impl<'a> Classifier<'_, 'a> {
    fn classify(&mut self, scope: ScopeId, expr: &'a Expr) -> Value {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Value::unknown();
        }
        match expr {
            Expr::NoneLiteral(_) => Value {
                store: Transport::No,
                ..Value::json("None")
            },
            Expr::StringLiteral(_) | Expr::FString(_) => Value::json("str"),
            Expr::BooleanLiteral(_) | Expr::Compare(_) => Value::json("bool"),
            Expr::NumberLiteral(number) => match number.value {
                ruff_python_ast::Number::Int(_) => Value::json("int"),
                ruff_python_ast::Number::Float(_) => Value::json("float"),
                ruff_python_ast::Number::Complex { .. } => {
                    Value::refused("complex", "Push its parts.")
                }
            },
            Expr::BytesLiteral(_) => Value::refused("bytes", known::BYTES),
            Expr::List(list) => self.items("list", true, scope, &list.elts),
            Expr::Tuple(tuple) => self.items("tuple", false, scope, &tuple.elts),
            Expr::Set(set) => self.items("set", false, scope, &set.elts),
            Expr::Dict(dict) => {
                let values: Vec<Value> = dict
                    .items
                    .iter()
                    .map(|item| self.classify(scope, &item.value))
                    .collect();
                Value::collection("dict", true, &values)
            }
            Expr::ListComp(comp) => {
                let element = self.classify(scope, &comp.elt);
                Value::collection("list", true, &[element])
            }
            Expr::SetComp(comp) => {
                let element = self.classify(scope, &comp.elt);
                Value::collection("set", false, &[element])
            }
            Expr::DictComp(comp) => {
                let value = self.classify(scope, &comp.value);
                Value::collection("dict", true, &[value])
            }
            Expr::Generator(_) => Value::refused("generator", "Push a list."),
            Expr::Lambda(_) => Value::refused("function", "Push what it returns."),
            Expr::If(conditional) => {
                let values = vec![
                    self.classify(scope, &conditional.body),
                    self.classify(scope, &conditional.orelse),
                ];
                Value::either(values)
            }
            Expr::Named(named) => self.classify(scope, &named.value),
            Expr::Name(name) => self.name(scope, name.id.as_str()),
            Expr::Call(call) => self.call(scope, call),
            _ => Value::unknown(),
        }
    }

    fn items(&mut self, kind: &str, is_json: bool, scope: ScopeId, items: &'a [Expr]) -> Value {
        let values: Vec<Value> = items
            .iter()
            .map(|item| self.classify(scope, item))
            .collect();
        Value::collection(kind, is_json, &values)
    }

    fn name(&mut self, scope: ScopeId, name: &'a str) -> Value {
        let Some(bound_in) = self.model.binding_scope(scope, name) else {
            return Value::unknown();
        };
        if !self.seen.insert((bound_in, name)) {
            return Value::unknown();
        }
        let bindings = &self.model.scopes[bound_in.0].bindings[name];
        let values: Vec<Value> = bindings
            .iter()
            .map(|binding| match binding {
                Binding::Value(value) => self.classify(bound_in, value),
                Binding::With(value) => self.opened(bound_in, value),
                _ => Value::unknown(),
            })
            .collect();
        self.seen.remove(&(bound_in, name));
        // One of several values may be replaced before it gets here: only what is so on every way counts.
        match values.as_slice() {
            [value] => value.clone(),
            [first, rest @ ..] if rest.iter().all(|value| value == first) => first.clone(),
            _ => Value::unknown(),
        }
    }

    /// `with open(..) as file`.
    fn opened(&mut self, scope: ScopeId, expr: &'a Expr) -> Value {
        match expr {
            Expr::Call(call) if self.is_builtin(scope, &call.func, "open") => {
                Value::refused("file", known::HANDLE)
            }
            _ => Value::unknown(),
        }
    }

    fn is_builtin(&self, scope: ScopeId, func: &Expr, name: &str) -> bool {
        func.as_name_expr().is_some_and(|func| {
            func.id.as_str() == name && self.model.binding_scope(scope, name).is_none()
        })
    }

    fn call(&mut self, scope: ScopeId, call: &'a ExprCall) -> Value {
        let func = call.func.as_ref();
        if let Some(class) = self.model.class_of(scope, func) {
            return self.instance(class);
        }
        if let Some(function) = self.model.function_of(scope, func) {
            return self.returned(function);
        }
        if let Some(name) = self.model.qualified(scope, func) {
            return known::imported(&name, call);
        }
        match func {
            Expr::Name(name) if self.model.binding_scope(scope, name.id.as_str()).is_none() => {
                let first = call
                    .arguments
                    .args
                    .first()
                    .map(|argument| self.classify(scope, argument));
                known::builtin(name.id.as_str(), first)
            }
            Expr::Attribute(attribute) => {
                let object = self.classify(scope, &attribute.value);
                known::method(&object, attribute.attr.as_str())
            }
            _ => Value::unknown(),
        }
    }

    /// What a function of this file returns.
    fn returned(&mut self, function: ScopeId) -> Value {
        let scope = &self.model.scopes[function.0];
        let Some(def) = scope.function else {
            return Value::unknown();
        };
        if !def.decorator_list.is_empty() || def.is_async || !self.seen.insert((function, "")) {
            return Value::unknown();
        }
        let value = if scope.is_generator {
            Value::refused("generator", "Push a list.")
        } else {
            let values: Vec<Value> = scope
                .returns
                .iter()
                .map(|value| self.classify(function, value))
                .collect();
            match values.as_slice() {
                [] => Value::json("None"),
                [first, rest @ ..] if rest.iter().all(|value| value == first) => first.clone(),
                _ => Value::unknown(),
            }
        };
        self.seen.remove(&(function, ""));
        value
    }

    /// An object of a class of this file.
    fn instance(&self, class: ClassId) -> Value {
        let model = self.model;
        let name = model.classes[class.0].def.name.to_string();
        if model.method(class, "serialize").is_some() {
            return Value::serialized(name);
        }
        let lineage = model.lineage(class);
        let is_decorated = lineage
            .iter()
            .any(|class| !model.classes[class.0].def.decorator_list.is_empty());
        if is_decorated {
            let is_dataclass = lineage.iter().any(|class| {
                let class = &model.classes[class.0];
                class.def.decorator_list.iter().any(|decorator| {
                    let decorator = crate::semantic::callee(&decorator.expression);
                    matches!(
                        model.qualified(class.scope, decorator).as_deref(),
                        Some(
                            "dataclasses.dataclass"
                                | "attr.s"
                                | "attr.define"
                                | "attrs.define"
                                | "attr.frozen"
                                | "attrs.frozen"
                        )
                    )
                })
            });
            return if is_dataclass {
                Value::serialized(name)
            } else {
                Value::unknown()
            };
        }
        let has_metaclass = lineage.iter().any(|class| {
            model.classes[class.0]
                .def
                .arguments
                .as_ref()
                .is_some_and(|arguments| !arguments.keywords.is_empty())
        });
        let bases: Vec<&Expr> = lineage
            .iter()
            .flat_map(|class| model.classes[class.0].def.bases())
            .filter(|base| model.class_of(model.classes[class.0].scope, base).is_none())
            .collect();
        let is_plain = bases
            .iter()
            .all(|base| self.is_builtin(model.classes[class.0].scope, base, "object"));
        if is_plain && !has_metaclass {
            Value::refused(
                name,
                "Push a dict of its fields, make it a dataclass, or give it `serialize` and `deserialize`.",
            )
        } else if bases.iter().any(|base| {
            model
                .qualified(model.classes[class.0].scope, base)
                .as_deref()
                == Some("pydantic.BaseModel")
        }) {
            Value::serialized(name)
        } else {
            Value::unknown()
        }
    }
}
