//! Writing an object part by part, without holding all of it.

use std::io::{self, BufWriter, Write};
use std::num::NonZero;
use std::pin::pin;
use std::sync::Arc;
use std::thread;

use aileron_object_storage::object_store::path::Path;
use aileron_object_storage::object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload,
};
use bytes::Bytes;
use futures_util::future::ready;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::codec::Encoder;
use super::parts::{PIECE, Parts};
use super::{Codec, Problem};
use crate::json::{Walk, write_json, write_range};

/// How many parts are on their way at once.
const IN_FLIGHT: usize = 2;
/// How much JSON is collected before it is compressed.
const BUFFER: usize = 32 << 10;
/// Up to here a value is encoded at once; more is encoded beside the upload.
const SMALL: usize = if cfg!(test) { 4 << 10 } else { 256 << 10 };

/// Writes an encoded value, and returns how many bytes the object has. Nobody sees the object before it is whole.
pub(super) async fn upload(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    codec: Option<Codec>,
    encoded: Bytes,
) -> Result<u64, Problem> {
    if encoded.len() <= SMALL {
        let text = whole(codec, &encoded).map_err(Problem::Encode)?;
        return put(store, path, PutPayload::from(text)).await;
    }
    match codec {
        None => upload_pieces(store, path, plain(encoded)).await,
        Some(codec) => upload_pieces(store, path, compressed(codec, encoded)).await,
    }
}

/// Writes all pieces one behind the other, and returns how many bytes the object has. Nobody sees the object before it is whole, and
/// there is none when a piece is an error.
pub(super) async fn upload_pieces(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    pieces: impl Stream<Item = Result<Bytes, Problem>>,
) -> Result<u64, Problem> {
    let pieces = pin!(pieces);
    let mut parts = Parts::new(pieces);
    let first = parts.next().await?.unwrap_or_default();
    let Some(second) = parts.next().await? else {
        return put(store, path, first).await;
    };
    let mut upload = store.put_multipart(path).await.map_err(Problem::Store)?;
    let rest = stream::try_unfold(parts, async |mut parts| {
        Ok(parts.next().await?.map(|part| (part, parts)))
    });
    let parts = stream::iter([Ok(first), Ok(second)]).chain(rest);
    let outcome = match send(upload.as_mut(), parts).await {
        Ok(sent) => {
            let completed = upload.complete().await;
            completed.map(|_| sent).map_err(Problem::Store)
        }
        Err(error) => Err(error),
    };
    if outcome.is_err() {
        // The parts lie in the store otherwise, invisible and paid for. It may be out of reach.
        let _ = upload.abort().await;
    }
    outcome
}

async fn put(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    payload: PutPayload,
) -> Result<u64, Problem> {
    let size = payload.content_length() as u64;
    let put = store.put(path, payload).await;
    put.map(|_| size).map_err(Problem::Store)
}

/// Sends the parts as they come.
async fn send(
    upload: &mut dyn MultipartUpload,
    parts: impl Stream<Item = Result<PutPayload, Problem>>,
) -> Result<u64, Problem> {
    let sending = parts.map_ok(|part| {
        let size = part.content_length() as u64;
        let sending = upload.put_part(part);
        async move { sending.await.map(|()| size).map_err(Problem::Store) }
    });
    sending
        .try_buffer_unordered(IN_FLIGHT)
        .try_fold(0, |sent, size| ready(Ok(sent + size)))
        .await
}

fn whole(codec: Option<Codec>, encoded: &[u8]) -> io::Result<Vec<u8>> {
    let room = Vec::with_capacity(encoded.len() + encoded.len() / 2);
    let mut out = match codec {
        Some(codec) => codec.encoder(room)?,
        None => Encoder::Plain(room),
    };
    write_json(encoded, &mut out)?;
    out.finish()
}

/// The JSON text of an encoded value. As many threads as there are processors make a piece each.
fn plain(encoded: Bytes) -> impl Stream<Item = Result<Bytes, Problem>> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let ranges = Ranges {
        encoded: encoded.clone(),
        next: Some(Walk::default()),
    };
    stream::iter(ranges)
        .map(move |range| {
            let encoded = encoded.clone();
            async move {
                let (walk, end) = range.map_err(Problem::Encode)?;
                let piece = spawn_blocking(move || {
                    let mut text = Vec::with_capacity(PIECE + PIECE / 2);
                    write_range(walk, &encoded, end, &mut text)?;
                    Ok(text.into())
                });
                ended(piece.await)
            }
        })
        // Those that are made, and as many that are taken meanwhile.
        .buffered(2 * threads)
}

/// The outcome of work on another thread.
fn ended<T>(joined: Result<io::Result<T>, tokio::task::JoinError>) -> Result<T, Problem> {
    let outcome = joined.map_err(io::Error::other).flatten();
    outcome.map_err(Problem::Encode)
}

/// Cuts an encoded value between its tokens, each range about [`PIECE`] bytes: where it begins, and where it ends.
struct Ranges {
    encoded: Bytes,
    next: Option<Walk>,
}

impl Iterator for Ranges {
    type Item = io::Result<(Walk, usize)>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next.take()?;
        let mut walk = start.clone();
        let end = (walk.at() + PIECE).min(self.encoded.len());
        match walk.skip_to(&self.encoded, end) {
            Ok(true) => {}
            Ok(false) => self.next = Some(walk),
            Err(error) => return Some(Err(error)),
        }
        Some(Ok((start, end)))
    }
}

/// The JSON text of an encoded value, compressed by a thread.
fn compressed(codec: Codec, encoded: Bytes) -> impl Stream<Item = Result<Bytes, Problem>> {
    let (sender, mut pieces) = mpsc::channel(4);
    let encoding = spawn_blocking(move || {
        let out = codec.encoder(BufWriter::with_capacity(PIECE, Pieces(sender)))?;
        // JSON is written in pieces of a few bytes.
        let mut buffered = BufWriter::with_capacity(BUFFER, out);
        write_json(&encoded, &mut buffered)?;
        let out = buffered
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        out.finish()?.flush()
    });
    let pieces = stream::poll_fn(move |context| pieces.poll_recv(context)).map(Ok);
    // The last piece is the last one only if encoding ended well.
    let ended = stream::once(encoding).filter_map(|joined| ready(ended(joined).err().map(Err)));
    pieces.chain(ended)
}

/// Sends whatever is written.
struct Pieces(mpsc::Sender<Bytes>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Bytes::copy_from_slice(bytes));
        sent.map_err(|_| io::Error::other("the upload has ended"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
