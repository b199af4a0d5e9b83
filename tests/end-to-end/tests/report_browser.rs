//! The page of `aileron xcom report --html` in a real browser.
//!
//! It is a Chromium: the one that `AILERON_CHROMIUM` names, or the first on the path. Without one the tests say that they were skipped.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use end_to_end::bundle;
use serde_json::{Value, json};

/// The environment variable that names the browser.
const CHROMIUM: &str = "AILERON_CHROMIUM";

const NAMES: [&str; 4] = [
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
];

/// What would change the title of the page if it were more than text.
const EVIL: &str =
    "</script><script>document.title='evil'</script><img src=x onerror=\"document.title='evil'\">";

fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(CHROMIUM) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH")?;
    let mut found =
        std::env::split_paths(&path).flat_map(|directory| NAMES.map(|name| directory.join(name)));
    found.find(|program| program.is_file())
}

/// The browser, or a word that there is none.
fn browser_or_skip() -> Option<PathBuf> {
    let found = browser();
    if found.is_none() {
        println!(
            "SKIPPED: there is no Chromium on the path, and {CHROMIUM} names none; the page was not looked at in a browser"
        );
        eprintln!("SKIPPED: no Chromium; the page of the report was not looked at in a browser");
    }
    found
}

/// Three cells of two runs, one with an evil name, one that is missing.
fn xcoms() -> String {
    let row = |run: &str, index: u8, name: &str, auc: Value| {
        json!({
            "dag_id": "diagnostic", "run_id": run, "task_id": "discriminate_cell", "map_index": index, "key": "return_value",
            "kind": "json", "value": {"name": name, "auc_by_seed": auc},
        })
    };
    let rows = [
        row("monday", 0, "btc", json!({"1": 0.5, "2": 0.9, "10": 0.7})),
        row(
            "monday",
            1,
            EVIL,
            json!({"1": 0.8, "2": null, "10": 0.6, EVIL: 0.1}),
        ),
        row("monday", 2, "doge", json!({"1": "NaN", "2": 0.2})),
        row(
            "tuesday",
            0,
            "btc",
            json!({"1": 0.55, "2": 0.91, "10": 0.71}),
        ),
    ];
    rows.map(|row| row.to_string()).join("\n")
}

/// Writes the page.
fn page(directory: &Path) -> PathBuf {
    std::fs::write(directory.join("rows.ndjson"), xcoms()).unwrap();
    let output = Command::new(bundle::executable("aileron-cli", "aileron").unwrap())
        .args([
            "xcom",
            "report",
            "--from",
            "rows.ndjson",
            "--name-field",
            "name",
            "--html",
            "page.html",
        ])
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    directory.join("page.html")
}

/// What is there once a page has loaded, and what the browser had to say.
fn loaded(browser: &Path, page: &Path, directory: &Path) -> (String, String) {
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        ])
        .args([
            "--enable-logging=stderr",
            "--virtual-time-budget=2000",
            "--dump-dom",
        ])
        .arg(format!(
            "--user-data-dir={}",
            directory.join("profile").display()
        ))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let console = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{console}");
    (String::from_utf8(output.stdout).unwrap(), console)
}

#[test]
fn the_page_loads_without_a_complaint_and_values_are_text() {
    let Some(browser) = browser_or_skip() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let page = page(directory.path());
    let (dom, console) = loaded(&browser, &page, directory.path());
    assert!(dom.contains("<title>rows</title>"), "{dom}");
    assert_eq!(
        dom.matches("<script").count(),
        1,
        "no value became a script"
    );
    assert!(!dom.contains("<img"), "no value became an image");
    assert_eq!(dom.matches("<svg").count(), dom.matches("</svg>").count());
    let complaints: Vec<&str> = console
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[test]
fn a_click_sorts_by_number_and_what_has_none_stays_last() {
    let Some(browser) = browser_or_skip() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let original = std::fs::read_to_string(page(directory.path())).unwrap();
    // The page allows no script but its own: a copy without that rule has a second one, which clicks.
    let begin = original.find("<meta http-equiv").unwrap();
    let end = begin + original[begin..].find('>').unwrap() + 1;
    let mut copy = format!("{}{}", &original[..begin], &original[end..]);
    copy.push_str(
        "<script>
        const table = document.querySelector('table.sortable');
        const head = [...table.tHead.rows[0].cells];
        const at = head.findIndex((cell) => cell.textContent === 'max');
        const shown = () => [...table.tBodies[0].rows].map((row) => row.cells[at].textContent).join(' ');
        const results = [shown()];
        for (let click = 0; click < 2; click++) { head[at].querySelector('button').click(); results.push(shown()); }
        const width = document.querySelector('svg .curve').getBoundingClientRect().width;
        document.title = JSON.stringify({ results, sort: head[at].getAttribute('aria-sort'), drawn: width > 50 });
        </script>",
    );
    let path = directory.path().join("copy.html");
    std::fs::write(&path, copy).unwrap();
    let (dom, _) = loaded(&browser, &path, directory.path());
    let title = dom
        .split("<title>")
        .nth(1)
        .unwrap()
        .split("</title>")
        .next()
        .unwrap();
    let said: Value = serde_json::from_str(title).unwrap();
    assert_eq!(
        said["results"],
        json!([
            "0.9 0.8 0.2 0.91 - -",
            "0.2 0.8 0.9 0.91 - -",
            "0.91 0.9 0.8 0.2 - -"
        ])
    );
    assert_eq!(
        (&said["sort"], &said["drawn"]),
        (&json!("descending"), &json!(true))
    );
}
