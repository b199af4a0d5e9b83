//! An answer, read from its bytes.

use anyhow::{Context as _, Result, bail, ensure};
use httparse::{EMPTY_HEADER, Response, Status};

/// The most headers that an answer may have.
const HEADERS: usize = 32;

/// The status of an answer that has no body.
const NO_CONTENT: u16 = 204;

/// What is looked at of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// What a header says.
    pub(crate) header: Option<String>,
}

/// The answer that these bytes are, with the value of one header, named in small letters; `None` while they are not all there.
///
/// # Errors
///
/// When they are no answer, or one whose length is not told.
pub(crate) fn read(bytes: &[u8], wanted: &str) -> Result<Option<Answer>> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut head = Response::new(&mut headers);
    let Status::Complete(start) = head.parse(bytes)? else {
        return Ok(None);
    };
    let status = head.code.context("there is no status")?;
    let header = |name: &str| {
        let found = head
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name));
        found
            .map(|found| std::str::from_utf8(found.value))
            .transpose()
    };
    let length = match header("content-length")? {
        Some(length) => length.parse()?,
        None if status == NO_CONTENT => 0,
        None => bail!("an answer with {status} does not tell its length"),
    };
    let there = bytes.len() - start;
    ensure!(there <= length, "more came than an answer");
    let header = header(wanted)?.map(str::to_owned);
    Ok((there == length).then_some(Answer { status, header }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_all_of_it_is_there() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nNew: a\r\n\r\n{}";
        for end in 0..text.len() {
            assert_eq!(read(&text.as_bytes()[..end], "new").unwrap(), None);
        }
        let answer = read(text.as_bytes(), "new").unwrap().unwrap();
        assert_eq!((answer.status, answer.header.as_deref()), (200, Some("a")));
        assert!(read(format!("{text}.").as_bytes(), "new").is_err());
    }

    #[test]
    fn only_an_answer_without_a_body_need_not_tell_its_length() {
        let nothing = b"HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(
            read(nothing, "new").unwrap(),
            Some(Answer {
                status: NO_CONTENT,
                header: None
            })
        );
        assert!(
            read(
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                "new"
            )
            .is_err()
        );
    }
}
