//! Expressions that are too long to look at.
//!
//! The parser refuses brackets and blocks that are nested deeper than Python's own limit. A chain like `1 + 1 + 1` or `a.b.c` is
//! nested too, once for each link, and has no limit there: who walks it needs stack for all of it.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// A text below this cannot have a chain that is too long.
const SHORT: usize = 100_000;

/// Links that are looked at.
const LIMIT: usize = 50_000;

/// Whether a text has a chain that is too long.
pub(crate) fn is_too_deep(text: &str) -> bool {
    text.len() >= SHORT && longest_chain(text) > LIMIT
}

/// An upper bound of the links in one expression.
fn longest_chain(text: &str) -> usize {
    let mut lexer = lexer::lex(text, Mode::Module);
    // Links since the last comma, for each bracket that is open.
    let mut open = vec![0_usize];
    let (mut sum, mut longest) = (0, 0);
    loop {
        let here = open
            .last_mut()
            .expect("the outermost level is never closed");
        match lexer.next_token() {
            TokenKind::EndOfFile => return longest,
            TokenKind::Comma | TokenKind::Newline | TokenKind::Semi => {
                sum -= *here;
                *here = 0;
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                if open.len() > 1 {
                    sum -= open.pop().unwrap_or_default();
                }
            }
            kind => {
                *here += 1;
                sum += 1;
                longest = longest.max(sum);
                if matches!(kind, TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace) {
                    open.push(0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_as_long_as_its_links() {
        assert_eq!(longest_chain("x = 1\ny = 2\n"), 3);
        assert!(longest_chain(&format!("x = {}1", "1 + ".repeat(1000))) > 1000);
        assert!(longest_chain(&format!("x = a{}", ".b".repeat(1000))) > 1000);
        assert!(longest_chain(&format!("x = f{}", "()".repeat(1000))) > 1000);
    }

    #[test]
    fn a_long_list_is_no_chain() {
        assert!(longest_chain(&format!("x = [{}]", "f(1), ".repeat(1000))) < 10);
        assert!(longest_chain(&"x = f(1)\n".repeat(1000)) < 10);
    }

    #[test]
    fn brackets_that_do_not_match_are_no_panic() {
        assert_eq!(longest_chain(")))"), 0);
        longest_chain("((([[{ , ) ]");
    }
}
