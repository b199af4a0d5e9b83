//! Calls that write and read files and objects.

use ruff_python_ast::{Expr, ExprCall};

use super::place::Place;
use crate::semantic::{Model, ScopeId};

/// Which way the data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Write,
    Read,
}

/// A call that writes or reads a file or an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transfer<'a> {
    pub(crate) scope: ScopeId,
    pub(crate) direction: Direction,
    /// The path, or the key of an object in a bucket.
    pub(crate) path: &'a Expr,
    is_key: bool,
}

impl<'a> Transfer<'a> {
    /// Where it writes to or reads from, as far as the file says.
    pub(crate) fn place(&self, model: &Model<'a>) -> Option<Place> {
        if self.is_key {
            Some(model.key_place(self.scope, self.path))
        } else {
            model.place(self.scope, self.path)
        }
    }
}

/// All writes and reads of files and objects in a scope.
pub(crate) fn transfers<'a>(model: &Model<'a>, scope: ScopeId) -> Vec<Transfer<'a>> {
    model.scopes[scope.0]
        .calls
        .iter()
        .filter_map(|site| {
            let (direction, path, is_key) = match object_transfer(site.call) {
                Some((direction, key)) => (direction, key, true),
                None => {
                    let (direction, path) = transfer(model, scope, site.call)?;
                    (direction, path, false)
                }
            };
            Some(Transfer {
                scope,
                direction,
                path,
                is_key,
            })
        })
        .collect()
}

fn transfer<'a>(
    model: &Model<'a>,
    scope: ScopeId,
    call: &'a ExprCall,
) -> Option<(Direction, &'a Expr)> {
    let argument = |name: &str, position: usize| call.arguments.find_argument_value(name, position);
    if let Expr::Name(name) = call.func.as_ref()
        && name.id.as_str() == "open"
        && model.binding_scope(scope, "open").is_none()
    {
        return Some((
            direction_of(model, scope, argument("mode", 1))?,
            argument("file", 0)?,
        ));
    }
    if let Some(name) = model.qualified(scope, &call.func) {
        return library(&name, call);
    }
    let attribute = call.func.as_attribute_expr()?;
    let written = |path: Option<&'a Expr>| Some((Direction::Write, path?));
    let read = |path: Option<&'a Expr>| Some((Direction::Read, path?));
    match attribute.attr.as_str() {
        "to_csv" | "to_json" => written(argument("path_or_buf", 0)),
        "to_parquet" | "to_pickle" | "to_feather" | "to_orc" => written(argument("path", 0)),
        "write_parquet" | "write_csv" | "write_ipc" => written(argument("file", 0)),
        "write_text" | "write_bytes" => written(Some(path_object(model, scope, &attribute.value)?)),
        "read_text" | "read_bytes" => read(Some(path_object(model, scope, &attribute.value)?)),
        "open" => {
            let path = path_object(model, scope, &attribute.value)?;
            Some((direction_of(model, scope, argument("mode", 0))?, path))
        }
        "save_model" => written(argument("fname", 0)),
        _ => None,
    }
}

/// The object of `Path(..).write_text()`, if it is a path.
fn path_object<'a>(model: &Model<'a>, scope: ScopeId, expr: &'a Expr) -> Option<&'a Expr> {
    model.place(scope, expr).map(|_| expr)
}

fn library<'a>(name: &str, call: &'a ExprCall) -> Option<(Direction, &'a Expr)> {
    let (root, last) = (name.split('.').next()?, name.rsplit('.').next()?);
    let position = match (root, last) {
        ("numpy", "save" | "savez" | "savez_compressed" | "savetxt") => Err(0),
        ("joblib", "dump") | ("torch", "save") | ("urllib", "urlretrieve") => Err(1),
        ("numpy", "load" | "loadtxt" | "genfromtxt") | ("joblib" | "torch", "load") => Ok(0),
        ("pandas" | "polars" | "geopandas", read) if read.starts_with("read_") => Ok(0),
        _ => return None,
    };
    let (direction, position) = match position {
        Ok(position) => (Direction::Read, position),
        Err(position) => (Direction::Write, position),
    };
    Some((direction, call.arguments.args.get(position)?))
}

/// `open` reads unless its mode says otherwise; a computed mode says nothing.
fn direction_of<'a>(
    model: &Model<'a>,
    scope: ScopeId,
    mode: Option<&'a Expr>,
) -> Option<Direction> {
    match mode {
        None => Some(Direction::Read),
        Some(mode) => {
            let mode = model.text(scope, mode)?;
            Some(if mode.contains(['w', 'a', 'x']) {
                Direction::Write
            } else {
                Direction::Read
            })
        }
    }
}

/// Calls of an S3 client or hook that name the key of an object.
fn object_transfer(call: &ExprCall) -> Option<(Direction, &Expr)> {
    let arguments = &call.arguments;
    let keyword = |name: &str| arguments.find_keyword(name).map(|keyword| &keyword.value);
    let third = || arguments.args.get(2).filter(|_| arguments.args.len() == 3);
    let second = || arguments.args.get(1).filter(|_| arguments.args.len() == 3);
    let (direction, key) = match call.func.as_attribute_expr()?.attr.as_str() {
        "put_object" => (Direction::Write, keyword("Key")),
        "upload_file" | "upload_fileobj" => (Direction::Write, keyword("Key").or_else(third)),
        "load_file" | "load_string" | "load_bytes" => (Direction::Write, keyword("key")),
        "get_object" => (Direction::Read, keyword("Key")),
        "download_file" | "download_fileobj" => (
            Direction::Read,
            keyword("Key").or_else(|| keyword("key")).or_else(second),
        ),
        "read_key" | "get_key" => (Direction::Read, keyword("key")),
        _ => return None,
    };
    Some((direction, key?))
}
