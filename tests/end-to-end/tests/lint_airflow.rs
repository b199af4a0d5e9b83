//! `aileron lint` and `aileron skill`, held against an installed Airflow 3.3.2.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use end_to_end::{AirflowVersion, bundle, create_database, pandas_packages, workspace_root};
use serde_json::{Value, json};

const VERSION: AirflowVersion = AirflowVersion::V3_3_2;

static AILERON: LazyLock<PathBuf> =
    LazyLock::new(|| bundle::executable("aileron-cli", "aileron").unwrap());

fn aileron(arguments: &[&str], directory: &Path) -> Output {
    Command::new(&*AILERON)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap()
}

/// Airflow's Python, with a home of its own.
fn python(home: &Path) -> Command {
    let mut command = Command::new(VERSION.python().unwrap());
    command
        .env_clear()
        .env("HOME", home)
        .env("AIRFLOW_HOME", home)
        .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        .current_dir(home);
    command
}

fn ran(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    stdout.into_owned()
}

#[test]
fn the_skill_says_what_airflow_does() {
    let home = tempfile::tempdir().unwrap();
    create_database(
        VERSION.python().unwrap().as_ref(),
        &home.path().join("airflow.db"),
    )
    .unwrap();
    ran(&aileron(&["skill", "--dir", "."], home.path()));
    let output = python(home.path())
        // For numpy, which some examples return.
        .env("PYTHONPATH", pandas_packages().unwrap())
        .arg(workspace_root().join("tests/end-to-end/python/skill.py"))
        .arg(home.path().join("airflow-state"))
        .arg(workspace_root().join("docs/rules/README.md"))
        .output()
        .unwrap();
    let said = ran(&output);
    let done: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    // What is not found is not checked.
    assert!(done["dags"].as_u64() >= Some(8), "{done}");
    assert!(done["imported"].as_u64() >= Some(20), "{done}");
    assert_eq!(done["defaults"], 9, "{done}");
}

#[test]
fn nothing_is_found_in_airflows_example_dags() {
    let home = tempfile::tempdir().unwrap();
    let program = "import airflow.example_dags as e, airflow.providers.standard as s; \
                   print(*e.__path__); print(*s.__path__)";
    let said = ran(&python(home.path()).args(["-c", program]).output().unwrap());
    // Airflow prints warnings before it.
    let places: Vec<PathBuf> = said.lines().rev().take(2).map(PathBuf::from).collect();
    // An environment ignores itself.
    let examples = home.path().join("examples");
    for (number, place) in places.iter().enumerate() {
        copy_python(place, &examples.join(number.to_string()));
    }
    let output = aileron(
        &[
            "lint",
            "examples",
            "--target-version",
            "3.3.2",
            "--format",
            "json",
            "--fail-on",
            "never",
        ],
        home.path(),
    );
    let report: Value = serde_json::from_str(&ran(&output)).unwrap();
    assert!(report["files"].as_u64() > Some(100), "{}", report["files"]);
    assert_eq!(report["findings"], json!([]));
}

fn copy_python(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_python(&path, &target);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// `.airflowignore` files, by directory, and files; what is left is asked of Airflow.
struct Tree {
    ignores: &'static [(&'static str, &'static str)],
    syntax: &'static str,
}

const FILES: [&str; 12] = [
    "top.py",
    "keep.py",
    "a#b.py",
    "sub/top.py",
    "sub/keep.py",
    "sub/deep/one.py",
    "sub/deep/two.py",
    "legacy/old.py",
    "legacy/keep.py",
    "legacy/more/x.py",
    "tmp_12/y.py",
    "nested/legacy/z.py",
];

const TREES: [Tree; 12] = [
    Tree {
        ignores: &[("", "*.py\n!keep.py\n")],
        syntax: "glob",
    },
    Tree {
        ignores: &[("", "legacy/\n")],
        syntax: "glob",
    },
    Tree {
        ignores: &[("", "/legacy\n/top.py\n")],
        syntax: "glob",
    },
    Tree {
        ignores: &[("", "legacy/*\n!legacy/keep.py\n")],
        syntax: "glob",
    },
    Tree {
        ignores: &[("", "legacy/**\n!legacy/more/\n")],
        syntax: "glob",
    },
    Tree {
        ignores: &[("", "**/deep/one.py  # half of it\n# top.py\n")],
        syntax: "glob",
    },
    Tree {
        ignores: &[("", "*.py\n"), ("sub", "!keep.py\ndeep\n")],
        syntax: "glob",
    },
    Tree {
        ignores: &[("sub", "deep/two.py\n")],
        syntax: "glob",
    },
    Tree {
        ignores: &[("", "tmp_[0-9]*\nt?p.py\n/\n\n")],
        syntax: "glob",
    },
    Tree {
        ignores: &[("", "legacy\n"), ("sub", "deep/.*two")],
        syntax: "regexp",
    },
    Tree {
        ignores: &[("", "^top\n(?<!sub/)keep\\.py\\Z\n(\n")],
        syntax: "regexp",
    },
    Tree {
        ignores: &[("", "tmp_\\d+ # numbers\n"), ("legacy", "^more")],
        syntax: "regexp",
    },
];

#[test]
fn airflowignore_leaves_out_what_airflow_leaves_out() {
    let home = tempfile::tempdir().unwrap();
    let mut questions = Vec::new();
    for (number, tree) in TREES.iter().enumerate() {
        let root = home.path().join(number.to_string());
        for file in FILES {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x = 1\n").unwrap();
        }
        for (directory, text) in tree.ignores {
            fs::write(root.join(directory).join(".airflowignore"), text).unwrap();
        }
        let settings = format!("[lint]\nairflowignore-syntax = {:?}\n", tree.syntax);
        fs::write(root.join("aileron.toml"), settings).unwrap();
        questions.push(json!([root, tree.syntax]));
    }
    let program = "import json, sys\n\
        from airflow._shared.module_loading.file_discovery import find_path_from_directory\n\
        for root, syntax in json.loads(sys.argv[1]):\n\
        \x20   found = find_path_from_directory(root, '.airflowignore', syntax)\n\
        \x20   print(json.dumps([path for path in found if path.endswith('.py')]))\n";
    let questions = Value::from(questions).to_string();
    let said = ran(&python(home.path())
        .args(["-c", program, &questions])
        .output()
        .unwrap());
    let answers: Vec<&str> = said.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(answers.len(), TREES.len(), "{said}");
    for (number, answer) in answers.iter().enumerate() {
        let root = home.path().join(number.to_string());
        let below = |path: &str| {
            path.rsplit_once(&format!("/{number}/"))
                .unwrap()
                .1
                .to_owned()
        };
        let theirs: Vec<String> = serde_json::from_str(answer).unwrap();
        let theirs: BTreeSet<String> = theirs.iter().map(|path| below(path)).collect();
        // Only the report of unreadable files names files without a finding, so each is made unreadable.
        for file in FILES {
            fs::write(root.join(file), b"\xff").unwrap();
        }
        let output = aileron(&["lint", "--format", "json", "--fail-on", "never"], &root);
        let report: Value = serde_json::from_str(&ran(&output)).unwrap();
        let ours: BTreeSet<String> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|found| !found["path"].as_str().unwrap().ends_with(".airflowignore"))
            .map(|found| found["path"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            ours, theirs,
            "{:?} in {}",
            TREES[number].ignores, TREES[number].syntax
        );
    }
}
