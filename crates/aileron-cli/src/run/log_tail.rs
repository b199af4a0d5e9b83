//! The end of a task's log, for a person.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde_json::{Map, Value};

/// How much of the end of a log is looked at.
const LOOKED_AT: u64 = 64 * 1024;
/// How long a line may become.
const LONGEST: usize = 400;

/// The last `count` lines of a log. Empty when there is none.
pub(super) fn of(log: &Path, count: usize) -> std::io::Result<Vec<String>> {
    let mut file = match File::open(log) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let skipped = length.saturating_sub(LOOKED_AT);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(LOOKED_AT).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line may have lost its beginning.
    let lines: Vec<_> = text.lines().skip(usize::from(skipped > 0)).collect();
    let from = lines.len().saturating_sub(count);
    Ok(lines[from..].iter().map(|line| shown(line)).collect())
}

fn shown(line: &str) -> String {
    let Ok(fields) = serde_json::from_str::<Map<String, Value>>(line) else {
        return shortened(line);
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut shown = format!("{:<8} {}", text("level").to_uppercase(), text("event"));
    let usual = [
        "timestamp",
        "level",
        "event",
        "logger",
        "filename",
        "lineno",
        "loc",
    ];
    for (name, value) in fields
        .iter()
        .filter(|(name, _)| !usual.contains(&name.as_str()))
    {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let _ = write!(shown, " {name}={value}");
    }
    shortened(&shown)
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} ...", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_shown_without_what_the_machine_needs() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("attempt=1.log");
        let lines = [
            r#"{"timestamp":"2026-01-01T00:00:00Z","level":"info","event":"one","logger":"x"}"#,
            r#"{"timestamp":"2026-01-01T00:00:00Z","level":"error","event":"two","logger":"x","rows":3,"who":"me"}"#,
            "not JSON",
        ];
        std::fs::write(&log, lines.join("\n")).unwrap();
        assert_eq!(
            of(&log, 2).unwrap(),
            ["ERROR    two rows=3 who=me", "not JSON"]
        );
        assert_eq!(of(&dir.path().join("none"), 2).unwrap(), [""; 0]);
    }

    #[test]
    fn a_huge_log_is_not_read_whole() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("attempt=1.log");
        std::fs::write(&log, format!("{}\nlast", "é".repeat(200_000))).unwrap();
        assert_eq!(of(&log, 5).unwrap(), ["last"]);
    }
}
