//! Reading JSON text that comes in pieces, without putting them together.

mod elements;
mod likely;
mod list;
mod seam;
mod split;
#[cfg(test)]
mod tests;
mod unborrowed;

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use aileron_wire::json::JsonDecodeError;
use serde::de::DeserializeOwned;

pub(crate) use self::elements::read_elements;
pub(crate) use self::likely::Likely;
use self::list::List;
pub(crate) use self::seam::Seam;
use self::split::Window;
pub(crate) use self::split::{Cut, NoList, Splitter};
use super::decode_json;

/// Shorter text is put together: it takes less time than a second thread.
const SHORT: usize = if cfg!(test) { 64 } else { 2 << 20 };
/// How many windows wait to be read.
const AHEAD: usize = 4;

/// Reads a value, and gives up each piece of its text on the way; so that, of a long list, memory holds either the text or what was
/// read, and not both. A thread looks for the elements' ends meanwhile.
///
/// # Errors
/// Those of [`decode_json`]. Of a long list that is no JSON, the error says how far it is one.
pub(crate) fn decode_pieces<T: DeserializeOwned>(
    pieces: Vec<Vec<u8>>,
) -> Result<T, JsonDecodeError> {
    if let [whole] = &pieces[..] {
        return decode_json(whole);
    }
    let length: usize = pieces.iter().map(Vec::len).sum();
    let splitter = pieces.first().and_then(|first| Splitter::new(first));
    let Some(splitter) = splitter.filter(|_| length > SHORT) else {
        return decode_json(&pieces.concat());
    };
    let (sender, windows) = sync_channel(AHEAD);
    thread::scope(|scope| {
        scope.spawn(move || {
            let rest = pieces.into_iter().skip(1);
            let ended = split(splitter, rest, &sender);
            // Whoever reads may have given up.
            let _ = sender.send(ended.map(|()| None));
        });
        let mut list = List::new(windows);
        let read = T::deserialize(&mut list);
        list.finish(read)
    })
}

/// What the thread sends: windows, and at the end none.
type Sent = Result<Option<Window>, NoList>;

fn split(
    mut splitter: Splitter,
    pieces: impl Iterator<Item = Vec<u8>>,
    sender: &SyncSender<Sent>,
) -> Result<(), NoList> {
    for piece in pieces {
        splitter.push(&piece);
        drop(piece);
        let Some(cut) = splitter.cut() else {
            continue;
        };
        if sender.send(Ok(Some(cut.window()?))).is_err() {
            return Ok(());
        }
    }
    splitter.end()
}
