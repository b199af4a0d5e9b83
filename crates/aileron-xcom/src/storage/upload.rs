//! Writing an object part by part, without holding all of it.

use std::future::ready;
use std::io::{self, BufWriter, Write};
use std::pin::pin;
use std::sync::Arc;

use aileron_object_storage::object_store::path::Path;
use aileron_object_storage::object_store::{
    self, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload,
};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, FuturesUnordered, Stream, StreamExt as _};
use tokio::sync::mpsc;

use super::codec::Encoder;
use super::{Codec, Problem};
use crate::json::write_json;

/// How large a part of an object is. S3 takes ten thousand of them, at least 5 MiB each. Tests have smaller ones.
pub(super) const PART: usize = if cfg!(test) { 64 << 10 } else { 8 << 20 };
/// How many parts are on their way at once.
const IN_FLIGHT: usize = 3;
/// How much JSON is collected before it is compressed or becomes part of a part.
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
        return put(store, path, text.into()).await;
    }
    // Two wait at most, beside those on their way.
    let (sender, mut parts) = mpsc::channel(1);
    let encoding = tokio::task::spawn_blocking(move || encode(codec, &encoded, sender));
    let parts = stream::poll_fn(move |context| parts.poll_recv(context)).map(Ok);
    // The last part is the last one only if encoding ended well.
    let ended = stream::once(encoding).filter_map(|ended| {
        ready(match ended {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(Problem::Encode(error))),
            Err(error) => Some(Err(Problem::Encode(io::Error::other(error)))),
        })
    });
    upload_parts(store, path, parts.chain(ended)).await
}

/// Writes parts of [`PART`] bytes, the last of which may be smaller, and returns how many bytes the object has. Nobody sees the object
/// before it is whole, and there is none when a part is an error.
pub(super) async fn upload_parts(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    parts: impl Stream<Item = Result<Bytes, Problem>>,
) -> Result<u64, Problem> {
    let mut parts = pin!(parts);
    let first = parts.next().await.transpose()?.unwrap_or_default();
    let Some(second) = parts.next().await.transpose()? else {
        return put(store, path, first).await;
    };
    let mut upload = store.put_multipart(path).await.map_err(Problem::Store)?;
    let parts = stream::iter([Ok(first), Ok(second)]).chain(parts);
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

async fn put(store: &Arc<dyn ObjectStore>, path: &Path, text: Bytes) -> Result<u64, Problem> {
    let size = text.len() as u64;
    let put = store.put(path, PutPayload::from_bytes(text)).await;
    put.map(|_| size).map_err(Problem::Store)
}

/// Sends the parts as they come.
async fn send(
    upload: &mut dyn MultipartUpload,
    parts: impl Stream<Item = Result<Bytes, Problem>>,
) -> Result<u64, Problem> {
    let mut sent = 0;
    let mut parts = pin!(parts);
    let mut on_their_way = FuturesUnordered::new();
    while let Some(part) = parts.next().await.transpose()? {
        sent += part.len() as u64;
        on_their_way.push(upload.put_part(PutPayload::from_bytes(part)));
        while on_their_way.len() >= IN_FLIGHT {
            let done: Option<object_store::Result<()>> = on_their_way.next().await;
            done.transpose().map_err(Problem::Store)?;
        }
    }
    while let Some(done) = on_their_way.next().await {
        done.map_err(Problem::Store)?;
    }
    Ok(sent)
}

fn whole(codec: Option<Codec>, encoded: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = encoder(codec, Vec::with_capacity(encoded.len() + encoded.len() / 2))?;
    write_json(encoded, &mut out)?;
    out.finish()
}

fn encode(codec: Option<Codec>, encoded: &[u8], sender: mpsc::Sender<Bytes>) -> io::Result<()> {
    let out = encoder(codec, Parts::new(sender))?;
    // JSON is written in pieces of a few bytes.
    let mut buffered = BufWriter::with_capacity(BUFFER, out);
    write_json(encoded, &mut buffered)?;
    let out = buffered
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    out.finish()?.last()
}

fn encoder<W: Write>(codec: Option<Codec>, out: W) -> io::Result<Encoder<W>> {
    match codec {
        Some(codec) => codec.encoder(out),
        None => Ok(Encoder::Plain(out)),
    }
}

/// Cuts what is written into parts.
struct Parts {
    part: BytesMut,
    sender: mpsc::Sender<Bytes>,
}

impl Parts {
    fn new(sender: mpsc::Sender<Bytes>) -> Self {
        Self {
            part: BytesMut::with_capacity(PART),
            sender,
        }
    }

    fn send(&mut self) -> io::Result<()> {
        let part = std::mem::take(&mut self.part).freeze();
        self.sender
            .blocking_send(part)
            .map_err(|_| io::Error::other("the upload has ended"))
    }

    fn last(mut self) -> io::Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        self.send()
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.part.len() == PART {
            self.send()?;
            self.part.reserve(PART);
        }
        let taken = bytes.len().min(PART - self.part.len());
        self.part.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
