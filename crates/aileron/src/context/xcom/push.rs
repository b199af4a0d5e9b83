//! Writing XComs.

use aileron_wire::message::{Message, SetXCom, TaskInstance};
use aileron_wire::msgpack::{Token, token};

use crate::comm::CommError;
use crate::context::storage::Kept;
use crate::{Context, Error, Result};

/// Stores an encoded value that tasks are mapped over, together with its length. One that is large enough goes into object storage
/// first, and its reference is stored.
pub(super) async fn push_mapped(
    context: &Context,
    key: &str,
    encoded: Vec<u8>,
    length: i64,
) -> Result<()> {
    let storage = &context.inner.storage;
    let kept = storage.keep_xcom(context, key, encoded).await?;
    push_kept(context, key, kept, Some(length)).await
}

/// Stores a value of which a large one is in object storage already.
pub(crate) async fn push_kept(
    context: &Context,
    key: &str,
    kept: Kept,
    mapped_length: Option<i64>,
) -> Result<()> {
    let storage = &context.inner.storage;
    let body = body(context.ti(), key, &kept.encoded, mapped_length);
    drop(kept.encoded);
    let reply = context.channel().call(body).await;
    let sent = reply.and_then(|reply| reply.or_refused(SetXCom::<()>::TYPE));
    match &sent {
        Ok(_) => storage.xcom_sent(key, kept.object, true).await,
        Err(CommError::Refused { .. }) => storage.xcom_sent(key, kept.object, false).await,
        // Nobody knows whether it was stored. An object too many is found later, a missing one is not.
        Err(_) => {}
    }
    sent?;
    Ok(())
}

/// How many instances a task that is mapped over the encoded value has.
pub(super) fn length(encoded: &[u8]) -> Result<i64> {
    match token(encoded, 0)? {
        (Token::Array(items), _) => Ok(items.into()),
        (Token::Map(entries), at) if !names_a_class(encoded, at) => Ok(entries.into()),
        _ => Err(Error::no_retry(
            "a task can only be mapped over a list or a map",
        )),
    }
}

/// Whether the first key is that of a wrapped Python value.
fn names_a_class(encoded: &[u8], at: usize) -> bool {
    matches!(token(encoded, at), Ok((Token::String(key), _)) if &encoded[key.clone()] == b"__classname__")
}

/// A `SetXCom` body around a value that is encoded already: the value is copied once and never taken apart.
pub(super) fn body(
    ti: &TaskInstance,
    key: &str,
    encoded: &[u8],
    mapped_length: Option<i64>,
) -> Vec<u8> {
    const WRITABLE: &str = "a Vec takes every write";
    let texts = [
        ("type", SetXCom::<()>::TYPE),
        ("key", key),
        ("dag_id", &ti.dag_id),
        ("run_id", &ti.run_id),
        ("task_id", &ti.task_id),
    ];
    let numbers = [
        ("map_index", Some(ti.map_index)),
        ("mapped_length", mapped_length),
    ];
    let numbers = || numbers.iter().filter_map(|(name, n)| Some((*name, (*n)?)));
    let mut body = Vec::with_capacity(encoded.len() + 512);
    let entries = u32::try_from(texts.len() + numbers().count() + 1).expect("eight fits");
    rmp::encode::write_map_len(&mut body, entries).expect(WRITABLE);
    for (name, value) in texts {
        rmp::encode::write_str(&mut body, name).expect(WRITABLE);
        rmp::encode::write_str(&mut body, value).expect(WRITABLE);
    }
    for (name, value) in numbers() {
        rmp::encode::write_str(&mut body, name).expect(WRITABLE);
        rmp::encode::write_sint(&mut body, value).expect(WRITABLE);
    }
    rmp::encode::write_str(&mut body, "value").expect(WRITABLE);
    body.extend_from_slice(encoded);
    body
}
