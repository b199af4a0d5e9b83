//! The thread that reads an object and cuts its list.
//!
//! A list of objects is cut where it most likely can be, so that those who read the rows look at the text, and nobody else; any other
//! list where one of its elements ends.

use std::io::{self, BufReader, Read};
use std::{iter, thread};

use aileron_object_storage::ReadError;
use aileron_wire::json::JsonDecodeError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::source::Source;
use crate::json::{Cut, Likely, NoList, Seam, Splitter};
use crate::storage::objects::damaged;
use crate::storage::parts::PIECE;
use crate::storage::{Codec, Problem};

/// How many parts wait to be read.
const AHEAD: usize = 1;
/// How many pieces are put together while there is no seam. The rows have become other ones, or are very long.
const WITHOUT_SEAM: usize = 4;
/// How much is asked of the source at once, of what is compressed.
const COMPRESSED: usize = 64 << 10;

/// A part of a list.
#[derive(Debug)]
pub(super) enum Part {
    /// Whole elements, of which the first has this place in the list.
    Elements { cut: Cut, first: usize },
    /// Behind them, what most likely are whole elements.
    Likely(Likely),
    /// All of a text that does not begin as a list does.
    Whole(Vec<Vec<u8>>),
    /// There are no more.
    End,
}

/// Why there are no more parts.
#[derive(Debug)]
pub(super) enum Failed {
    /// The object was not read.
    Storage(Problem),
    /// Its text is no list.
    List(JsonDecodeError),
}

pub(super) type Sent = Result<Part, Failed>;

/// Starts the thread. Without [`Part::End`] at the end it has gone wrong.
pub(super) fn start(source: Source, codec: Option<Codec>) -> io::Result<Receiver<Sent>> {
    let (sender, parts) = channel(AHEAD);
    let work = move || {
        let read = match codec {
            None => split(&mut { source }, &sender),
            Some(codec) => {
                let from = BufReader::with_capacity(COMPRESSED, source);
                let mut outcome = Ok(());
                let read = codec.decode_from(from, |text| {
                    outcome = split(text, &sender);
                    Ok(())
                });
                read.map_err(Stopped::Io).and(outcome)
            }
        };
        let last = match read {
            Ok(()) => Ok(Part::End),
            Err(Stopped::Unwanted) => return,
            Err(Stopped::Io(error)) => Err(Failed::Storage(problem(error, codec))),
            Err(Stopped::List(error)) => Err(Failed::List(error)),
        };
        // Whoever reads may have given up.
        let _ = sender.blocking_send(last);
    };
    let thread = thread::Builder::new().name("aileron-rows".to_owned());
    thread.spawn(work)?;
    Ok(parts)
}

/// Why the thread ends early.
enum Stopped {
    Io(io::Error),
    List(JsonDecodeError),
    /// Nobody wants more.
    Unwanted,
}

fn split(text: &mut dyn Read, sender: &Sender<Sent>) -> Result<(), Stopped> {
    let give = |part| {
        let given = sender.blocking_send(Ok(part));
        given.map_err(|_| Stopped::Unwanted)
    };
    let first = piece(text).map_err(Stopped::Io)?;
    let Some(mut splitter) = Splitter::new(&first) else {
        let rest = iter::from_fn(|| match piece(text) {
            Ok(piece) if piece.is_empty() => None,
            read => Some(read),
        });
        let pieces: io::Result<Vec<_>> = iter::once(Ok(first)).chain(rest).collect();
        return give(Part::Whole(pieces.map_err(Stopped::Io)?));
    };
    drop(first);
    let mut elements = 0;
    loop {
        if let Some(cut) = splitter.cut() {
            let first = elements;
            elements += cut.len();
            // The first elements show whether the list has a seam.
            let seam = (first == 0).then(|| Seam::of(&cut)).flatten();
            let behind = seam.and_then(|seam| Some((seam, splitter.rest(&cut)?.to_vec())));
            give(Part::Elements { cut, first })?;
            if let Some((seam, rest)) = behind {
                return split_at_seams(&seam, &rest, text, &give);
            }
        }
        let piece = piece(text).map_err(Stopped::Io)?;
        if piece.is_empty() {
            let ended: Result<(), NoList> = splitter.end();
            return ended.map_err(|broken| Stopped::List(broken.behind(elements)));
        }
        splitter.push(&piece);
    }
}

/// Cuts the rest of a list at the last seam of each piece.
fn split_at_seams(
    seam: &Seam,
    rest: &[u8],
    text: &mut dyn Read,
    give: &dyn Fn(Part) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    // And a little more, by which a reader sees that there is no more.
    let room = PIECE + 64;
    let mut window = Likely::new(rest, room);
    let mut pieces = 0;
    loop {
        match text.take(PIECE as u64).read_to_end(window.grow()) {
            Ok(0) => return give(Part::Likely(window.end())),
            Ok(_) => pieces += 1,
            Err(error) => {
                // The rows before what is wrong.
                give(Part::Likely(window))?;
                return Err(Stopped::Io(error));
            }
        }
        let seam = seam.last_in(window.text());
        if seam.is_none() && pieces < WITHOUT_SEAM {
            continue;
        }
        let (text, rest) = window.text().split_at(seam.unwrap_or(window.text().len()));
        let (text, next) = (text.len(), Likely::new(rest, room));
        window.truncate(text);
        give(Part::Likely(std::mem::replace(&mut window, next)))?;
        pieces = 0;
    }
}

/// The next piece; an empty one at the end.
fn piece(text: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut piece = Vec::with_capacity(PIECE);
    text.take(PIECE as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

/// What an error of the source or of the codec means.
fn problem(error: io::Error, codec: Option<Codec>) -> Problem {
    match (error.downcast::<ReadError>(), codec) {
        (Ok(error), _) => error.into(),
        (Err(error), Some(codec)) => damaged(codec, error),
        (Err(error), None) => Problem::Io(error),
    }
}
