//! Writing an object part by part, without holding all of it.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use aileron_object_storage::object_store::path::Path;
use aileron_object_storage::object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload,
};
use bytes::Bytes;
use futures_util::future::ready;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::parts::{LOCAL_PART, PART, PIECE, Parts};
use super::{Codec, Problem};

/// How many parts are on their way at once.
const IN_FLIGHT: usize = 2;
/// Up to here a text is compressed at once; more is compressed beside the upload.
const SMALL: usize = if cfg!(test) { 4 << 10 } else { 256 << 10 };

/// Where an object goes.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: Path,
    /// Whether the store is a directory of this machine.
    pub(super) is_local: bool,
}

/// Writes JSON text of about so many bytes, and returns how many bytes the object has. Nobody sees the object before it is whole,
/// and there is none when the text ends with an error.
pub(super) async fn upload_text(
    to: &Destination,
    codec: Option<Codec>,
    text: impl Iterator<Item = io::Result<Bytes>> + Send + 'static,
    length: usize,
) -> Result<u64, Problem> {
    match codec {
        None => {
            let pieces = stream::iter(text).map(|piece| piece.map_err(Problem::Encode));
            upload_pieces(to, pieces).await
        }
        Some(codec) if length <= SMALL => {
            let compressed = compress(codec, text, Vec::with_capacity(length / 2));
            put(to, compressed.map_err(Problem::Encode)?.into()).await
        }
        Some(codec) => upload_pieces(to, compressed(codec, text)).await,
    }
}

/// Writes all pieces one behind the other, and returns how many bytes the object has. Nobody sees the object before it is whole, and
/// there is none when a piece is an error.
pub(super) async fn upload_pieces(
    to: &Destination,
    pieces: impl Stream<Item = Result<Bytes, Problem>>,
) -> Result<u64, Problem> {
    // In a box: of what is pinned here the compiler does not see that it can go to another thread.
    let pieces = Box::pin(pieces.fuse());
    let size = if to.is_local { LOCAL_PART } else { PART };
    let mut parts = Parts::new(pieces, size);
    let first = parts.next().await?.unwrap_or_default();
    let Some(second) = parts.next().await? else {
        return put(to, first).await;
    };
    let upload = to.store.put_multipart(&to.path).await;
    let mut upload = upload.map_err(Problem::Store)?;
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

/// Writes an object at once.
async fn put(to: &Destination, payload: PutPayload) -> Result<u64, Problem> {
    let size = payload.content_length() as u64;
    let put = to.store.put(&to.path, payload).await;
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

fn compress<W: Write>(
    codec: Codec,
    text: impl Iterator<Item = io::Result<Bytes>>,
    out: W,
) -> io::Result<W> {
    let mut out = codec.encoder(out)?;
    for piece in text {
        out.write_all(&piece?)?;
    }
    out.finish()
}

/// JSON text, compressed by a thread.
pub(super) fn compressed(
    codec: Codec,
    text: impl Iterator<Item = io::Result<Bytes>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, Problem>> {
    let (sender, mut pieces) = mpsc::channel(4);
    let compressing = spawn_blocking(move || {
        let out = BufWriter::with_capacity(PIECE, Pieces(sender));
        compress(codec, text, out)?.flush()
    });
    let pieces = stream::poll_fn(move |context| pieces.poll_recv(context)).map(Ok);
    // The last piece is the last one only if compressing ended well.
    let ended = stream::once(compressing).filter_map(|joined| {
        let outcome = joined.map_err(io::Error::other).flatten();
        ready(outcome.err().map(|error| Err(Problem::Encode(error))))
    });
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
