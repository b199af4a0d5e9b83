//! `airflow.cfg`: the format of Python's `configparser`, as far as Airflow uses it.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::ConfigError;

/// Options of this section stand in for those that a section does not have.
const DEFAULT_SECTION: &str = "DEFAULT";
/// How deep `%(key)s` may lead, as in Python.
const MOST_LEVELS: usize = 10;

/// A configuration file that was read.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    sections: HashMap<String, HashMap<String, String>>,
}

impl File {
    /// Reads a file; `None` when there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ConfigError::file(path, error)),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let sections = parse(text).map_err(|reason| ConfigError::file(path, reason))?;
        Ok(Self {
            path: path.to_owned(),
            sections,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// An option with what its `%` stand for. Airflow looks for keys in lower case and takes those of the file as they are: one that
    /// is written with a capital is never found.
    pub(crate) fn get(&self, section: &str, key: &str) -> Result<Option<String>, ConfigError> {
        let Some(value) = self.raw(section, &key.to_lowercase()) else {
            return Ok(None);
        };
        self.interpolate(section, value, 0)
            .map(Some)
            .map_err(|reason| ConfigError::Interpolation {
                section: section.to_owned(),
                key: key.to_owned(),
                reason,
            })
    }

    fn raw(&self, section: &str, key: &str) -> Option<&str> {
        [section, DEFAULT_SECTION]
            .iter()
            .find_map(|section| self.sections.get(*section)?.get(key))
            .map(String::as_str)
    }

    fn interpolate(&self, section: &str, value: &str, level: usize) -> Result<String, String> {
        if level == MOST_LEVELS {
            return Err("its `%(..)s` lead round in a circle".to_owned());
        }
        let mut text = String::with_capacity(value.len());
        let mut rest = value;
        while let Some((before, after)) = rest.split_once('%') {
            text.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                text.push('%');
                rest = after;
                continue;
            }
            let named = after
                .strip_prefix('(')
                .and_then(|after| after.split_once(")s"));
            let Some((name, after)) = named else {
                return Err(
                    "`%` is followed by neither `%` nor `(option)s`; write `%%` for a percent sign"
                        .to_owned(),
                );
            };
            let inner = self
                .raw(section, name)
                .ok_or_else(|| format!("`%({name})s` names no option of the section"))?;
            text.push_str(&self.interpolate(section, inner, level + 1)?);
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

type Sections = HashMap<String, HashMap<String, String>>;

fn parse(text: &str) -> Result<Sections, String> {
    let mut sections = Sections::new();
    let mut section: Option<String> = None;
    // The option that an indented line goes on with, and how far it is indented itself.
    let mut open: Option<(String, usize)> = None;
    for (index, line) in text.lines().enumerate() {
        let place = |reason: &str| format!("line {}: {reason}", index + 1);
        let content = line.trim();
        if content.starts_with(['#', ';']) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if let (Some((key, base)), Some(section)) = (&open, &section)
            && (content.is_empty() || indent > *base)
        {
            let value = sections.get_mut(section).and_then(|s| s.get_mut(key));
            if let Some(value) = value {
                value.push('\n');
                value.push_str(content);
            }
            continue;
        }
        if content.is_empty() {
            continue;
        }
        if let Some(name) = content.strip_prefix('[') {
            let (name, _) = name
                .split_once(']')
                .ok_or_else(|| place("a section has no `]`"))?;
            if name != DEFAULT_SECTION && sections.contains_key(name) {
                return Err(place(&format!("section [{name}] stands there twice")));
            }
            sections.entry(name.to_owned()).or_default();
            section = Some(name.to_owned());
            open = None;
            continue;
        }
        let section = section
            .as_ref()
            .ok_or_else(|| place("an option stands before the first section"))?;
        let (key, value) = content
            .split_once(['=', ':'])
            .ok_or_else(|| place("neither a section nor `key = value`"))?;
        let key = key.trim().to_owned();
        let options = sections.entry(section.clone()).or_default();
        if options.contains_key(&key) {
            return Err(place(&format!("[{section}] {key} is set twice")));
        }
        options.insert(key.clone(), value.trim().to_owned());
        open = Some((key, indent));
    }
    for value in sections.values_mut().flat_map(HashMap::values_mut) {
        value.truncate(value.trim_end().len());
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<File, ConfigError> {
        File::parse(Path::new("airflow.cfg"), text)
    }

    const TEXT: &str = "
# a comment
[DEFAULT]
base = /srv

[core]
fernet_key = a=b:c
Capital = never found
; another comment
dags_folder: %(base)s/dags
percent = 100%%
long = one
    two
    # not this

    three
empty =
[api]
port=8080
";

    #[test]
    fn options_are_read_as_pythons_configparser_reads_them() {
        let file = file(TEXT).unwrap();
        let get = |section, key| file.get(section, key).unwrap();
        assert_eq!(get("core", "fernet_key").as_deref(), Some("a=b:c"));
        assert_eq!(get("core", "Capital"), None);
        assert_eq!(get("core", "DAGS_FOLDER").as_deref(), Some("/srv/dags"));
        assert_eq!(get("core", "percent").as_deref(), Some("100%"));
        assert_eq!(get("core", "long").as_deref(), Some("one\ntwo\n\nthree"));
        assert_eq!(get("core", "empty").as_deref(), Some(""));
        assert_eq!(get("api", "port").as_deref(), Some("8080"));
        assert_eq!(get("api", "base").as_deref(), Some("/srv"));
        assert_eq!(get("api", "absent"), None);
        assert_eq!(get("absent", "port"), None);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_line() {
        for (text, expected) in [
            ("a = 1", "line 1: an option stands before the first section"),
            ("[a]\nrubbish", "line 2: neither a section nor"),
            ("[a\n", "line 1: a section has no `]`"),
            ("[a]\nb = 1\nb = 2", "line 3: [a] b is set twice"),
            ("[a]\n[b]\n[a]", "line 3: section [a] stands there twice"),
        ] {
            let error = file(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains("airflow.cfg"), "{error}");
        }
    }

    #[test]
    fn a_percent_sign_that_means_nothing_is_an_error() {
        let file = file("[a]\nplain = 5%\nunknown = %(x)s\ncircle = %(circle)s").unwrap();
        for key in ["plain", "unknown", "circle"] {
            let error = file.get("a", key).unwrap_err().to_string();
            assert!(error.contains(&format!("[a] {key}: ")), "{error}");
        }
    }
}
