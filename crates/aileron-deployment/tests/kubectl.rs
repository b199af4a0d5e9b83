//! Finding the scheduler's pod and running a probe in it, with a stand-in for `kubectl`: see `support/kubectl`.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use aileron_deployment::{Exec, Failure, Kubectl, Limits, Pod, Probe};
use serde_json::{Value, json};

const ENVIRONMENT: Probe =
    Probe::new("def probe(request, database):\n    yield dict(os.environ)\n");

/// A cluster with pods in these phases, and the stand-in.
struct Cluster {
    directory: tempfile::TempDir,
}

impl Cluster {
    fn new(pods: &[(&str, &str)]) -> Self {
        let cluster = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let stand_in = cluster.path("kubectl");
        fs::write(&stand_in, include_str!("support/kubectl")).unwrap();
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
        let items: Vec<Value> = pods
            .iter()
            .map(|(name, phase)| json!({"metadata": {"name": name}, "status": {"phase": phase}}))
            .collect();
        fs::write(
            cluster.path("pods.json"),
            json!({"items": items}).to_string(),
        )
        .unwrap();
        fs::write(cluster.path("pod.env"), "IN_THE_POD=yes").unwrap();
        cluster
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn kubectl(&self) -> Kubectl {
        Kubectl {
            program: self.path("kubectl").display().to_string(),
            ..Kubectl::default()
        }
    }

    fn calls(&self) -> Vec<String> {
        fs::read_to_string(self.path("calls"))
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

async fn exec(kubectl: &Kubectl) -> Result<Exec, Failure> {
    kubectl.exec(&Limits::default()).await
}

#[tokio::test]
async fn the_probe_runs_in_the_only_running_pod_with_its_environment() {
    let cluster = Cluster::new(&[("old", "Succeeded"), ("scheduler-0", "Running")]);
    let kubectl = Kubectl {
        namespace: Some("airflow".into()),
        context: Some("prod".into()),
        ..cluster.kubectl()
    };
    let exec = exec(&kubectl).await.unwrap();
    assert_eq!(exec.place(), "pod airflow/scheduler-0");
    let mut rows = exec
        .run(&ENVIRONMENT, &Value::Null, &Limits::default())
        .await
        .unwrap();
    let environment: Value = rows.next().await.unwrap().unwrap().read().unwrap();
    assert_eq!(environment["IN_THE_POD"], "yes");
    assert!(
        environment.get("HOME").is_none(),
        "this is not the pod's environment: {environment}"
    );
    assert!(rows.next().await.unwrap().is_none());
    assert_eq!(
        cluster.calls(),
        [
            "get --context=prod --namespace=airflow pods --selector=component=scheduler --output=json",
            "exec --context=prod --namespace=airflow -i scheduler-0 --container=scheduler -- python3 -",
        ]
    );
}

#[tokio::test]
async fn no_running_pod_says_what_there_is_instead() {
    let cluster = Cluster::new(&[("scheduler-0", "Pending"), ("scheduler-1", "Failed")]);
    let kubectl = Kubectl {
        namespace: Some("airflow".into()),
        ..cluster.kubectl()
    };
    let failure = exec(&kubectl).await.unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("component=scheduler in namespace airflow (scheduler-0 is Pending, scheduler-1 is Failed)"), "{text}");
    assert_eq!(failure.exit_code(), 11);
    let failure = exec(&Cluster::new(&[]).kubectl()).await.unwrap_err();
    assert!(
        failure
            .to_string()
            .starts_with("no running pod matches component=scheduler;"),
        "{failure}"
    );
}

#[tokio::test]
async fn several_pods_are_listed_and_one_is_taken_only_when_told_to() {
    let cluster = Cluster::new(&[("scheduler-b", "Running"), ("scheduler-a", "Running")]);
    let failure = exec(&cluster.kubectl()).await.unwrap_err();
    let text = failure.to_string();
    assert!(
        text.contains("2 running pods match")
            && text.contains("--pod")
            && text.contains("scheduler-a\n  scheduler-b"),
        "{text}"
    );
    assert_eq!(failure.exit_code(), 12);
    let any = Kubectl {
        pod: Pod::Any,
        ..cluster.kubectl()
    };
    assert_eq!(exec(&any).await.unwrap().place(), "pod scheduler-a");
}

#[tokio::test]
async fn a_named_pod_is_not_looked_up() {
    let cluster = Cluster::new(&[]);
    let named = Kubectl {
        pod: Pod::Named("scheduler-7".into()),
        container: "main".into(),
        ..cluster.kubectl()
    };
    let exec = exec(&named).await.unwrap();
    assert!(
        exec.command()
            .join(" ")
            .ends_with("exec -i scheduler-7 --container=main -- python3 -")
    );
    assert!(!cluster.path("calls").exists());
    let option = Kubectl {
        pod: Pod::Named("--kubeconfig=x".into()),
        ..cluster.kubectl()
    };
    assert_eq!(
        option
            .exec(&Limits::default())
            .await
            .unwrap_err()
            .exit_code(),
        2
    );
}

#[tokio::test]
async fn what_kubectl_says_is_said_on() {
    let cluster = Cluster::new(&[]);
    let said = "Error from server (Forbidden): pods is forbidden: User \"me\" cannot list resource \"pods\"";
    fs::write(cluster.path("refusal"), said).unwrap();
    let failure = exec(&cluster.kubectl()).await.unwrap_err();
    assert!(failure.to_string().contains(said), "{failure}");
    assert_eq!(failure.exit_code(), 13);
    fs::remove_file(cluster.path("refusal")).unwrap();
    fs::write(cluster.path("pods.json"), "warning: something else").unwrap();
    let failure = exec(&cluster.kubectl()).await.unwrap_err();
    assert_eq!(failure.exit_code(), 15, "{failure}");
    let missing = Kubectl {
        program: "/no/such/kubectl".into(),
        ..Kubectl::default()
    };
    assert_eq!(exec(&missing).await.unwrap_err().exit_code(), 10);
}
