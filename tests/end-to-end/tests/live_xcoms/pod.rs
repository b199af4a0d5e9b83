//! A pod of the scheduler, which `kubectl` leads into: a stand-in, which runs the real probe in a real process with the environment of
//! the pod. Where there is a real `kubectl`, it is asked whether it would take the command lines.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use end_to_end::{Kept, Live};

use crate::reader::aileron;

/// The stand-in; its first lines say what it does.
const STAND_IN: &str = include_str!("../../../../crates/aileron-deployment/tests/support/kubectl");

/// The pod of a deployment.
pub(crate) struct Pod {
    directory: tempfile::TempDir,
}

impl Pod {
    pub(crate) fn of(live: &Live, kept: Kept) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kubectl");
        std::fs::write(&path, STAND_IN).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let pods =
            r#"{"items": [{"metadata": {"name": "scheduler-0"}, "status": {"phase": "Running"}}]}"#;
        std::fs::write(directory.path().join("pods.json"), pods).unwrap();
        let python = live.airflow().python().unwrap();
        let bin = python.parent().unwrap().display().to_string();
        let mut environment = vec![format!("PATH={bin}:/usr/bin:/bin")];
        environment.extend(
            live.variables(kept)
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        std::fs::write(directory.path().join("pod.env"), environment.join("\n")).unwrap();
        Self { directory }
    }

    /// `aileron` with the stand-in on its path.
    pub(crate) fn aileron(&self) -> Command {
        let mut command = aileron();
        let path = format!(
            "{}:{}",
            self.directory.path().display(),
            std::env::var("PATH").unwrap()
        );
        command.env("PATH", path);
        command
    }

    /// The command lines that `kubectl` was called with.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.directory.path().join("calls")).unwrap();
        calls.lines().map(str::to_owned).collect()
    }
}

#[test]
fn the_real_kubectl_takes_every_option_that_it_is_given() {
    // Offline: it fails for want of a cluster, and would fail earlier for an unknown option.
    for (verb, options) in [
        (
            "get",
            &["pods", "--selector=component=scheduler", "--output=json"][..],
        ),
        (
            "exec",
            &[
                "-i",
                "scheduler-0",
                "--container=scheduler",
                "--",
                "python3",
                "-",
            ],
        ),
    ] {
        let output = Command::new("kubectl")
            .args([verb, "--context=prod", "--namespace=airflow"])
            .args(options)
            .env("KUBECONFIG", "/dev/null")
            .output();
        let Ok(output) = output else {
            eprintln!("skipped: there is no kubectl here");
            return;
        };
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            stderr.contains("context \"prod\" does not exist")
                || stderr.contains("context was not found"),
            "{verb}: {stderr}"
        );
    }
}
