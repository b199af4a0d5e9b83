//! `#[arg(..)]` and `#[args]`: what a person says about one argument.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, Expr, LitStr, Meta, Result, Token, Type};

/// What `#[arg(..)]` and `#[args]` say.
#[derive(Default)]
pub(crate) struct Argument {
    /// The name in Python.
    pub(crate) rename: Option<LitStr>,
    /// What stands for an argument that is not passed, as an expression.
    pub(crate) default: Option<TokenStream>,
    /// Whether the fields of this parameter are the arguments.
    pub(crate) is_struct: bool,
}

impl Argument {
    /// Takes the attributes of this crate out of `attributes` and reads them.
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Self> {
        let mut found = Self::default();
        let mut failed = None;
        attributes.retain(|attribute| {
            let known = attribute.path().is_ident("arg") || attribute.path().is_ident("args");
            if known && let Err(error) = found.read(attribute) {
                failed = Some(error);
            }
            !known
        });
        failed.map_or(Ok(found), Err)
    }

    fn read(&mut self, attribute: &Attribute) -> Result<()> {
        if attribute.path().is_ident("args") {
            let Meta::Path(_) = attribute.meta else {
                return Err(Error::new_spanned(attribute, "write it as `#[args]`"));
            };
            self.is_struct = true;
            return Ok(());
        }
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("default") {
                self.default = Some(if meta.input.peek(Token![=]) {
                    let value: Expr = meta.value()?.parse()?;
                    quote!(#value)
                } else {
                    quote!(::core::default::Default::default())
                });
                return Ok(());
            }
            if meta.path.is_ident("rename") {
                self.rename = Some(meta.value()?.parse()?);
                return Ok(());
            }
            Err(meta.error("`#[arg(..)]` has `default`, `default = value` and `rename = \"..\"`"))
        })
    }
}

/// Whether the type is written as an `Option`.
pub(crate) fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}
