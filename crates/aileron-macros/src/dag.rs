//! `#[dag]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, LitStr, Result, ReturnType, Type};

use crate::attributes::Attributes;
use crate::{duplicates, task};

const OPTIONS: [&str; 7] = [
    "dag_id",
    "schedule",
    "start_date",
    "catchup",
    "max_active_runs",
    "tags",
    "doc_md",
];

pub(crate) fn expand(attributes: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let attributes = Attributes::parse(attributes, "dag", &OPTIONS)?;
    let function: ItemFn = syn::parse2(item)?;
    check_signature(&function)?;
    duplicates::check(&function)?;
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = &function;
    let (name, inputs) = (&sig.ident, &sig.inputs);
    let dag_id = match attributes.string("dag_id")? {
        Some(id) => id,
        None => LitStr::new(&name.to_string(), name.span()),
    };
    let options = options(&attributes, &function)?;
    Ok(quote! {
        #(#attrs)*
        #vis fn #name() -> ::aileron::DagDefinition {
            fn build(#inputs) #block
            ::aileron::DagDefinition::new(#dag_id, #options, build)
        }
    })
}

fn check_signature(function: &ItemFn) -> Result<()> {
    let sig = &function.sig;
    let expected = format!("a Dag is `fn {}(dag: &mut Dag)`", sig.ident);
    if let Some(asyncness) = &sig.asyncness {
        return Err(Error::new(
            asyncness.span(),
            format!("{expected}: it only describes tasks, so it is not async"),
        ));
    }
    if let ReturnType::Type(..) = &sig.output {
        return Err(Error::new(
            sig.output.span(),
            format!("{expected}: it returns nothing"),
        ));
    }
    let takes_dag = match sig.inputs.first() {
        Some(FnArg::Typed(typed)) => {
            matches!(&*typed.ty, Type::Reference(r) if r.mutability.is_some())
        }
        _ => false,
    };
    if sig.inputs.len() != 1 || !takes_dag {
        return Err(Error::new(sig.ident.span(), expected));
    }
    Ok(())
}

/// A date, checked by the compiler because the call is `const`.
fn start_date_tokens(date: &LitStr) -> Result<TokenStream> {
    let text = date.value();
    let mut parts = text.splitn(3, '-').map(str::parse::<i16>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err(Error::new(
            date.span(),
            "`start_date` is a date such as \"2026-01-31\" (midnight UTC); set `dag.options_mut().start_date` for another instant",
        ));
    };
    let span = date.span();
    Ok(quote_spanned! {span=> {
        const START: ::aileron::__private::Date =
            ::aileron::__private::date(#year, #month as i8, #day as i8);
        ::core::option::Option::Some(::aileron::__private::midnight(START))
    }})
}

fn options(attributes: &Attributes, function: &ItemFn) -> Result<TokenStream> {
    let schedule = attributes.optional_string("schedule")?;
    let start_date = match attributes.string("start_date")? {
        None => quote!(::core::option::Option::None),
        Some(date) => start_date_tokens(&date)?,
    };
    let catchup = attributes.flag("catchup")?;
    let max_active_runs = attributes.optional_number("max_active_runs")?;
    let tags = attributes.strings("tags")?;
    let doc_md = task::doc_md(attributes, function)?;
    Ok(quote! {{
        let mut options = ::aileron::DagOptions::default();
        options.schedule = #schedule;
        options.start_date = #start_date;
        options.catchup = #catchup;
        options.max_active_runs = #max_active_runs;
        options.tags = ::std::vec![#(::std::string::String::from(#tags)),*];
        options.doc_md = #doc_md;
        options
    }})
}
