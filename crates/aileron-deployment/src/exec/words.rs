//! What a command says on standard error, for a person.

use crate::scrub;

/// Lines that say nothing to a person: kubectl's choice of a container, and that a probe failed, which it has said itself.
const NOISE: [&str; 2] = ["Defaulted container ", "command terminated with exit code "];

/// The lines that say something, without credentials. kubectl logs what it tries, and says what came of it last.
pub(crate) fn words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let said = |line: &&str| !NOISE.iter().any(|noise| line.starts_with(noise));
    let lines: Vec<&str> = text.trim().lines().filter(said).collect();
    let spoken: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| !is_logged(line))
        .collect();
    let lines = if spoken.is_empty() { lines } else { spoken };
    scrub(&lines.join("\n")).into_owned()
}

/// Whether a line is of klog, which begins with a letter and the day: `E1127 11:48:52.88`.
fn is_logged(line: &str) -> bool {
    let mut letters = line.bytes();
    let level = letters
        .next()
        .is_some_and(|letter| b"IWEF".contains(&letter));
    level
        && letters.by_ref().take(4).filter(u8::is_ascii_digit).count() == 4
        && letters.next() == Some(b' ')
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn what_kubectl_logs_makes_way_for_what_it_says() {
        let logged = "E1127 11:48:52.880591    2051 memcache.go:265] \"Unhandled Error\"\n";
        let said = "The connection to the server localhost:8080 was refused\n";
        assert_eq!(
            words(format!("{logged}{logged}{said}").as_bytes()),
            said.trim()
        );
        assert_eq!(words(logged.as_bytes()), logged.trim());
        assert_eq!(
            words(
                b"Defaulted container \"a\" out of: a, b\nx\ncommand terminated with exit code 3\n"
            ),
            "x"
        );
    }
}
