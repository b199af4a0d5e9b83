//! `name = value` options of an attribute.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprPath, Ident, Lit, LitBool, LitStr, Result, Token};

use crate::duration;

/// The options of one attribute, in the order they were written.
pub(crate) struct Attributes {
    options: Vec<(Ident, Expr)>,
}

struct Assignment {
    name: Ident,
    value: Expr,
}

impl Parse for Assignment {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.parse()?;
        if !input.peek(Token![=]) {
            return Err(Error::new(
                name.span(),
                format!("write it as `{name} = value`"),
            ));
        }
        input.parse::<Token![=]>()?;
        Ok(Self {
            name,
            value: input.parse()?,
        })
    }
}

struct Assignments(Punctuated<Assignment, Token![,]>);

impl Parse for Assignments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Punctuated::parse_terminated(input).map(Self)
    }
}

impl Attributes {
    /// Reads the options and refuses names that `macro_name` does not know.
    pub(crate) fn parse(tokens: TokenStream, macro_name: &str, known: &[&str]) -> Result<Self> {
        let Assignments(assignments) = syn::parse2(tokens)?;
        let mut options: Vec<(Ident, Expr)> = Vec::new();
        for Assignment { name, value } in assignments {
            if !known.iter().any(|known| name == known) {
                return Err(Error::new(
                    name.span(),
                    format!(
                        "`#[{macro_name}]` has no option `{name}`; it has {}",
                        known.join(", ")
                    ),
                ));
            }
            if options.iter().any(|(earlier, _)| *earlier == name) {
                return Err(Error::new(name.span(), format!("`{name}` is set twice")));
            }
            options.push((name, value));
        }
        Ok(Self { options })
    }

    fn get(&self, name: &str) -> Option<&Expr> {
        self.options
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// A string literal.
    pub(crate) fn string(&self, name: &str) -> Result<Option<LitStr>> {
        self.get(name)
            .map(|value| literal_str(name, value))
            .transpose()
    }

    /// A string, as the tokens of an `Option<String>`.
    pub(crate) fn optional_string(&self, name: &str) -> Result<TokenStream> {
        Ok(optional(
            self.string(name)?
                .map(|text| quote!(::std::string::String::from(#text))),
        ))
    }

    /// A whole number, or an expression for one, as the tokens of an `Option`.
    pub(crate) fn optional_number(&self, name: &str) -> Result<TokenStream> {
        match self.get(name) {
            // The compiler would say so too, at more length and otherwise in each release.
            Some(Expr::Lit(ExprLit { lit, .. })) if !matches!(lit, Lit::Int(_)) => Err(Error::new(
                lit.span(),
                format!("`{name}` is a whole number: `{name} = 3`"),
            )),
            value => Ok(optional(value.map(|value| quote!(#value)))),
        }
    }

    /// A list of expressions, `[A, b()]`, each put through `convert`; empty when absent.
    pub(crate) fn expressions(
        &self,
        name: &str,
        convert: impl Fn(&Expr) -> TokenStream,
    ) -> Result<Vec<TokenStream>> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Expr::Array(array)) => Ok(array.elems.iter().map(convert).collect()),
            Some(other) => Err(Error::new(
                other.span(),
                format!("`{name}` is a list: `{name} = [..]`"),
            )),
        }
    }

    /// A duration such as `"30s"`, as the tokens of an `Option<Duration>`.
    pub(crate) fn optional_duration(&self, name: &str) -> Result<TokenStream> {
        let Some(text) = self.string(name)? else {
            return Ok(optional(None));
        };
        let millis = duration::parse_millis(&text.value())
            .map_err(|reason| Error::new(text.span(), format!("`{name}`: {reason}")))?;
        Ok(optional(Some(
            quote!(::std::time::Duration::from_millis(#millis)),
        )))
    }

    /// `true` or `false`; `false` when absent.
    pub(crate) fn flag(&self, name: &str) -> Result<LitBool> {
        match self.get(name) {
            None => Ok(LitBool::new(false, Span::call_site())),
            Some(Expr::Lit(ExprLit {
                lit: Lit::Bool(flag),
                ..
            })) => Ok(flag.clone()),
            Some(other) => Err(Error::new(
                other.span(),
                format!("`{name}` is `true` or `false`"),
            )),
        }
    }

    /// The path of a function.
    pub(crate) fn path(&self, name: &str) -> Result<Option<ExprPath>> {
        self.get(name).map(|value| path(name, value)).transpose()
    }

    /// A list of paths of functions: `[a, b::c]`.
    pub(crate) fn paths(&self, name: &str) -> Result<Vec<ExprPath>> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Expr::Array(array)) => array.elems.iter().map(|value| path(name, value)).collect(),
            Some(other) => Err(Error::new(
                other.span(),
                format!("`{name}` is a list of functions: `{name} = [a, b]`"),
            )),
        }
    }

    /// A list of string literals: `["a", "b"]`.
    pub(crate) fn strings(&self, name: &str) -> Result<Vec<LitStr>> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Expr::Array(array)) => array
                .elems
                .iter()
                .map(|value| literal_str(name, value))
                .collect(),
            Some(other) => Err(Error::new(
                other.span(),
                format!("`{name}` is a list of strings: `{name} = [\"a\", \"b\"]`"),
            )),
        }
    }
}

fn path(name: &str, value: &Expr) -> Result<ExprPath> {
    match value {
        Expr::Path(path) => Ok(path.clone()),
        other => Err(Error::new(
            other.span(),
            format!("`{name}` takes the name of a function"),
        )),
    }
}

fn literal_str(name: &str, value: &Expr) -> Result<LitStr> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(text.clone()),
        other => Err(Error::new(
            other.span(),
            format!("`{name}` takes a string literal"),
        )),
    }
}

fn optional(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
