//! `#[derive(TaskArgs)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitStr, Result, Type, Visibility};

use crate::argument::{Argument, is_option};
use crate::task::{type_text, unraw};

/// A field that is an argument.
struct Field {
    ident: Ident,
    ty: Type,
    /// The name in Python.
    name: LitStr,
    default: Option<TokenStream>,
    docs: Vec<syn::Attribute>,
}

impl Field {
    fn is_required(&self) -> bool {
        self.default.is_none() && !is_option(&self.ty)
    }
}

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    if !input.generics.params.is_empty() {
        return Err(Error::new(
            input.generics.span(),
            "the arguments of a task cannot be generic: Airflow passes JSON values",
        ));
    }
    let fields = fields(&input)?;
    let read = read(&input.ident, &fields);
    let builder = builder(&input.vis, &input.ident, &fields);
    Ok(quote! { #read #builder })
}

fn fields(input: &DeriveInput) -> Result<Vec<Field>> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "the arguments of a task are a struct",
        ));
    };
    let Fields::Named(named) = &data.fields else {
        return Err(Error::new(
            input.ident.span(),
            "the arguments of a task are a struct with named fields: Airflow finds them by name",
        ));
    };
    let mut fields: Vec<(String, Field)> = Vec::new();
    for field in &named.named {
        let field = read_field(field)?;
        let folded = folded(&field.name.value());
        if let Some((_, earlier)) = fields.iter().find(|(other, _)| *other == folded) {
            return Err(Error::new(
                field.ident.span(),
                format!(
                    "`{}` and `{}` are one name: only ASCII letters and digits count, and case does not; give one another name with `#[arg(rename = \"..\")]`",
                    earlier.name.value(),
                    field.name.value()
                ),
            ));
        }
        fields.push((folded, field));
    }
    Ok(fields.into_iter().map(|(_, field)| field).collect())
}

fn read_field(field: &syn::Field) -> Result<Field> {
    let mut attributes = field.attrs.clone();
    let argument = Argument::take(&mut attributes)?;
    if argument.is_struct {
        return Err(Error::new(
            field.span(),
            "`#[args]` marks a parameter of a task; a field is one argument",
        ));
    }
    let ident = field.ident.clone().expect("a named field has a name");
    let name = argument
        .rename
        .unwrap_or_else(|| LitStr::new(&unraw(&ident), ident.span()));
    attributes.retain(|attribute| attribute.path().is_ident("doc"));
    Ok(Field {
        ident,
        ty: field.ty.clone(),
        name,
        default: argument.default,
        docs: attributes,
    })
}

/// What counts of a name; the runtime of `aileron` has the same rule.
fn folded(name: &str) -> String {
    let kept = name.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

fn read(name: &Ident, fields: &[Field]) -> TokenStream {
    let fields = fields.iter().map(|Field { ident, ty, default, .. }| match default {
        None => quote_spanned!(ty.span()=> #ident: ::aileron::__private::next_arg::<#ty>(args)?),
        Some(default) => {
            quote_spanned!(ty.span()=> #ident: ::aileron::__private::next_arg_or::<#ty>(args, || #default)?)
        }
    });
    quote! {
        impl ::aileron::TaskArgs for #name {
            #[allow(unused_variables)]
            fn read(args: &mut ::aileron::__private::Args) -> ::aileron::Result<Self> {
                ::core::result::Result::Ok(Self { #(#fields),* })
            }
        }
    }
}

/// The type that collects the arguments in a Dag. Its type parameters say which required fields were given.
fn builder(vis: &Visibility, name: &Ident, fields: &[Field]) -> TokenStream {
    let builder = format_ident!("{}Args", name);
    let required: Vec<&Field> = fields.iter().filter(|field| field.is_required()).collect();
    let states: Vec<Ident> = (0..required.len()).map(|i| format_ident!("R{i}")).collect();
    let missing = required
        .iter()
        .map(|_| quote!(::aileron::__private::Missing));
    let present = required
        .iter()
        .map(|_| quote!(::aileron::__private::Present));
    let unset = fields.iter().map(|field| {
        let (name, ty) = (&field.name, type_text(&field.ty));
        quote!(::aileron::__private::unset(#name, #ty))
    });
    let count = fields.len();
    let setters = fields.iter().enumerate().map(|(index, field)| {
        let position = required.iter().position(|other| other.ident == field.ident);
        setter(vis, &builder, &states, index, position, field)
    });
    let doc = format!("The arguments of a task that takes [`{name}`], on their way into a Dag.");
    let start_doc = format!("Starts the arguments of a task that takes [`{name}`] in a Dag.");
    quote! {
        #[doc = #doc]
        #[must_use = "these are the arguments of a task: `dag.add(my_task(..))`"]
        #vis struct #builder<#(#states),*> {
            params: [::aileron::__private::BoundParam; #count],
            states: ::core::marker::PhantomData<fn() -> (#(#states,)*)>,
        }

        impl #name {
            #[doc = #start_doc]
            #vis fn args() -> #builder<#(#missing),*> {
                #builder {
                    params: [#(#unset),*],
                    states: ::core::marker::PhantomData,
                }
            }
        }

        #(#setters)*

        impl ::aileron::IntoArgs<#name> for #builder<#(#present),*> {
            fn into_params(self) -> ::std::vec::Vec<::aileron::__private::BoundParam> {
                ::std::vec::Vec::from(self.params)
            }
        }
    }
}

fn setter(
    vis: &Visibility,
    builder: &Ident,
    states: &[Ident],
    index: usize,
    required: Option<usize>,
    field: &Field,
) -> TokenStream {
    let Field {
        ident,
        ty,
        name,
        docs,
        ..
    } = field;
    let text = type_text(ty);
    let doc = format!(
        "Gives `{}`: a value, or the output of a task.",
        unraw(ident)
    );
    let others = states
        .iter()
        .enumerate()
        .filter(|(i, _)| Some(*i) != required)
        .map(|(_, state)| state);
    let with = |marker: TokenStream| -> Vec<TokenStream> {
        let state = |(i, state): (usize, &Ident)| match required {
            Some(position) if position == i => marker.clone(),
            _ => quote!(#state),
        };
        states.iter().enumerate().map(state).collect()
    };
    let before = with(quote!(::aileron::__private::Missing));
    let after = with(quote!(::aileron::__private::Present));
    quote! {
        #[allow(non_camel_case_types)]
        impl<#(#others),*> #builder<#(#before),*> {
            #(#docs)*
            ///
            #[doc = #doc]
            #vis fn #ident(mut self, value: impl ::aileron::IntoArg<#ty>) -> #builder<#(#after),*> {
                self.params[#index] = ::aileron::__private::bind::<#ty>(#name, #text, value);
                #builder {
                    params: self.params,
                    states: ::core::marker::PhantomData,
                }
            }
        }
    }
}
