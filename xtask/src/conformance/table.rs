//! The table of the README.

use super::Manifest;
use super::manifest::Row;

pub(super) fn markdown(manifest: &Manifest) -> String {
    let ticked = manifest.rows.iter().filter(|row| !row.tests.is_empty());
    let mut text = format!(
        "{} of {} rows.\n\n| Dimension | Tier | | Airflow | Shown by |\n|---|---|---|---|---|\n",
        ticked.count(),
        manifest.rows.len()
    );
    for row in &manifest.rows {
        text.push_str(&line(row));
    }
    text
}

fn line(row: &Row) -> String {
    let tests: Vec<String> = row.tests.iter().map(|test| format!("`{test}`")).collect();
    format!(
        "| {} | {} | {} | {} | {} |\n",
        row.dimension,
        row.tier,
        if tests.is_empty() { "not yet" } else { "yes" },
        row.airflow.join(", "),
        tests.join(", ")
    )
}
