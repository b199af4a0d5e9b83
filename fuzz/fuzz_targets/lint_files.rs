//! Any text as a settings file, a lock file, requirements, a Dockerfile.

#![no_main]

use std::path::Path;

use aileron_lint::configuration::Configuration;
use aileron_lint::target::{
    version_in_lock, version_in_pyproject, versions_in_containerfile, versions_in_requirements,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Configuration::parse(Path::new("/project/aileron.toml"), text);
    let _ = Configuration::parse(Path::new("/project/pyproject.toml"), text);
    let _ = version_in_lock(text);
    let _ = version_in_pyproject(text);
    let _ = versions_in_containerfile(text);
    for said in versions_in_requirements(text) {
        assert!(!said.text.is_empty());
    }
});
