//! The doc comment of a function as text.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The lines of the doc comment, or `None` when there is none.
pub(crate) fn doc_text(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    let Expr::Lit(ExprLit {
        lit: Lit::Str(text),
        ..
    }) = &pair.value
    else {
        return None;
    };
    let line = text.value();
    pair.path
        .is_ident("doc")
        .then(|| line.strip_prefix(' ').map_or(line.clone(), str::to_owned))
}
