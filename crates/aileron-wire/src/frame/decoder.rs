//! Cutting a stream of bytes into frames.

use bytes::{Buf, Bytes, BytesMut};

use super::{FrameError, MAX_PAYLOAD, PREFIX};

/// The largest payload a reader accepts, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameLimit(u64);

impl FrameLimit {
    /// A limit of `bytes`, cut to [`MAX_PAYLOAD`].
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(if bytes < MAX_PAYLOAD {
            bytes
        } else {
            MAX_PAYLOAD
        })
    }

    /// The limit in bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl Default for FrameLimit {
    /// [`MAX_PAYLOAD`]: whatever the format can say.
    fn default() -> Self {
        Self(MAX_PAYLOAD)
    }
}

/// Cuts a growing buffer into frames. It has no state: all of it is in the buffer.
///
/// ```
/// use aileron_wire::frame::FrameDecoder;
/// use bytes::BytesMut;
///
/// let decoder = FrameDecoder::default();
/// let mut buf = BytesMut::new();
/// buf.extend_from_slice(&[0, 0, 0, 2, 0x91]);
/// assert_eq!(decoder.next_frame(&mut buf)?, None);
/// assert_eq!(decoder.missing(&buf), 1);
/// buf.extend_from_slice(&[0x07]);
/// assert_eq!(decoder.next_frame(&mut buf)?.as_deref(), Some(&[0x91, 0x07][..]));
/// decoder.finish(&buf)?;
/// # Ok::<(), aileron_wire::frame::FrameError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct FrameDecoder {
    limit: FrameLimit,
}

impl FrameDecoder {
    /// A decoder that refuses payloads over `limit`.
    #[must_use]
    pub const fn new(limit: FrameLimit) -> Self {
        Self { limit }
    }

    /// Takes the next whole payload, without its length prefix, out of `buf`; `None` when more
    /// bytes have to come first. Nothing is copied.
    ///
    /// # Errors
    ///
    /// [`FrameError::Empty`] and [`FrameError::Oversized`], as soon as the length is known. The
    /// stream cannot be read further after either.
    pub fn next_frame(&self, buf: &mut BytesMut) -> Result<Option<Bytes>, FrameError> {
        let Some(length) = announced(buf) else {
            return Ok(None);
        };
        self.check(length)?;
        let Some(whole) = frame_size(length).filter(|whole| buf.len() >= *whole) else {
            return Ok(None);
        };
        let mut frame = buf.split_to(whole);
        frame.advance(PREFIX);
        Ok(Some(frame.freeze()))
    }

    /// How many bytes the frame at the start of `buf` still misses; 0 when it is whole.
    ///
    /// Before the length prefix is complete this is what the prefix misses.
    #[must_use]
    pub fn missing(&self, buf: &BytesMut) -> u64 {
        let expected =
            announced(buf).map_or(PREFIX as u64, |length| u64::from(length) + PREFIX as u64);
        expected.saturating_sub(buf.len() as u64)
    }

    /// Makes room in `buf` for the next read.
    ///
    /// The room grows with what has really come, at least 16 KiB and at most as much again as is
    /// there, and never past the end of the frame by more than that minimum. A corrupt length
    /// thus costs no memory.
    pub fn reserve(&self, buf: &mut BytesMut) {
        let step = (buf.len() as u64).max(MIN_STEP);
        let room = self.missing(buf).clamp(MIN_STEP, step);
        // `step` is at most the length of a buffer that exists, so it fits a usize.
        buf.reserve(room as usize);
    }

    /// Call it at the end of the stream: whatever is left is a truncated frame.
    ///
    /// # Errors
    ///
    /// [`FrameError::Truncated`] when `buf` is not empty.
    pub fn finish(&self, buf: &BytesMut) -> Result<(), FrameError> {
        if buf.is_empty() {
            return Ok(());
        }
        let received = buf.len() as u64;
        Err(FrameError::Truncated {
            received,
            expected: received + self.missing(buf),
        })
    }

    fn check(&self, length: u32) -> Result<(), FrameError> {
        let length = u64::from(length);
        if length == 0 {
            return Err(FrameError::Empty);
        }
        if length > self.limit.bytes() {
            return Err(FrameError::Oversized {
                length,
                limit: self.limit.bytes(),
            });
        }
        Ok(())
    }
}

/// The smallest room to make for a read, in bytes.
const MIN_STEP: u64 = 16 * 1024;

/// The payload length in the prefix, once all of it is there.
fn announced(buf: &BytesMut) -> Option<u32> {
    buf.first_chunk::<PREFIX>()
        .map(|prefix| u32::from_be_bytes(*prefix))
}

/// The size of a frame with its prefix; `None` where a usize cannot hold it.
fn frame_size(length: u32) -> Option<usize> {
    usize::try_from(length).ok()?.checked_add(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_stream_says_how_much_came() {
        let decoder = FrameDecoder::default();
        for (bytes, received, expected) in [(&[0, 0][..], 2, 4), (&[0, 0, 0, 9, 1, 2][..], 6, 13)] {
            let mut buf = BytesMut::from(bytes);
            assert_eq!(decoder.next_frame(&mut buf), Ok(None));
            assert_eq!(
                decoder.finish(&buf),
                Err(FrameError::Truncated { received, expected })
            );
        }
        assert_eq!(decoder.finish(&BytesMut::new()), Ok(()));
    }

    #[test]
    fn an_empty_and_an_oversized_frame_fail_before_their_payload() {
        let decoder = FrameDecoder::new(FrameLimit::new(8));
        let mut buf = BytesMut::from(&[0, 0, 0, 0][..]);
        assert_eq!(decoder.next_frame(&mut buf), Err(FrameError::Empty));
        let mut buf = BytesMut::from(&[0, 0, 0, 9][..]);
        assert_eq!(
            decoder.next_frame(&mut buf),
            Err(FrameError::Oversized {
                length: 9,
                limit: 8
            })
        );
    }

    #[test]
    fn a_corrupt_length_does_not_reserve_gigabytes() {
        let decoder = FrameDecoder::default();
        let mut buf = BytesMut::from(&[0xff, 0xff, 0xff, 0xff, 0x91][..]);
        assert_eq!(decoder.next_frame(&mut buf), Ok(None));
        decoder.reserve(&mut buf);
        assert!(buf.capacity() < 64 * 1024, "{}", buf.capacity());
    }
}
