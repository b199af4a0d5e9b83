//! `aileron lint`, `aileron xcom audit` and `aileron skill`.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::{Ran, Sandbox};

/// A Dag that pulls the XCom it pushes, and keeps a cursor in a Variable.
const DAG: &str = r#"from airflow.sdk import Variable, task


@task(retries=3)
def copy(**context):
    ti = context["ti"]
    page = ti.xcom_pull(task_ids="copy", key="page") or 0
    for page in range(page, 9):
        ti.xcom_push(key="page", value=page)


@task(retries=3)
def ingest():
    cursor = Variable.get("cursor", default="0")
    for row in rows_after(cursor):
        Variable.set("cursor", row["id"])
"#;

fn sandbox(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in files {
        let path = sandbox.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    sandbox
}

fn lint(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let all: Vec<&str> = ["lint"].iter().chain(arguments).copied().collect();
    sandbox.run(&all)
}

/// The report, whatever the exit code.
fn report(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let all = [arguments, &["--format", "json", "--fail-on", "never"]].concat();
    lint(sandbox, &all).json()
}

/// `file:line code` of each finding.
fn found(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|found| {
            let (path, code) = (
                found["path"].as_str().unwrap(),
                found["code"].as_str().unwrap(),
            );
            format!("{path}:{} {code}", found["start"]["line"])
        })
        .collect()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

#[test]
fn the_three_anti_patterns_are_found_exactly_and_repaired() {
    let sandbox = Sandbox::new();
    for name in [
        "checkpoint_in_xcom.py",
        "state_in_variables.py",
        "watermark_in_variable.py",
        "stand_ins.py",
    ] {
        let source = repository().join("tests/end-to-end/dags/lint").join(name);
        fs::copy(source, sandbox.path(name)).unwrap();
    }
    assert_eq!(
        found(&report(&sandbox, &[])),
        [
            "checkpoint_in_xcom.py:23 AIL105",
            "state_in_variables.py:20 AIL101",
            "state_in_variables.py:31 AIL103",
            "watermark_in_variable.py:24 AIL104",
            "watermark_in_variable.py:30 AIL102",
            "watermark_in_variable.py:33 AIL108",
        ]
    );
    let fixed = report(&sandbox, &["--fix", "--unsafe-fixes"]);
    assert_eq!((found(&fixed).len(), &fixed["fixed"]), (0, &json!(6)));
    let text = fs::read_to_string(sandbox.path("state_in_variables.py")).unwrap();
    assert!(
        !text.contains("Variable.") && !text.contains("import Variable"),
        "{text}"
    );
}

#[test]
fn the_text_has_the_line_why_it_breaks_what_to_use_and_the_change() {
    let sandbox = sandbox(&[
        ("dags/a.py", DAG),
        ("requirements.txt", "apache-airflow==3.3.2\n"),
    ]);
    let text = lint(&sandbox, &["dags"]);
    assert_eq!(text.code, 1);
    for words in [
        "error[AIL105]: The task `copy` pulls the XCom `page` that it pushes itself",
        "--> dags/a.py:7:12",
        "^^^",
        "help: Keep it in `task_state_store`",
        "context[\"task_state_store\"].get(\"page\")",
        "1 file checked for Airflow 3.3.2 (apache-airflow==3.3.2 in requirements.txt)",
        "2 findings; 2 can be fixed with --fix --unsafe-fixes",
    ] {
        assert!(
            text.stdout.contains(words),
            "no {words:?} in\n{}",
            text.stdout
        );
    }
    assert!(
        !text.stdout.contains('\u{1b}'),
        "colours belong on a terminal"
    );
}

#[test]
fn the_exit_code_is_that_of_the_severity() {
    let sandbox = sandbox(&[("a.py", DAG)]);
    let code = |arguments: &[&str]| lint(&sandbox, arguments).code;
    assert_eq!(code(&[]), 1);
    assert_eq!(code(&["--select", "AIL101", "--fail-on", "error"]), 0);
    assert_eq!(code(&["--select", "AIL101", "--fail-on", "warning"]), 1);
    assert_eq!(code(&["--fail-on", "never"]), 0);
    assert_eq!(code(&["--select", "AIL301"]), 0);
    assert_eq!(code(&["--select", "nonsense"]), 2);
    assert_eq!(code(&["--unsafe-fixes"]), 2);
    assert_eq!(code(&["--explain", "nonsense"]), 2);
}

#[test]
fn below_3_3_nothing_recommends_the_stores() {
    let sandbox = sandbox(&[("a.py", DAG), ("Dockerfile", "FROM apache/airflow:3.2.1\n")]);
    let text = lint(&sandbox, &["--unsafe-fixes", "--diff"]).stdout;
    assert_eq!(text, "");
    let report = report(&sandbox, &[]);
    assert_eq!(
        report["target"]["description"],
        "Airflow 3.2.1 (apache/airflow:3.2.1 in Dockerfile)"
    );
    let help: String = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["help"].to_string())
        .collect();
    assert!(!help.contains("task_state_store"), "{help}");

    let uses = "from airflow.sdk import task\n\n@task\ndef f(task_state_store=None):\n    return task_state_store.get('a')\n";
    fs::write(sandbox.path("b.py"), uses).unwrap();
    assert_eq!(lint(&sandbox, &["b.py", "--fail-on", "error"]).code, 1);
    assert_eq!(
        lint(&sandbox, &["b.py", "--target-version", "3.3.2"]).code,
        0
    );
}

#[test]
fn noqa_and_settings_keep_findings_back() {
    let one = DAG.replace("or 0\n", "or 0  # noqa: AIL105\n");
    let all = format!("# aileron: noqa: AIL101\n{one}");
    let sandbox = sandbox(&[
        ("one.py", &one),
        ("all.py", &all),
        ("tests/a.py", DAG),
        ("legacy/b.py", DAG),
        (
            "pyproject.toml",
            "[tool.aileron.lint]\nexclude = ['legacy/']\n[tool.aileron.lint.per-file-ignores]\n'tests/**' = ['AIL1']\n",
        ),
    ]);
    let report = report(&sandbox, &[]);
    assert_eq!(found(&report), ["one.py:14 AIL101"]);
    assert_eq!(
        (&report["suppressed"], &report["files"]),
        (&json!(3), &json!(3))
    );
}

#[test]
fn a_mistake_in_the_settings_names_the_file_and_the_key() {
    let sandbox = sandbox(&[
        ("a.py", ""),
        ("pyproject.toml", "[tool.aileron.lint]\nselect = ['AIL9']\n"),
    ]);
    let error = lint(&sandbox, &[]).failed(1);
    assert!(
        error.contains("pyproject.toml: tool.aileron.lint.select: \"AIL9\" is no rule"),
        "{error}"
    );
}

#[test]
fn what_cannot_be_read_is_a_finding_and_the_rest_is_checked() {
    let sandbox = sandbox(&[
        ("dags/good.py", DAG),
        ("dags/broken.py", "def f(:\n"),
        ("dags/python2.py", "print 'loaded'\n"),
        ("dags/binary.py", "a\0b"),
        ("dags/nested.py", &"(".repeat(100_000)),
        (
            "dags/chain.py",
            &format!("x = {}1\n", "1 + ".repeat(200_000)),
        ),
        (
            "dags/long.py",
            &format!("import airflow\nx = {}1\n", "1 + ".repeat(24_000)),
        ),
        ("dags/huge.py", &"#".repeat(5_000_001)),
        ("dags/empty.py", ""),
    ]);
    fs::write(
        sandbox.path("dags/latin.py"),
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
    )
    .unwrap();
    symlink(sandbox.path("dags"), sandbox.path("dags/again")).unwrap();
    assert_eq!(
        found(&report(&sandbox, &["dags", "absent.py"])),
        [
            "absent.py:1 AIL002",
            "dags/again:1 AIL002",
            "dags/binary.py:1 AIL002",
            "dags/broken.py:1 AIL001",
            "dags/chain.py:1 AIL002",
            "dags/good.py:7 AIL105",
            "dags/good.py:14 AIL101",
            "dags/huge.py:1 AIL002",
            "dags/latin.py:1 AIL002",
            "dags/nested.py:1 AIL002",
            "dags/python2.py:1 AIL001",
        ]
    );
    // Every format can say it.
    for format in ["text", "sarif", "github"] {
        let ran = lint(&sandbox, &["dags", "--format", format]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
    }
}

#[test]
fn a_tree_of_ten_thousand_files_is_checked_whole() {
    let sandbox = Sandbox::new();
    for directory in 0..100 {
        let directory = sandbox.path(&format!("dags/{directory}"));
        fs::create_dir_all(&directory).unwrap();
        for file in 0..100 {
            fs::write(directory.join(format!("{file}.py")), "x = 1\n").unwrap();
        }
    }
    fs::write(sandbox.path("dags/50/50.py"), DAG).unwrap();
    let report = report(&sandbox, &["dags"]);
    assert_eq!(report["files"], 10_000);
    assert_eq!(
        found(&report),
        ["dags/50/50.py:7 AIL105", "dags/50/50.py:14 AIL101"]
    );
}

#[test]
fn the_diff_is_one_that_git_applies() {
    let sandbox = sandbox(&[("dags/a.py", DAG)]);
    let diff = lint(&sandbox, &["dags", "--diff", "--unsafe-fixes"]);
    assert_eq!(diff.code, 1);
    assert_eq!(fs::read_to_string(sandbox.path("dags/a.py")).unwrap(), DAG);
    fs::write(sandbox.path("fix.diff"), diff.stdout).unwrap();
    let applied = Command::new("git")
        .args(["apply", "fix.diff"])
        .current_dir(sandbox.path(""))
        .status()
        .unwrap();
    assert!(applied.success());
    assert_eq!(found(&report(&sandbox, &["dags"])), [""; 0]);
    assert_eq!(
        lint(&sandbox, &["dags", "--diff", "--unsafe-fixes"]).ok(),
        ""
    );
}

#[test]
fn statistics_count_by_rule() {
    let sandbox = sandbox(&[("a.py", DAG), ("b.py", DAG)]);
    let counts = lint(
        &sandbox,
        &["--statistics", "--format", "json", "--fail-on", "never"],
    )
    .json();
    assert_eq!(
        (
            &counts[0]["code"],
            &counts[0]["findings"],
            &counts[0]["fixable_unsafe"]
        ),
        (&json!("AIL101"), &json!(2), &json!(2))
    );
    let text = lint(&sandbox, &["--statistics", "--fail-on", "never"]).ok();
    assert!(
        text.starts_with("FINDINGS") && text.contains("own-xcom-as-checkpoint"),
        "{text}"
    );
}

#[test]
fn a_rule_explains_itself() {
    let sandbox = Sandbox::new();
    let text = lint(&sandbox, &["--explain", "own-xcom-as-checkpoint"]).ok();
    assert!(
        text.starts_with("AIL105 own-xcom-as-checkpoint (error)"),
        "{text}"
    );
    assert!(
        text.contains("Why it breaks") && text.contains("Use instead"),
        "{text}"
    );
    assert_eq!(
        lint(&sandbox, &["--explain", "ALL", "--format", "json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        aileron_lint::all_rules().len()
    );
    let error = lint(&sandbox, &["--explain", "AIL15"]).failed(2);
    assert!(error.contains("did you mean AIL105?"), "{error}");
}

#[test]
fn sarif_has_the_published_structure() {
    let sandbox = sandbox(&[
        ("my dags/a.py", DAG),
        ("b.py", "print 'é'\n"),
        ("c.py", "\0"),
    ]);
    let text = lint(&sandbox, &["--format", "sarif", "--fail-on", "never"]).ok();
    // Made from the published schema: unknown values of an enumeration and missing fields are errors.
    let log: serde_sarif::sarif::Sarif = serde_json::from_str(&text).unwrap();
    let run = &log.runs[0];
    let rules = run.tool.driver.rules.as_ref().unwrap();
    let results = run.results.as_ref().unwrap();
    assert_eq!(
        (rules.len(), results.len()),
        (aileron_lint::all_rules().len(), 4)
    );
    for result in results {
        let index = usize::try_from(result.rule_index.unwrap()).unwrap();
        assert_eq!(Some(&rules[index].id), result.rule_id.as_ref());
    }
    // What is read and written again is the same: there is no key that the structure does not have.
    let ours: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_value(&log).unwrap(), ours);
    let place = &ours["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "b.py");
}

#[test]
fn a_changed_external_id_key_is_found_against_a_revision() {
    let operator = |key: &str| {
        format!(
            "from airflow.sdk import BaseOperator, ResumableJobMixin\n\n\nclass Export(ResumableJobMixin, BaseOperator):\n    \
             external_id_key = {key:?}\n\n    def execute(self, context):\n        return self.execute_resumable(context)\n"
        )
    };
    let sandbox = sandbox(&[("plugins/export.py", &operator("export_id"))]);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
        let git = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(sandbox.path(""))
            .status();
        assert!(git.unwrap().success());
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    fs::write(sandbox.path("plugins/export.py"), operator("job_id")).unwrap();
    assert_eq!(found(&report(&sandbox, &[])), [""; 0]);
    assert_eq!(
        found(&report(&sandbox, &["--diff-base", "HEAD"])),
        ["plugins/export.py:5 AIL309"]
    );
    let error = lint(&sandbox, &["--diff-base", "nowhere"]).failed(1);
    assert!(
        error.contains("--diff-base") && error.contains("nowhere"),
        "{error}"
    );
}

/// The steps of a file of GitHub's or pre-commit's, as JSON.
fn yaml(name: &str) -> Value {
    let text = fs::read_to_string(repository().join(name)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

#[test]
fn the_pre_commit_hooks_are_commands_that_work() {
    let sandbox = sandbox(&[("a.py", DAG), ("b.py", "x = 1\n")]);
    for hook in yaml(".pre-commit-hooks.yaml").as_array().unwrap() {
        let entry: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
        assert_eq!(entry[0], "aileron");
        let run = |file| sandbox.run(&[&entry[1..], &[file]].concat()).code;
        assert_eq!((run("a.py"), run("b.py")), (1, 0), "{entry:?}");
    }
}

#[test]
fn the_github_action_annotates_and_fails() {
    let action = yaml("action.yml");
    let sandbox = sandbox(&[("dags/a.py", DAG)]);
    let step = &action["runs"]["steps"][1];
    let aileron = PathBuf::from(env!("CARGO_BIN_EXE_aileron"));
    let path = format!(
        "{}:{}",
        aileron.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", step["run"].as_str().unwrap()])
        .current_dir(sandbox.path(""))
        .env("PATH", path);
    for (name, value) in step["env"].as_object().unwrap() {
        let input = value.as_str().unwrap();
        let input = input
            .trim_start_matches("${{ inputs.")
            .trim_end_matches(" }}");
        let value = match input {
            "paths" => "dags",
            "sarif-file" => "found.sarif",
            other => action["inputs"][other]["default"].as_str().unwrap(),
        };
        bash.env(name, value);
    }
    let output = bash.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        output.status.code(),
        Some(1),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.starts_with("::error file=dags/a.py,line=7,endLine=7,col=12,"),
        "{said}"
    );
    let sarif = fs::read_to_string(sandbox.path("found.sarif")).unwrap();
    assert!(sarif.contains("AIL105"));
}

#[test]
fn the_audit_lists_what_xcom_carries_and_what_not() {
    let sandbox = sandbox(&[
        (
            "dags/a.py",
            "import numpy as np\nfrom airflow.sdk import dag, task\n\n\n@dag\ndef shop():\n    @task\n    def count():\n        return 3\n\n    \
             @task\n    def opened():\n        return open('x')\n\n    count() >> opened()\n\n\nshop()\n",
        ),
        ("dags/broken.py", "def"),
    ]);
    let ran = sandbox.run(&["xcom", "audit", "dags", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let producers: Vec<Value> = report["producers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            json!([
                row["dag_id"],
                row["task"],
                row["key"],
                row["value"],
                row["transport"]
            ])
        })
        .collect();
    assert_eq!(
        producers[0],
        json!(["shop", "count", "return_value", "int", "yes"])
    );
    assert_eq!(producers[1][4], "no", "{producers:?}");
    assert_eq!(report["problems"].as_array().unwrap().len(), 1);

    let text = sandbox.run(&["xcom", "audit", "dags/a.py", "--failing"]);
    assert_eq!(text.code, 1);
    assert!(
        text.stdout.contains("dags/a.py:13") && !text.stdout.contains("count"),
        "{}",
        text.stdout
    );
}

#[test]
fn the_skill_is_installed_and_kept_up_to_date() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["skill"]).ok();
    assert!(text.starts_with("---\nname: airflow-state\n"), "{text}");
    sandbox.run(&["skill", "--dir", "skills"]).ok();
    let anti_patterns =
        fs::read_to_string(sandbox.path("skills/airflow-state/references/anti-patterns.md"))
            .unwrap();
    assert!(
        anti_patterns.contains("own-xcom-as-checkpoint (AIL105, error)"),
        "{anti_patterns}"
    );
    assert!(
        sandbox
            .run(&["skill", "--dir", "skills"])
            .ok()
            .contains("up to date")
    );
    fs::write(sandbox.path("skills/airflow-state/SKILL.md"), "mine").unwrap();
    let error = sandbox.run(&["skill", "--dir", "skills"]).failed(1);
    assert!(error.contains("--force"), "{error}");
    sandbox.run(&["skill", "--dir", "skills", "--force"]).ok();
    assert!(
        fs::read_to_string(sandbox.path("skills/airflow-state/SKILL.md"))
            .unwrap()
            .starts_with("---")
    );
}

#[test]
fn the_page_of_rules_is_what_the_rules_say() {
    let page = repository().join("docs/rules/README.md");
    let written = fs::read_to_string(&page).unwrap_or_default();
    let said = aileron_lint::documentation::rules_page();
    if std::env::var_os("AILERON_WRITE_RULES").is_some() {
        fs::write(&page, &said).unwrap();
    }
    assert!(
        written == said || std::env::var_os("AILERON_WRITE_RULES").is_some(),
        "docs/rules/README.md is not what the rules say; AILERON_WRITE_RULES=1 writes it"
    );
}
