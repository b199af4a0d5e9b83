//! Every command and snippet of the documentation works.
//!
//! The pages at the root and those in `docs/` are walked from top to bottom, each in a scratch directory of its own. What a block
//! means is told by its language (`docs_walker::walk`); a language that is not known fails, so that nothing escapes. Rust
//! snippets (`rust`) are doctests of the crate `aileron`, see its `src/doc_pages.rs`.

mod docs_walker;

use std::process::ExitCode;
use std::time::Instant;

use docs_walker::{commands, links, messages, mistakes, page, walk};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The pages build projects of the same name in one target directory, which saves compiling the dependencies again.
    arguments.test_threads = Some(1);
    let pages = match page::read_all() {
        Ok(pages) => pages,
        Err(error) => {
            eprintln!("error: {error:?}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = vec![
        trial(
            "mistakes_on_a_page_are_found".to_owned(),
            mistakes::are_found,
        ),
        trial("links_between_pages_lead_somewhere".to_owned(), {
            let pages = pages.clone();
            move || links::check(&pages)
        }),
        trial("every_command_of_aileron_is_in_the_reference".to_owned(), {
            let pages = pages.clone();
            move || commands::check_reference(&pages)
        }),
        trial("quoted_messages_are_real".to_owned(), {
            let pages = pages.clone();
            move || messages::check(&pages)
        }),
    ];
    trials.extend(pages.into_iter().map(|page| {
        let name = page.path.display().to_string();
        trial(name, move || {
            let begun = Instant::now();
            let walked = walk::walk(&page);
            eprintln!("{}: {:.0?}", page.path.display(), begun.elapsed());
            walked
        })
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: String, body: impl FnOnce() -> anyhow::Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || {
        body().map_err(|error| Failed::from(format!("{error:#}")))
    })
}
