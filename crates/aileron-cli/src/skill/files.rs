//! The files of the skill. What the rules of the linter know is taken from their documentation.

use std::fmt::Write as _;

use aileron_lint::{Rule, all_rules};

/// The skill's name, and its directory's.
pub(super) const NAME: &str = "airflow-state";

/// A file of the skill.
pub(super) struct SkillFile {
    /// Below the skill's directory.
    pub(super) path: &'static str,
    pub(super) text: String,
}

pub(super) fn all() -> Vec<SkillFile> {
    let written = [
        ("SKILL.md", include_str!("../../skill/SKILL.md")),
        (
            "references/task-state-store.md",
            include_str!("../../skill/references/task-state-store.md"),
        ),
        (
            "references/asset-state-store.md",
            include_str!("../../skill/references/asset-state-store.md"),
        ),
        (
            "references/resumable-jobs.md",
            include_str!("../../skill/references/resumable-jobs.md"),
        ),
        (
            "references/configuration.md",
            include_str!("../../skill/references/configuration.md"),
        ),
        (
            "references/versions.md",
            include_str!("../../skill/references/versions.md"),
        ),
    ];
    let mut files: Vec<SkillFile> = written
        .into_iter()
        .map(|(path, text)| SkillFile {
            path,
            text: text.to_owned(),
        })
        .collect();
    files.push(SkillFile {
        path: "references/anti-patterns.md",
        text: anti_patterns(),
    });
    files
}

/// What the rules find, why it breaks, before and after.
fn anti_patterns() -> String {
    let mut text = String::from(
        "# Anti-patterns\n\n\
         Each is a rule of `aileron lint`, under its code. *Before* is what the rule finds, *after* is what to write instead on\n\
         Airflow 3.3 and newer.\n",
    );
    // Those that are about files, and not about Dags, are no patterns.
    let patterns = all_rules()
        .iter()
        .filter(|rule| !rule.code.starts_with("AIL0"));
    for rule in patterns {
        pattern(&mut text, rule).expect("a String takes all that is written");
    }
    text
}

fn pattern(text: &mut String, rule: &Rule) -> std::fmt::Result {
    let documentation = rule.documentation();
    let (Some(before), Some(after)) = (
        documentation.python("Example"),
        documentation.python("Use instead"),
    ) else {
        // Advice that no example fits.
        return Ok(());
    };
    writeln!(
        text,
        "\n## {} ({}, {})\n",
        rule.name, rule.code, rule.severity
    )?;
    writeln!(text, "{}\n", documentation.summary)?;
    if let Some(why) = documentation.section("Why it breaks") {
        writeln!(text, "{why}\n")?;
    }
    writeln!(text, "Before:\n\n```text\n{}\n```\n", before.trim_end())?;
    writeln!(text, "After:\n\n```python\n{}\n```", after.trim_end())?;
    let instead = documentation.section("Use instead").unwrap_or_default();
    let words = without_code(instead);
    if !words.is_empty() {
        writeln!(text, "\n{words}")?;
    }
    Ok(())
}

/// The paragraphs of a section that are not code.
fn without_code(section: &str) -> String {
    let mut words = Vec::new();
    let mut in_code = false;
    for line in section.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            words.push(line);
        }
    }
    words.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_matter_is_what_agents_read() {
        let skill = &all()[0].text;
        let mut parts = skill.splitn(3, "---\n");
        assert_eq!(parts.next(), Some(""));
        let matter = parts.next().unwrap();
        let field = |name: &str| {
            let line = matter.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name}"))
                .trim()
                .to_owned()
        };
        assert_eq!(field("name:"), NAME);
        let description = field("description:");
        assert!(description.len() <= 1024, "{}", description.len());
        // What it is comes before when to use it.
        assert!(!description.starts_with("Use"));
        assert!(description.contains("Use when"));
    }

    #[test]
    fn links_between_the_files_lead_somewhere() {
        let files = all();
        for file in &files {
            let directory = file
                .path
                .rsplit_once('/')
                .map_or("", |(directory, _)| directory);
            for link in file.text.split("](").skip(1) {
                let target = link.split(')').next().unwrap_or_default();
                let path = match directory {
                    "" => target.to_owned(),
                    directory => format!("{directory}/{target}"),
                };
                assert!(
                    files.iter().any(|other| other.path == path),
                    "{}: {target}",
                    file.path
                );
            }
        }
    }
}
