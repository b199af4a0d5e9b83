//! Writing a value into an object without holding its text.

use std::io::{self, Write};
use std::sync::Arc;

use aileron_object_storage::object_store::path::Path;
use aileron_object_storage::object_store::{
    self, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload,
};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::mpsc;

use super::codec::Encoder;
use super::{Codec, Problem};
use crate::json::write_json;

/// How large a part of an object is. S3 takes ten thousand of them, at least 5 MiB each. Tests have smaller ones.
const PART: usize = if cfg!(test) { 64 << 10 } else { 8 << 20 };
/// How many parts are on their way at once.
const IN_FLIGHT: usize = 3;
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
    let Some(first) = parts.recv().await else {
        return Err(ended(encoding.await));
    };
    match parts.recv().await {
        None => {
            finished(encoding.await)?;
            put(store, path, first).await
        }
        Some(second) => {
            let mut upload = store.put_multipart(path).await.map_err(Problem::Store)?;
            let sent = send(upload.as_mut(), [first, second], parts).await;
            let encoded = match encoding.await {
                Ok(Err(error)) => Err(Problem::Encode(error)),
                Err(error) => Err(Problem::Encode(io::Error::other(error))),
                Ok(Ok(())) => Ok(()),
            };
            // What the store says is why encoding stopped, not the other way round.
            let outcome = match sent.and_then(|sent| encoded.map(|()| sent)) {
                Ok(sent) => upload
                    .complete()
                    .await
                    .map(|_| sent)
                    .map_err(Problem::Store),
                Err(error) => Err(error),
            };
            if outcome.is_err() {
                // The parts lie in the store otherwise, invisible and paid for. It may be out of reach.
                let _ = upload.abort().await;
            }
            outcome
        }
    }
}

type Encoding = Result<io::Result<()>, tokio::task::JoinError>;

fn finished(encoding: Encoding) -> Result<(), Problem> {
    match encoding {
        Ok(Ok(())) => Ok(()),
        other => Err(ended(other)),
    }
}

fn ended(encoding: Encoding) -> Problem {
    Problem::Encode(match encoding {
        Ok(Err(error)) => error,
        Ok(Ok(())) => io::Error::other("nothing was encoded"),
        Err(error) => io::Error::other(error),
    })
}

async fn put(store: &Arc<dyn ObjectStore>, path: &Path, text: Bytes) -> Result<u64, Problem> {
    let size = text.len() as u64;
    let put = store.put(path, PutPayload::from_bytes(text)).await;
    put.map(|_| size).map_err(Problem::Store)
}

/// Sends the parts as they come.
async fn send(
    upload: &mut dyn MultipartUpload,
    first: [Bytes; 2],
    mut parts: mpsc::Receiver<Bytes>,
) -> Result<u64, Problem> {
    let mut sent = 0;
    let mut on_their_way = FuturesUnordered::new();
    let mut first = first.into_iter();
    loop {
        let part = match first.next() {
            Some(part) => part,
            None => match parts.recv().await {
                Some(part) => part,
                None => break,
            },
        };
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
    let mut out = encoder(codec, Parts::new(sender))?;
    write_json(encoded, &mut out)?;
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
