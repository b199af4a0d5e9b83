//! Dockerfiles: the tag of Airflow's image, and the variable that its own Dockerfiles use.

use std::collections::HashMap;

use super::{Said, release_in};

/// What a Dockerfile says about the version of Airflow.
///
/// Read are `FROM apache/airflow:3.3.2-python3.12` (from any registry, with `ARG` variables), and
/// `ARG` or `ENV` `AIRFLOW_VERSION=3.3.2`.
#[must_use]
pub fn versions_in_containerfile(text: &str) -> Vec<Said> {
    let mut variables = HashMap::new();
    let mut said = Vec::new();
    for line in text.lines().map(str::trim) {
        let Some((instruction, rest)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        match instruction.to_ascii_uppercase().as_str() {
            "ARG" | "ENV" => said.extend(assignment(rest.trim(), &mut variables)),
            "FROM" => said.extend(image(&expand(rest.trim(), &variables))),
            _ => {}
        }
    }
    // The image is the stronger word.
    said.sort_by_key(|said| !said.text.contains(':'));
    said
}

fn assignment(text: &str, variables: &mut HashMap<String, String>) -> Option<Said> {
    let (name, value) = text
        .split_once('=')
        .or_else(|| text.split_once(char::is_whitespace))?;
    let value = value.trim().trim_matches(['"', '\'']);
    variables.insert(name.trim().to_owned(), value.to_owned());
    if name.trim() != "AIRFLOW_VERSION" {
        return None;
    }
    Some(Said {
        text: format!("AIRFLOW_VERSION={value}"),
        version: release_in(value)?,
        exact: true,
    })
}

/// Replaces `$NAME`, `${NAME}` and `${NAME:-default}`.
fn expand(text: &str, variables: &HashMap<String, String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let (name, default, following) = match after.strip_prefix('{') {
            Some(braced) => match braced.split_once('}') {
                Some((inside, following)) => {
                    let (name, default) = inside.split_once(":-").unwrap_or((inside, ""));
                    (name, default, following)
                }
                None => return expanded,
            },
            None => {
                let end = after
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(after.len());
                (&after[..end], "", &after[end..])
            }
        };
        expanded.push_str(variables.get(name).map_or(default, String::as_str));
        rest = following;
    }
    expanded.push_str(rest);
    expanded
}

/// The tag of an image named `.../airflow`, as in `apache/airflow:3.3.2` or `slim-3.3.2-python3.12`.
fn image(from: &str) -> Option<Said> {
    let reference = from
        .split_whitespace()
        .find(|word| !word.starts_with("--"))?;
    let reference = reference.split('@').next().unwrap_or_default();
    let (name, tag) = reference.rsplit_once(':')?;
    if name.rsplit('/').next() != Some("airflow") {
        return None;
    }
    let number = tag.strip_prefix("slim-").unwrap_or(tag);
    let number = number.split('-').next().unwrap_or_default();
    Some(Said {
        text: format!("{name}:{tag}"),
        version: release_in(number)?,
        exact: true,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(text: &str) -> Option<(String, String)> {
        let said = versions_in_containerfile(text).into_iter().next()?;
        Some((said.text, said.version.to_string()))
    }

    #[test]
    fn the_tag_of_the_image_is_read() {
        for (text, words, version) in [
            ("FROM apache/airflow:3.3.2", "apache/airflow:3.3.2", "3.3.2"),
            (
                "from --platform=linux/amd64 apache/airflow:slim-3.2.1-python3.12 AS base",
                "apache/airflow:slim-3.2.1-python3.12",
                "3.2.1",
            ),
            (
                "FROM registry.example.com:5000/apache/airflow:3.3@sha256:00",
                "registry.example.com:5000/apache/airflow:3.3",
                "3.3.0",
            ),
            (
                "ARG V=3.1.0\nFROM apache/airflow:${V}-python3.12",
                "apache/airflow:3.1.0-python3.12",
                "3.1.0",
            ),
            (
                "FROM apache/airflow:${V:-2.10.5}",
                "apache/airflow:2.10.5",
                "2.10.5",
            ),
            (
                "ARG AIRFLOW_VERSION=\"3.3.2\"\nFROM debian:12",
                "AIRFLOW_VERSION=3.3.2",
                "3.3.2",
            ),
            (
                "ARG AIRFLOW_VERSION=3.3.2\nFROM apache/airflow:$AIRFLOW_VERSION",
                "apache/airflow:3.3.2",
                "3.3.2",
            ),
        ] {
            assert_eq!(
                first(text),
                Some((words.to_owned(), version.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_tag_without_a_version_says_nothing() {
        for text in [
            "FROM apache/airflow",
            "FROM apache/airflow:latest",
            "FROM python:3.12",
            "FROM apache/airflow:${V",
            "FROM",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(FROM|ARG|ENV) \\PC*") {
            let _ = versions_in_containerfile(&text);
        }
    }
}
