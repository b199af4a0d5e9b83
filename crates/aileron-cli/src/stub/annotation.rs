//! Rust types as Python annotations.
//!
//! Airflow 3.4 derives a JSON schema from the annotations and sends it with the arguments. A type that is not known here
//! becomes `Any`, which promises nothing.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The annotation for a type as Rust writes it.
pub(super) fn python(rust: &str) -> String {
    syn::parse_str::<Type>(rust).map_or_else(|_| any(), |parsed| of(&parsed))
}

fn any() -> String {
    "Any".to_owned()
}

fn of(rust: &Type) -> String {
    match rust {
        Type::Reference(reference) => of(&reference.elem),
        Type::Paren(paren) => of(&paren.elem),
        Type::Group(group) => of(&group.elem),
        Type::Array(array) => list(&of(&array.elem)),
        Type::Slice(slice) => list(&of(&slice.elem)),
        Type::Tuple(tuple) if tuple.elems.is_empty() => "None".to_owned(),
        Type::Tuple(_) => list("Any"),
        Type::Path(path) if path.qself.is_none() => {
            path.path.segments.last().map_or_else(any, of_segment)
        }
        _ => any(),
    }
}

fn of_segment(segment: &PathSegment) -> String {
    let arguments = type_arguments(segment);
    match (segment.ident.to_string().as_str(), arguments.as_slice()) {
        ("String" | "str" | "char", []) => "str".to_owned(),
        ("bool", []) => "bool".to_owned(),
        ("f32" | "f64", []) => "float".to_owned(),
        ("i8" | "i16" | "i32" | "i64" | "isize" | "u8" | "u16" | "u32" | "u64" | "usize", []) => {
            "int".to_owned()
        }
        ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", [item, ..]) => list(&of(item)),
        ("HashMap" | "BTreeMap" | "IndexMap", [_, value, ..]) => {
            format!("dict[str, {}]", of(value))
        }
        ("Box" | "Arc" | "Rc" | "Cow", [inner]) => of(inner),
        ("Option", [inner]) => match of(inner).as_str() {
            "Any" => any(),
            inner if inner.ends_with("None") => inner.to_owned(),
            inner => format!("{inner} | None"),
        },
        _ => any(),
    }
}

fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    });
    types.collect()
}

fn list(item: &str) -> String {
    format!("list[{item}]")
}

#[cfg(test)]
mod tests {
    use super::python;

    #[test]
    fn known_types_become_python_types() {
        let table = [
            ("String", "str"),
            ("& 'static str", "str"),
            ("u64", "int"),
            ("f32", "float"),
            ("bool", "bool"),
            ("Vec < Order >", "list[Any]"),
            ("Vec<Vec<i32>>", "list[list[int]]"),
            ("[u8; 4]", "list[int]"),
            (
                "std::collections::HashMap<String, Vec<f64>>",
                "dict[str, list[float]]",
            ),
            ("Option<String>", "str | None"),
            ("Option<Option<i64>>", "int | None"),
            ("Option<Order>", "Any"),
            ("Arc<String>", "str"),
            ("Cow<'static, str>", "str"),
            ("()", "None"),
            ("(String, i64)", "list[Any]"),
        ];
        for (rust, expected) in table {
            assert_eq!(python(rust), expected, "{rust}");
        }
    }

    #[test]
    fn other_types_promise_nothing() {
        for rust in [
            "Order",
            "serde_json::Value",
            "impl Serialize",
            "not a type",
            "",
            "<T as Trait>::Out",
            "i128",
            "Vec",
        ] {
            assert_eq!(python(rust), "Any", "{rust}");
        }
    }
}
