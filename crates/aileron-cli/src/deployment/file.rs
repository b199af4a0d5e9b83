//! The files: `aileron.toml` of a project, and the one of the user.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::layer::Layer;
use crate::outcome::UsageError;

/// The file of a project, here or in a directory above.
const PROJECT: &str = "aileron.toml";

/// The file of a user, in the directory for configuration.
const USER: &str = "aileron/config.toml";

/// The parts of a file that are about deployments. Others belong to other commands.
#[derive(Debug, Default, Deserialize)]
struct File {
    deployment: Option<Layer>,
    #[serde(default)]
    deployments: BTreeMap<String, Layer>,
}

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Project,
    User,
}

/// What the files say of a deployment, the project's before the user's.
pub(super) fn layers(name: Option<&str>) -> anyhow::Result<Vec<Layer>> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let user = variable("AILERON_CONFIG").or_else(|| {
        let home = || variable("HOME").map(|home| home.join(".config"));
        Some(variable("XDG_CONFIG_HOME").or_else(home)?.join(USER))
    });
    let here = std::env::current_dir()?;
    let project = here
        .ancestors()
        .map(|directory| directory.join(PROJECT))
        .find(|path| path.is_file());
    let files = [
        (project, Owner::Project),
        (user.filter(|path| path.is_file()), Owner::User),
    ];
    let mut layers = Vec::new();
    let mut known = Vec::new();
    for (path, owner) in files {
        let Some(path) = path else { continue };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let file: File = toml::from_str(&text)
            .map_err(|error| UsageError(format!("{}: {error}", path.display())))?;
        known.extend(file.deployments.keys().cloned());
        layers.extend(layer(file, name, &path, owner)?);
    }
    if let (Some(name), true) = (name, layers.is_empty()) {
        known.sort();
        let known = match known.is_empty() {
            true => "there is none".to_owned(),
            false => format!("there is {}", known.join(", ")),
        };
        bail!(UsageError(format!(
            "no configuration has a section [deployments.{name}]; {known}"
        )));
    }
    Ok(layers)
}

fn layer(
    file: File,
    name: Option<&str>,
    path: &Path,
    owner: Owner,
) -> Result<Option<Layer>, UsageError> {
    let File {
        deployment,
        mut deployments,
    } = file;
    let found = match name {
        None => deployment,
        Some(name) => deployments.remove(name),
    };
    let Some(mut layer) = found else {
        return Ok(None);
    };
    layer.origin = path.display().to_string();
    // Such a file comes with a repository. It must not run a command, nor choose who is sent a token or a password.
    let refused = [
        ("exec", layer.exec.is_some()),
        ("kubectl", layer.kubectl.is_some()),
        ("database", layer.database.is_some()),
        ("api-url", layer.api_url.is_some()),
    ];
    match refused
        .into_iter()
        .find(|(_, is_set)| *is_set && owner == Owner::Project)
    {
        None => Ok(Some(layer)),
        Some((key, _)) => Err(UsageError(format!(
            "{}: {key} is not read from a project's file, which may come from somebody else; \
             it belongs into ~/.config/{USER}, the environment or the command line",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, name: Option<&str>, owner: Owner) -> Result<Option<Layer>, UsageError> {
        layer(
            toml::from_str(text).unwrap(),
            name,
            Path::new("f.toml"),
            owner,
        )
    }

    #[test]
    fn a_section_is_chosen_by_its_name() {
        let text = "[lint]\nx = 1\n[deployment]\nnamespace = 'a'\n[deployments.prod]\nnamespace = 'b'\nany-pod = true";
        assert_eq!(
            read(text, None, Owner::Project)
                .unwrap()
                .unwrap()
                .namespace
                .as_deref(),
            Some("a")
        );
        let prod = read(text, Some("prod"), Owner::Project).unwrap().unwrap();
        assert_eq!(
            (prod.namespace.as_deref(), prod.any_pod),
            (Some("b"), Some(true))
        );
        assert_eq!(read(text, Some("test"), Owner::Project).unwrap(), None);
        assert!(toml::from_str::<File>("[deployment]\nnamespaces = 'a'").is_err());
    }

    #[test]
    fn a_projects_file_names_no_command_and_nobody_who_is_sent_a_secret() {
        for key in ["exec", "kubectl", "database", "api-url"] {
            let text = format!("[deployment]\n{key} = 'x'");
            let error = read(&text, None, Owner::Project).unwrap_err().0;
            assert!(
                error.contains(&format!("f.toml: {key} is not read")),
                "{error}"
            );
            assert!(read(&text, None, Owner::User).unwrap().is_some());
        }
    }
}
