//! The files of a new project.

use super::name::ProjectName;

/// Path in the project and template of each file.
const FILES: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("../../template/Cargo.toml.in")),
    ("src/main.rs", include_str!("../../template/main.rs.in")),
    ("README.md", include_str!("../../template/README.md.in")),
    (".gitignore", include_str!("../../template/gitignore.in")),
];

/// The files with their names filled in; `dependency` is the TOML value of the `aileron` dependency.
pub(super) fn files(name: &ProjectName, dependency: &str) -> Vec<(&'static str, String)> {
    let fill = |template: &str| {
        template
            .replace("{{name}}", name.package())
            .replace("{{dag}}", &name.dag())
            .replace("{{aileron}}", dependency)
    };
    FILES
        .iter()
        .map(|(path, template)| (*path, fill(template)))
        .collect()
}

/// A TOML string: a JSON string with the one character escaped that JSON allows and TOML does not.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_fill_in() {
        let name = "my-sales".parse().unwrap();
        for (path, text) in files(&name, "\"1\"") {
            assert!(!text.contains("{{"), "{path}:\n{text}");
        }
    }
}
