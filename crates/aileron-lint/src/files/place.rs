//! Where a path points to.

use ruff_python_ast::{Expr, InterpolatedStringElement, Operator};

use crate::semantic::{Model, ScopeId};

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
    /// The expression; the same text is the same place.
    pub(crate) text: String,
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
        let (traced_in, traced) = self.trace(scope, path);
        let storage = self.storage(traced_in, traced, 4)?;
        Some(Place {
            storage,
            text: self.text_of(traced).to_owned(),
            is_formatted: !traced.is_string_literal_expr(),
        })
    }

    /// Where the key of an object in a bucket points to.
    pub(crate) fn key_place(&self, scope: ScopeId, key: &'a Expr) -> Place {
        let (_, traced) = self.trace(scope, key);
        let is_made = matches!(traced, Expr::FString(_) | Expr::BinOp(_) | Expr::Call(_));
        Place {
            storage: Storage::Bucket,
            text: self.text_of(traced).to_owned(),
            is_formatted: is_made,
        }
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
