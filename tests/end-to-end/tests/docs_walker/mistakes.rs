//! The walk finds mistakes: it is itself tested on small pages.

use std::path::Path;

use anyhow::{Result, bail, ensure};

use super::{links, messages, page, walk};

/// Pages that are right.
const RIGHT: [&str; 4] = [
    "```console\n$ cd / && export A=b\n$ echo \"$PWD $A\"\n/ b\n```",
    "```console\n$ printf 'one\\ntwo\\nthree\\n'\none\n...\nth...e\n```",
    "<!-- file: a/b.json -->\n```json\n{}\n```\n```console\n$ cat a/b.json\n{}\n```",
    "<!-- excerpt: clippy.toml -->\n```toml\n```",
];

/// Pages that are wrong, and a part of what the walk must say.
const WRONG: [(&str, &str); 14] = [
    ("```console\n$ false\n```", "failed"),
    ("```console\n$ echo one\ntwo\n```", "should print"),
    ("```console\n$ echo one\none\ntwo\n```", "should print"),
    ("```console\nwithout a prompt\n```", "begins with `$ `"),
    (
        "```console\n$ cargo xtask test --fastest\n```",
        "no --fastest",
    ),
    ("```sh\necho one\n```", "does not know what to do"),
    ("```\necho one\n```", "does not know what to do"),
    ("```rust\nfn main() {}\n```", "nothing compiles its Rust"),
    ("```rs\nfn main() {}\n```", "a file or an excerpt"),
    (
        "<!-- excerpt: README.md -->\n```text\nnot in there\n```",
        "does not have this line",
    ),
    ("<!-- prepare: false -->", "failed"),
    ("```python\nimport airflow.nothing\n```", "No module named"),
    (
        "```ini\n[core]\nno_such_option = 1\n```",
        "no option [core]",
    ),
    (
        "```ini\n[sdk]\ncoordinators = {}\nqueue_to_coordinator = {\"rust\": \"rust\"}\n```",
        "invalid coordinator key",
    ),
];

/// Text that is not even a page.
const UNREADABLE: [&str; 3] = [
    "<!-- prepar: true -->",
    "<b>bold</b>\n",
    "text\n\n    indented\n",
];

/// Every mistake is found, and what is right is not taken for one.
pub(crate) fn are_found() -> Result<()> {
    let path = Path::new("test.md");
    for text in RIGHT {
        walk::walk(&page::parse(path, text.to_owned())?)?;
    }
    for (text, expected) in WRONG {
        let Err(error) = walk::walk(&page::parse(path, text.to_owned())?) else {
            bail!("no mistake was found in\n{text}");
        };
        let error = format!("{error:#}");
        ensure!(
            error.contains(expected),
            "{expected:?} is not in {error}, for\n{text}"
        );
    }
    for text in UNREADABLE {
        ensure!(
            page::parse(path, text.to_owned()).is_err(),
            "this was read as a page:\n{text}"
        );
    }
    for text in ["[a](nowhere.md)", "[a](README.md#nowhere)"] {
        let page = page::parse(path, text.to_owned())?;
        ensure!(links::check(&[page]).is_err(), "{text} was taken");
    }
    let table = "| Message |\n|---|\n| `nobody ever prints this` |\n";
    let page = page::parse(path, table.to_owned())?;
    ensure!(messages::check(&[page]).is_err(), "the message was taken");
    Ok(())
}
