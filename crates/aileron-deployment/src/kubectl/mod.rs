//! The scheduler's pod of a deployment on Kubernetes.

mod pods;

use std::process::Stdio;

use tokio::process::Command;
use tokio::time::timeout;

use crate::exec::words;
use crate::{Exec, Failure, Limits};
use pods::{Found, found};

/// Which pod, and how `kubectl` finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kubectl {
    /// The command; `oc` takes the same options.
    pub program: String,
    /// The context of the kubeconfig; the current one when not said.
    pub context: Option<String>,
    /// The namespace; that of the context when not said.
    pub namespace: Option<String>,
    /// The label selector of the pod.
    pub selector: String,
    /// The container.
    pub container: String,
    /// The pod.
    pub pod: Pod,
}

/// Which pod of those that match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pod {
    /// The only one that runs; it is a failure when there are more.
    Only,
    /// The first that runs, by name: replicas of a scheduler see the same database.
    Any,
    /// This one; nothing is looked up.
    Named(String),
}

impl Default for Kubectl {
    fn default() -> Self {
        Self {
            program: "kubectl".to_owned(),
            context: None,
            namespace: None,
            selector: "component=scheduler".to_owned(),
            container: "scheduler".to_owned(),
            pod: Pod::Only,
        }
    }
}

impl Kubectl {
    /// Finds the pod, and gives the command that leads into it.
    ///
    /// # Errors
    /// When `kubectl` is not there, fails, or takes too long; when no pod runs, or several.
    pub async fn exec(&self, limits: &Limits) -> Result<Exec, Failure> {
        let pod = match &self.pod {
            Pod::Named(name) if name.is_empty() || name.starts_with('-') => {
                return Err(Failure::Setting(format!("{name:?} is no name of a pod")));
            }
            Pod::Named(name) => name.clone(),
            choice => self.choose(self.pods(limits).await?, choice)?,
        };
        let mut words = self.words("exec");
        words.extend([
            "-i".to_owned(),
            pod.clone(),
            format!("--container={}", self.container),
            "--".to_owned(),
        ]);
        let namespace = self
            .namespace
            .as_ref()
            .map(|namespace| format!("{namespace}/"))
            .unwrap_or_default();
        Ok(Exec::named(words, format!("pod {namespace}{pod}")))
    }

    /// `kubectl VERB` with what every call has. Values stand behind `=`, so that none is taken for an option.
    fn words(&self, verb: &str) -> Vec<String> {
        let mut words = vec![self.program.clone(), verb.to_owned()];
        words.extend(
            self.context
                .as_ref()
                .map(|context| format!("--context={context}")),
        );
        words.extend(
            self.namespace
                .as_ref()
                .map(|namespace| format!("--namespace={namespace}")),
        );
        words
    }

    async fn pods(&self, limits: &Limits) -> Result<Found, Failure> {
        let mut line = self.words("get");
        line.extend([
            "pods".to_owned(),
            format!("--selector={}", self.selector),
            "--output=json".to_owned(),
        ]);
        let command = line.join(" ");
        let output = Command::new(&self.program)
            .args(&line[1..])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = match timeout(limits.silence, output).await {
            Err(_) => {
                let hint = "; does the cluster answer? --timeout allows more";
                return Err(Failure::Silence {
                    place: command,
                    limit: limits.silence,
                    hint,
                });
            }
            Ok(Err(source)) => {
                return Err(Failure::NotStarted {
                    program: self.program.clone(),
                    source,
                });
            }
            Ok(Ok(output)) => output,
        };
        if !output.status.success() {
            let stderr = words(&output.stderr);
            return Err(Failure::Exec {
                command,
                status: output.status,
                stderr,
            });
        }
        found(&output.stdout).map_err(|error| Failure::Output {
            place: command,
            problem: format!("what it printed is no list of pods: {error}"),
        })
    }

    fn choose(&self, found: Found, choice: &Pod) -> Result<String, Failure> {
        let Found {
            mut running,
            others,
        } = found;
        running.sort();
        match running.len() {
            0 => Err(Failure::NoRunningPod {
                wanted: self.wanted(),
                found: not_running(&others),
            }),
            1 => Ok(running.remove(0)),
            _ if *choice == Pod::Any => Ok(running.remove(0)),
            _ => Err(Failure::SeveralPods {
                wanted: self.wanted(),
                pods: running,
            }),
        }
    }

    fn wanted(&self) -> String {
        let mut wanted = self.selector.clone();
        if let Some(namespace) = &self.namespace {
            wanted.push_str(&format!(" in namespace {namespace}"));
        }
        if let Some(context) = &self.context {
            wanted.push_str(&format!(" of context {context}"));
        }
        wanted
    }
}

fn not_running(others: &[(String, String)]) -> String {
    let others: Vec<String> = others
        .iter()
        .map(|(name, phase)| format!("{name} is {phase}"))
        .collect();
    match others.is_empty() {
        true => String::new(),
        false => format!(" ({})", others.join(", ")),
    }
}
