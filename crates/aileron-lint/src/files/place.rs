//! Where a path points to.

use ruff_python_ast::{Expr, InterpolatedStringElement, Operator};

use crate::semantic::{Binding, Model, ScopeId, is_context_key, sub_expressions};

/// What a path is a path in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// A directory for temporary files: of one machine, or of one pod.
    Temporary,
    /// A bucket or container.
    Bucket,
}

/// A path, as far as the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) storage: Storage,
    /// The expression; the same text of the same owner is the same place.
    pub(crate) text: String,
    /// The function whose own names are in it. Without them, the text means the same everywhere in the file.
    owner: Option<ScopeId>,
    /// Made from parts, not written out.
    pub(crate) is_formatted: bool,
}

impl Storage {
    fn of_text(text: &str) -> Option<Self> {
        const TEMPORARY: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];
        const BUCKETS: [&str; 8] = [
            "s3://", "s3a://", "gs://", "gcs://", "abfs://", "abfss://", "wasb://", "wasbs://",
        ];
        let text = text.strip_prefix("file://").unwrap_or(text);
        let is_below = |directory: &str| {
            text.strip_prefix(directory)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if TEMPORARY.iter().any(|directory| is_below(directory)) {
            Some(Self::Temporary)
        } else if BUCKETS.iter().any(|scheme| text.starts_with(scheme)) {
            Some(Self::Bucket)
        } else {
            None
        }
    }
}

impl<'a> Model<'a> {
    /// Where a path points to; nothing if the file does not say, or if it is neither temporary nor a bucket.
    pub(crate) fn place(&self, scope: ScopeId, path: &'a Expr) -> Option<Place> {
        let (traced_in, traced) = self.trace_argument(scope, path);
        let storage = self.storage(traced_in, traced, 4)?;
        Some(self.place_in(storage, traced_in, traced, !traced.is_string_literal_expr()))
    }

    fn place_in(
        &self,
        storage: Storage,
        scope: ScopeId,
        path: &'a Expr,
        is_formatted: bool,
    ) -> Place {
        Place {
            storage,
            text: self.text_of(path).to_owned(),
            owner: self.owner(scope, path),
            is_formatted,
        }
    }

    /// What a name holds; for an argument of a `python_callable`, what its only operator gives it in `op_kwargs`.
    fn trace_argument(&self, scope: ScopeId, path: &'a Expr) -> (ScopeId, &'a Expr) {
        let (scope, path) = self.trace(scope, path);
        let Some(name) = path.as_name_expr() else {
            return (scope, path);
        };
        if !self.is_filled_by_airflow(scope) {
            return (scope, path);
        }
        let mut tasks = self.tasks.iter().filter(|task| task.scope == scope);
        let (Some(task), None) = (tasks.next(), tasks.next()) else {
            return (scope, path);
        };
        let is_parameter = matches!(
            self.bindings(scope, name.id.as_str()),
            [Binding::Parameter(_)]
        );
        let given = task.options.get("op_kwargs").and_then(|given| {
            let (given_in, given) = self.trace(task.options_scope, given);
            let mut items = given.as_dict_expr()?.items.iter();
            items.find_map(|item| {
                let key = self.text(given_in, item.key.as_ref()?)?;
                (key == name.id.as_str()).then_some((given_in, &item.value))
            })
        });
        given.filter(|_| is_parameter).unwrap_or((scope, path))
    }

    /// The function whose own names are in an expression; what Airflow's context has is no function's own.
    fn owner(&self, scope: ScopeId, path: &'a Expr) -> Option<ScopeId> {
        sub_expressions(path).into_iter().find_map(|part| {
            let name = part.as_name_expr()?;
            let bound_in = self.binding_scope(scope, name.id.as_str())?;
            let is_shared = bound_in == ScopeId::MODULE
                || self.is_context(scope, part)
                || self.context_entry(scope, part).is_some_and(is_context_key);
            (!is_shared).then_some(bound_in)
        })
    }

    /// Where the key of an object in a bucket points to.
    pub(crate) fn key_place(&self, scope: ScopeId, key: &'a Expr) -> Place {
        let (scope, traced) = self.trace_argument(scope, key);
        let is_made = matches!(traced, Expr::FString(_) | Expr::BinOp(_) | Expr::Call(_));
        self.place_in(Storage::Bucket, scope, traced, is_made)
    }

    fn storage(&self, scope: ScopeId, path: &'a Expr, depth: usize) -> Option<Storage> {
        let depth = depth.checked_sub(1)?;
        let (scope, path) = self.trace(scope, path);
        match path {
            Expr::StringLiteral(literal) => Storage::of_text(literal.value.to_str()),
            Expr::FString(string) => match string.value.elements().next()? {
                InterpolatedStringElement::Literal(first) => Storage::of_text(&first.value),
                InterpolatedStringElement::Interpolation(first) => {
                    self.storage(scope, &first.expression, depth)
                }
            },
            Expr::BinOp(operation)
                if matches!(operation.op, Operator::Add | Operator::Div | Operator::Mod) =>
            {
                self.storage(scope, &operation.left, depth)
            }
            Expr::Call(call) => {
                let name = self.qualified(scope, &call.func);
                match name.as_deref() {
                    Some("os.path.join" | "pathlib.Path") => {
                        self.storage(scope, call.arguments.args.first()?, depth)
                    }
                    Some("tempfile.gettempdir" | "tempfile.mkdtemp" | "tempfile.mktemp") => {
                        Some(Storage::Temporary)
                    }
                    Some(_) => None,
                    None => match call.func.as_ref() {
                        Expr::Name(name) if name.id.as_str() == "str" => {
                            self.storage(scope, call.arguments.args.first()?, depth)
                        }
                        Expr::Attribute(method) if method.attr.as_str() == "format" => {
                            self.storage(scope, &method.value, depth)
                        }
                        _ => None,
                    },
                }
            }
            _ => None,
        }
    }
}
