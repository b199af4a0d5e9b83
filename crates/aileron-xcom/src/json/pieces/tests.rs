use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::json::tests::any_json;

/// Cuts a text into pieces of these lengths, again and again.
fn cut(text: &str, lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut lengths = lengths.iter().cycle();
    let mut rest = text.as_bytes();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(*lengths.next().unwrap()));
        pieces.push(piece.to_vec());
        rest = behind;
    }
    pieces
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, JsonDecodeError> {
    decode_pieces(cut(text, &[7]))
}

/// So long that it is not put together.
fn long(elements: &str) -> String {
    format!(" \n[{elements}{}]\t", ", null".repeat(30))
}

#[derive(Debug, PartialEq, Deserialize)]
struct Row {
    id: u64,
    name: String,
    kind: Kind,
    rest: Option<(i8, f64)>,
    more: BTreeMap<String, char>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Kind {
    Plain,
    One(u8),
    Named { by: String },
}

#[test]
fn every_shape_of_type_is_read() {
    let element = |kind: &str| {
        format!(
            r#"{{"id": 1, "name": "a\"]\u00e9", "kind": {kind}, "rest": [-1, 0.5], "more": {{"k": "c"}}}}"#
        )
    };
    let kinds = [r#""Plain""#, r#"{"One": 7}"#, r#"{"Named": {"by": "x"}}"#];
    let text = format!("[{}]", kinds.map(element).join(","));
    let rows: Vec<Row> = read(&text).unwrap();
    assert_eq!(rows, serde_json::from_str::<Vec<Row>>(&text).unwrap());
    let some: Option<Vec<Row>> = read(&text).unwrap();
    assert_eq!(some, Some(rows));
}

#[test]
fn what_is_wrapped_is_unwrapped() {
    let set = r#"{"__classname__": "builtins.set", "__version__": 1, "__data__": [1, 2]}"#;
    let text = format!("[{set}, [3], {set}]");
    assert_eq!(
        read::<Vec<Vec<u8>>>(&text),
        Ok(vec![vec![1, 2], vec![3], vec![1, 2]])
    );
    // The whole is wrapped.
    assert_eq!(
        read::<Vec<u8>>(&set.replace("[1, 2]", "[1, 2, 3, 4, 5, 6, 7, 8, 9]")),
        Ok(vec![1, 2, 3, 4, 5, 6, 7, 8, 9])
    );
}

fn not_json<T: DeserializeOwned + std::fmt::Debug>(pieces: Vec<Vec<u8>>) -> String {
    let error = decode_pieces::<T>(pieces).unwrap_err();
    assert!(matches!(error, JsonDecodeError::NotJson(_)), "{error}");
    error.to_string()
}

#[test]
fn a_list_that_is_no_json_says_how_far_it_is_one() {
    let fits = long("1");
    assert_eq!(
        read::<Vec<Option<u8>>>(&fits).map(|list| list.len()),
        Ok(31)
    );
    for (wrong, told) in [
        (long("1,,2"), "behind 1 whole"),
        (long("1, 1 2"), "element 1 of the list: expected"),
        (long("1, "), "behind 1 whole"),
        (long("1, 1180591620717411303424"), "1180591620717411303424"),
        (long("1]"), "behind 1 whole"),
        (long("}"), "behind 0 whole"),
        (fits.replace(']', ""), "behind 30 whole"),
        (fits.replace(']', ",]"), "behind 31 whole"),
        (fits.replace(']', "}"), "behind 30 whole"),
        (format!("{fits}]"), "behind 31 whole"),
        (format!("{fits}x"), "behind 31 whole"),
    ] {
        let said = not_json::<Vec<Option<u8>>>(cut(&wrong, &[7]));
        assert!(said.contains(told), "{wrong}: {said}");
        let whole = decode_json::<Vec<Option<u8>>>(wrong.as_bytes());
        assert!(matches!(whole, Err(JsonDecodeError::NotJson(_))), "{wrong}");
    }
    let mut pieces = cut(&fits, &[7]);
    pieces[4] = b"\xff, 1,".to_vec();
    assert!(not_json::<Value>(pieces).contains("UTF-8"));
    // What is no list is said, though none was wanted.
    not_json::<bool>(cut(&fits.replace(']', ""), &[200]));
    assert_eq!(
        read::<Vec<u8>>(&format!("[{}]", " ".repeat(100))),
        Ok(vec![])
    );
}

#[test]
fn what_does_not_fit_is_told_as_of_the_whole_text() {
    for wrong in [long("1, 300"), long("\"a\""), long("null, [[]]")] {
        assert_eq!(
            read::<Vec<Option<u8>>>(&wrong),
            decode_json(wrong.as_bytes()),
            "{wrong}"
        );
    }
    let row = r#"{"id": 7, "name": "a", "kind": "Plain", "rest": null, "more": {}}"#;
    let rows = format!("[{row}, {row}, {}]", row.replace("null", "[1, \"x\"]"));
    let error = read::<Vec<Row>>(&rows).unwrap_err();
    assert_eq!(Err(error.clone()), decode_json::<Vec<Row>>(rows.as_bytes()));
    assert!(error.to_string().starts_with("at [2].rest[1]:"), "{error}");
    // Elements of several types.
    let error = read::<(u8, String)>(&long("1, 2")).unwrap_err();
    assert!(
        error.to_string().starts_with("at [1]: invalid type"),
        "{error}"
    );
    // Elements would be left.
    let error = read::<(u8, Option<u8>)>(&long("1")).unwrap_err();
    assert!(error.to_string().contains("list of 2 elements"), "{error}");
    // No list is wanted.
    for wrong in [
        read::<bool>(&long("1")).map(drop),
        read::<BTreeMap<String, u8>>(&long("1")).map(drop),
    ] {
        let error = wrong.unwrap_err().to_string();
        assert!(error.starts_with("at the top: invalid"), "{error}");
    }
}

proptest! {
    #[test]
    fn pieces_are_read_as_the_whole(
        elements in prop::collection::vec(any_json(), 0..20),
        lengths in prop::collection::vec(1..40_usize, 1..5),
        pretty: bool,
    ) {
        let value = json!(elements);
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        prop_assert_eq!(decode_pieces::<Value>(cut(&text, &lengths)), Ok(value));
    }

    #[test]
    fn text_of_any_kind_is_read_as_the_whole_or_not_at_all(
        text in r#"\[?[\[\]{},:" \\0-9a-f.\n-]{0,120}\]?"#,
        length in 1..20_usize,
    ) {
        let whole = decode_json::<Value>(text.as_bytes()).ok();
        prop_assert_eq!(decode_pieces::<Value>(cut(&text, &[length])).ok(), whole);
    }
}
