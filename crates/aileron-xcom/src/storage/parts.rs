//! Cutting bytes that come in pieces of any size into the parts of an object.

use aileron_object_storage::object_store::PutPayload;
use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt as _};

use super::Problem;

/// How large a part of an object is. S3 takes ten thousand of them, at least 5 MiB each; all but the last are equal, as some other
/// stores that speak its protocol want it. Tests have smaller ones.
pub(super) const PART: usize = if cfg!(test) { 64 << 10 } else { 5 << 20 };
/// How much is written into a file at once.
pub(super) const LOCAL_PART: usize = PIECE;
/// About how large the pieces are that a part is made of.
pub(super) const PIECE: usize = PART / 20;

/// Parts of so many bytes, the last of which may be smaller. No byte is copied.
pub(super) struct Parts<S> {
    pieces: S,
    size: usize,
    /// What is left of a piece.
    rest: Bytes,
}

impl<S: Stream<Item = Result<Bytes, Problem>> + Unpin> Parts<S> {
    pub(super) fn new(pieces: S, size: usize) -> Self {
        Self {
            pieces,
            size,
            rest: Bytes::new(),
        }
    }

    /// The next part; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<PutPayload>, Problem> {
        let mut part = Vec::new();
        let mut room = self.size;
        while room > 0 {
            if self.rest.is_empty() {
                match self.pieces.next().await.transpose()? {
                    Some(piece) => self.rest = piece,
                    None => break,
                }
            }
            let taken = self.rest.split_to(room.min(self.rest.len()));
            room -= taken.len();
            part.push(taken);
        }
        Ok((room < self.size).then(|| part.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn all_parts_but_the_last_are_equal(
            lengths in prop::collection::vec(0..3 * PART, 0..6),
        ) {
            let pieces: Vec<Bytes> = lengths.iter().zip(0..).map(|(length, byte)| vec![byte; *length].into()).collect();
            let whole = pieces.concat();
            let mut parts = Parts::new(stream::iter(pieces.into_iter().map(Ok)), PART);
            let cut = futures_util::FutureExt::now_or_never(async {
                let mut cut = Vec::new();
                while let Some(part) = parts.next().await.unwrap() {
                    cut.push(Bytes::from(part));
                }
                cut
            })
            .unwrap();
            for part in cut.iter().rev().skip(1) {
                prop_assert_eq!(part.len(), PART);
            }
            prop_assert!(cut.iter().all(|part| !part.is_empty()));
            prop_assert!(cut.concat() == whole);
        }
    }
}
