//! Console blocks: `$ command` lines, each with what it prints.

use anyhow::{Result, bail, ensure};

use super::shell::Shell;
use super::{commands, output};

/// A command of a block and what it should print; nothing shown: anything goes.
struct Command {
    line: String,
    expected: String,
}

/// Runs the commands of a block in order.
pub(super) fn run(block: &str, shell: &mut Shell) -> Result<()> {
    for command in parse(block)? {
        if commands::is_not_run(&command.line) {
            commands::check_xtask(&command.line)?;
            continue;
        }
        let ran = shell.run(&command.line)?;
        ensure!(ran.succeeded, "`{}` failed:\n{}", command.line, ran.output);
        if !command.expected.is_empty() && !output::matches(&command.expected, &ran.output) {
            bail!(
                "`{}` should print\n{}\nbut printed\n{}",
                command.line,
                command.expected,
                ran.output
            );
        }
    }
    Ok(())
}

fn parse(block: &str) -> Result<Vec<Command>> {
    let mut commands: Vec<Command> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push(Command {
                line: command.to_owned(),
                expected: String::new(),
            });
            continue;
        }
        let Some(command) = commands.last_mut() else {
            bail!("a console block begins with `$ `, not {line:?}");
        };
        if let (Some(more), true) = (line.strip_prefix("> "), command.line.ends_with('\\')) {
            command.line = format!("{}\n{more}", command.line);
        } else {
            command.expected.push_str(line);
            command.expected.push('\n');
        }
    }
    Ok(commands)
}
