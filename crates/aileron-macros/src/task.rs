//! `#[task]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, GenericArgument, Ident, ItemFn, LitStr, Pat, PathArguments, Result, ReturnType,
    Type,
};

use crate::argument::Argument;
use crate::attributes::Attributes;
use crate::docs;

const OPTIONS: [&str; 15] = [
    "task_id",
    "retries",
    "retry_delay",
    "execution_timeout",
    "queue",
    "pool",
    "priority_weight",
    "trigger_rule",
    "owner",
    "depends_on_past",
    "doc_md",
    "inlets",
    "outlets",
    "resume",
    "retry_policy",
];

/// A parameter that is an argument of the task.
struct Parameter {
    name: Ident,
    ty: Type,
    about: Argument,
}

/// The parameters of the function, taken apart.
struct Signature {
    context: Option<FnArg>,
    parameters: Vec<Parameter>,
    returns: Type,
}

pub(crate) fn expand(attributes: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let attributes = Attributes::parse(attributes, "task", &OPTIONS)?;
    let mut function: ItemFn = syn::parse2(item)?;
    let signature = read_signature(&mut function)?;
    let options = options(&attributes, &function)?;
    let handlers = handlers(&attributes)?;
    let body = body(&function, &handlers);
    let call = call(&function, &signature, &attributes, &options, &handlers)?;
    Ok(quote! { #body #call })
}

/// Reads the signature, and takes the attributes of this crate off its parameters.
fn read_signature(function: &mut ItemFn) -> Result<Signature> {
    let sig = &mut function.sig;
    if !sig.generics.params.is_empty() {
        return Err(Error::new(
            sig.generics.span(),
            "a task cannot be generic: Airflow calls it by its id, with JSON values",
        ));
    }
    if let Some(variadic) = &sig.variadic {
        return Err(Error::new(variadic.span(), "a task has named parameters"));
    }
    let returns = match &sig.output {
        ReturnType::Type(_, ty) => (**ty).clone(),
        ReturnType::Default => {
            return Err(Error::new(
                sig.ident.span(),
                format!(
                    "a task returns a `Result`: write `fn {}(..) -> Result<()>`",
                    sig.ident
                ),
            ));
        }
    };
    let mut context = None;
    let mut parameters = Vec::new();
    for (index, input) in sig.inputs.iter_mut().enumerate() {
        match read_parameter(input)? {
            None if index == 0 => context = Some(input.clone()),
            None => {
                return Err(Error::new(
                    input.span(),
                    "`&Context` is the first parameter of a task",
                ));
            }
            Some(parameter) => parameters.push(parameter),
        }
    }
    check_struct(&parameters)?;
    Ok(Signature {
        context,
        parameters,
        returns,
    })
}

/// A struct of arguments stands alone: its fields are found by name, other parameters by position.
fn check_struct(parameters: &[Parameter]) -> Result<()> {
    for Parameter { name, about, .. } in parameters {
        let problem = if about.is_struct && parameters.len() > 1 {
            "the struct of arguments is the only parameter beside `&Context`: make the others its fields"
        } else if about.is_struct && (about.default.is_some() || about.rename.is_some()) {
            "the struct of arguments has no default and no name of its own; its fields have"
        } else if about.rename.is_some() {
            "parameters are found by position, so another name would do nothing; a struct of arguments has names"
        } else {
            continue;
        };
        return Err(Error::new(name.span(), problem));
    }
    Ok(())
}

/// A parameter, or `None` for the context.
fn read_parameter(input: &mut FnArg) -> Result<Option<Parameter>> {
    let FnArg::Typed(typed) = input else {
        return Err(Error::new(
            input.span(),
            "a task is a free function; it cannot take `self`",
        ));
    };
    if let Type::Reference(reference) = &*typed.ty {
        if is_context(&reference.elem) {
            if reference.mutability.is_some() {
                return Err(Error::new(
                    typed.ty.span(),
                    "take the context as `&Context`",
                ));
            }
            return Ok(None);
        }
        let elem = &reference.elem;
        let owned = match &**elem {
            Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
            Type::Slice(slice) => format!("Vec<{}>", slice.elem.to_token_stream()),
            other => other.to_token_stream().to_string(),
        };
        return Err(Error::new(
            typed.ty.span(),
            format!("an argument of a task is an owned value: take `{owned}`"),
        ));
    }
    if is_context(&typed.ty) {
        return Err(Error::new(
            typed.ty.span(),
            "take the context as `&Context`",
        ));
    }
    if let Type::ImplTrait(ty) = &*typed.ty {
        return Err(Error::new(
            ty.span(),
            "an argument of a task has a concrete type, so that it can be read from JSON",
        ));
    }
    match &*typed.pat {
        Pat::Ident(pat) if pat.subpat.is_none() && pat.by_ref.is_none() => Ok(Some(Parameter {
            name: pat.ident.clone(),
            ty: (*typed.ty).clone(),
            about: Argument::take(&mut typed.attrs)?,
        })),
        other => Err(Error::new(
            other.span(),
            "a parameter of a task is a plain name; take it apart in the body",
        )),
    }
}

fn is_context(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Context"))
}

/// The type of the same name as the function, with the body as its associated function `run`.
fn body(function: &ItemFn, handlers: &[Handler]) -> TokenStream {
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = function;
    let name = &sig.ident;
    let asyncness = &sig.asyncness;
    let (inputs, output) = (&sig.inputs, &sig.output);
    let doc = format!("The task `{name}`; [`{name}::run`] is its body.");
    let constants = handlers.iter().map(|Handler { name, .. }| {
        let text = unraw(name);
        let doc = format!("The name of the resume handler `{text}`.");
        quote! {
            #[doc = #doc]
            #[allow(non_upper_case_globals)]
            pub const #name: &'static str = #text;
        }
    });
    quote! {
        #[doc = #doc]
        #[allow(non_camel_case_types)]
        #vis struct #name {}

        impl #name {
            #(#attrs)*
            ///
            #[doc = "The body of the task. Unit tests call it with a context from `aileron::testing`."]
            #[allow(clippy::missing_errors_doc, clippy::unused_async)]
            pub #asyncness fn run(#inputs) #output #block

            #(#constants)*
        }
    }
}

/// The function that describes a use of the task in a Dag.
fn call(
    function: &ItemFn,
    signature: &Signature,
    attributes: &Attributes,
    options: &TokenStream,
    handlers: &[Handler],
) -> Result<TokenStream> {
    let ItemFn {
        attrs, vis, sig, ..
    } = function;
    // What instruments or wraps the body (`#[tracing::instrument]`) is for `run`, not for the description.
    let attrs = attrs.iter().filter(|attribute| {
        ["doc", "cfg", "allow", "deprecated"]
            .iter()
            .any(|name| attribute.path().is_ident(name))
    });
    let name = &sig.ident;
    let task_id = match attributes.string("task_id")? {
        Some(id) => id,
        None => LitStr::new(&unraw(name), name.span()),
    };
    let returns = &signature.returns;
    let return_name = return_name(returns);
    let arguments: Vec<Ident> = (0..signature.parameters.len())
        .map(|i| format_ident!("argument_{i}"))
        .collect();
    let next = signature.parameters.iter().map(next_argument);
    let context = signature.context.iter().map(|_| quote!(&context,));
    let run = quote!(#name::run(#(#context)* #(#arguments),*));
    let run = if sig.asyncness.is_some() {
        quote!(::aileron::__private::TaskReturn::into_result(#run.await))
    } else {
        quote! {
            ::aileron::__private::blocking(move || {
                ::aileron::__private::TaskReturn::into_result(#run)
            })
            .await
        }
    };
    let body = quote! {
        |context, arguments| {
            ::std::boxed::Box::pin(async move {
                #[allow(unused_mut, unused_variables)]
                let mut arguments = arguments;
                #[allow(unused_variables)]
                let context = context;
                #(let #arguments = #next?;)*
                // The body may take the other with it to another thread.
                let returns_to = ::std::clone::Clone::clone(&context);
                ::aileron::__private::keep_returned(&returns_to, #run?).await
            })
        }
    };
    let Inputs {
        inputs,
        describe,
        params,
    } = inputs(&signature.parameters);
    // Spanned so that a handler of the wrong type is underlined itself.
    let resumes = handlers.iter().map(|Handler { name, path }| {
        let text = unraw(name);
        quote_spanned! {path.span()=>
            let call = ::aileron::__private::resumes_in::<
                <#returns as ::aileron::__private::TaskReturn>::Value, _, _, _
            >(call, #text, #path);
        }
    });
    let policy = attributes.path("retry_policy")?.map(|path| {
        quote_spanned!(path.span()=> let call = ::aileron::__private::retries_by(call, #path);)
    });
    Ok(quote! {
        #(#attrs)*
        #[allow(clippy::missing_errors_doc)]
        #vis fn #name(
            #inputs
        ) -> ::aileron::TaskCall<<#returns as ::aileron::__private::TaskReturn>::Value> {
            let call = ::aileron::__private::#describe(#task_id, #options, #return_name, #params, #body);
            #(#resumes)*
            #policy
            call
        }
    })
}

/// The parameters of the describing function, which function of `aileron` it calls, and what it passes on.
struct Inputs {
    inputs: TokenStream,
    describe: Ident,
    params: TokenStream,
}

fn inputs(parameters: &[Parameter]) -> Inputs {
    if let [
        Parameter {
            name,
            ty,
            about: Argument {
                is_struct: true, ..
            },
        },
    ] = parameters
    {
        return Inputs {
            inputs: quote!(#name: impl ::aileron::IntoArgs<#ty>),
            describe: format_ident!("describe_by_name"),
            params: quote!(#name),
        };
    }
    let names: Vec<&Ident> = parameters.iter().map(|p| &p.name).collect();
    let types: Vec<&Type> = parameters.iter().map(|p| &p.ty).collect();
    let name_texts = names.iter().map(|name| unraw(name));
    let type_texts = types.iter().map(|ty| type_text(ty));
    Inputs {
        inputs: quote!(#(#names: impl ::aileron::IntoArg<#types>),*),
        describe: format_ident!("describe"),
        params: quote! {
            ::std::vec![#(::aileron::__private::bind::<#types>(#name_texts, #type_texts, #names)),*]
        },
    }
}

/// Reads the value of a parameter when the task runs. Spanned so that a type that cannot be read from JSON is underlined
/// itself.
fn next_argument(Parameter { ty, about, .. }: &Parameter) -> TokenStream {
    if about.is_struct {
        return quote_spanned!(ty.span()=> <#ty as ::aileron::TaskArgs>::read(&mut arguments));
    }
    match &about.default {
        None => quote_spanned!(ty.span()=> ::aileron::__private::next_arg::<#ty>(&mut arguments)),
        Some(default) => {
            quote_spanned!(ty.span()=> ::aileron::__private::next_arg_or::<#ty>(&mut arguments, || #default))
        }
    }
}

/// A resume handler: its name and the function.
struct Handler {
    name: Ident,
    path: syn::ExprPath,
}

fn handlers(attributes: &Attributes) -> Result<Vec<Handler>> {
    let paths = attributes.paths("resume")?;
    let mut handlers: Vec<Handler> = Vec::new();
    for path in paths {
        let Some(last) = path.path.segments.last() else {
            continue;
        };
        let name = last.ident.clone();
        if handlers.iter().any(|handler| handler.name == name) {
            return Err(Error::new(
                path.span(),
                format!("there are two resume handlers of the name `{name}`"),
            ));
        }
        if name == "run" {
            return Err(Error::new(
                path.span(),
                "`run` is the task's own body; give the resume handler another name",
            ));
        }
        handlers.push(Handler { name, path });
    }
    Ok(handlers)
}

fn options(attributes: &Attributes, function: &ItemFn) -> Result<TokenStream> {
    let retries = attributes.optional_number("retries")?;
    let retry_delay = attributes.optional_duration("retry_delay")?;
    let execution_timeout = attributes.optional_duration("execution_timeout")?;
    let queue = attributes.optional_string("queue")?;
    let pool = attributes.optional_string("pool")?;
    let priority_weight = attributes.optional_number("priority_weight")?;
    let trigger_rule = match attributes.string("trigger_rule")? {
        None => quote!(::core::option::Option::None),
        Some(rule) => quote_spanned! {rule.span()=> {
            const RULE: ::aileron::TriggerRule = match ::aileron::TriggerRule::from_name(#rule) {
                ::core::option::Option::Some(rule) => rule,
                ::core::option::Option::None => {
                    ::core::panic!("not a trigger rule of Airflow, such as \"all_success\" or \"none_failed\"")
                }
            };
            ::core::option::Option::Some(RULE)
        }},
    };
    let owner = attributes.optional_string("owner")?;
    let depends_on_past = attributes.flag("depends_on_past")?;
    let doc_md = doc_md(attributes, function)?;
    let inlets = assets(attributes, "inlets")?;
    let outlets = assets(attributes, "outlets")?;
    Ok(quote! {{
        let mut options = ::aileron::TaskOptions::default();
        options.retries = #retries;
        options.retry_delay = #retry_delay;
        options.execution_timeout = #execution_timeout;
        options.queue = #queue;
        options.pool = #pool;
        options.priority_weight = #priority_weight;
        options.trigger_rule = #trigger_rule;
        options.owner = #owner;
        options.depends_on_past = #depends_on_past;
        options.doc_md = #doc_md;
        options.inlets = #inlets;
        options.outlets = #outlets;
        options
    }})
}

/// Assets and aliases, as the tokens of a `Vec<AssetOrAlias>`. Spanned so that what is neither is underlined itself.
fn assets(attributes: &Attributes, name: &str) -> Result<TokenStream> {
    let assets = attributes.expressions(name, |asset| {
        quote_spanned!(asset.span()=> ::core::convert::Into::<::aileron::AssetOrAlias>::into(#asset))
    })?;
    Ok(quote!(::std::vec![#(#assets),*]))
}

/// The documentation for Airflow: `doc_md`, or the doc comment.
pub(crate) fn doc_md(attributes: &Attributes, function: &ItemFn) -> Result<TokenStream> {
    if attributes.string("doc_md")?.is_some() {
        return attributes.optional_string("doc_md");
    }
    Ok(match docs::doc_text(&function.attrs) {
        Some(text) => quote!(::core::option::Option::Some(::std::string::String::from(#text))),
        None => quote!(::core::option::Option::None),
    })
}

/// `Some("Vec<Order>")` for `Result<Vec<Order>>`, `None` for `Result<()>`, as tokens.
fn return_name(returns: &Type) -> TokenStream {
    let value = match returns {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .and_then(|last| match &last.arguments {
                PathArguments::AngleBracketed(list) => list.args.first(),
                _ => None,
            }),
        _ => None,
    };
    match value {
        Some(GenericArgument::Type(Type::Tuple(tuple))) if tuple.elems.is_empty() => {
            quote!(::core::option::Option::None)
        }
        Some(GenericArgument::Type(ty)) => {
            let text = type_text(ty);
            quote!(::core::option::Option::Some(#text))
        }
        _ => quote!(::core::option::Option::Some(::core::any::type_name::<
            <#returns as ::aileron::__private::TaskReturn>::Value,
        >())),
    }
}

/// A type as a person writes it: tokens print with spaces between all of them.
pub(crate) fn type_text(ty: &Type) -> String {
    let mut text = ty.to_token_stream().to_string();
    for (spaced, tight) in [
        (" < ", "<"),
        (" > ", ">"),
        (" >", ">"),
        ("< ", "<"),
        (" :: ", "::"),
        (" ,", ","),
        ("& ", "&"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

pub(crate) fn unraw(name: &Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
