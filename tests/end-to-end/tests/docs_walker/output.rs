//! Comparing what a page shows with what a command prints.

/// Whether the output is what is shown. `...` stands for any text in a line, a line `...` for any lines.
///
/// `snapbox`, which other tests use, would have the reader see `[..]` in the middle of a line.
pub(super) fn matches(shown: &str, printed: &str) -> bool {
    let shown: Vec<&str> = shown.trim_end().lines().map(str::trim_end).collect();
    let printed: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
    lines_match(&shown, &printed)
}

fn lines_match(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line.trim() == "..." => {
            (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]))
        }
        Some((line, rest)) => printed
            .split_first()
            .is_some_and(|(first, others)| line_matches(line, first) && lines_match(rest, others)),
    }
}

fn line_matches(shown: &str, printed: &str) -> bool {
    let Some((begin, rest)) = shown.split_once("...") else {
        return shown == printed;
    };
    let Some(printed) = printed.strip_prefix(begin) else {
        return false;
    };
    printed
        .char_indices()
        .map(|(at, _)| at)
        .chain([printed.len()])
        .any(|at| line_matches(rest, &printed[at..]))
}
