//! A fast look at encoded MessagePack: is it plainly JSON?
//!
//! Every value that is sent passes here, and almost every one is JSON. So this only says yes or no; what is wrong, and
//! where, is found by a second walk.

use crate::msgpack::MAX_DEPTH;

/// A map or array whose values are being passed.
struct Open {
    is_map: bool,
    /// Values that still have to come; a pair of a map counts two, so an even number means that a key comes next.
    left: u64,
}

/// Whether the value at the start of `buf` has string keys, no bytes, no extensions and finite numbers, and is whole.
pub(super) fn plainly_json(buf: &[u8]) -> bool {
    pass(buf).is_some()
}

fn pass(buf: &[u8]) -> Option<()> {
    let mut outer = Vec::new();
    let mut open = Open {
        is_map: false,
        left: 1,
    };
    let mut at = 0;
    loop {
        while open.left == 0 {
            let Some(around) = outer.pop() else {
                return Some(());
            };
            open = around;
        }
        let is_key = open.is_map && open.left.is_multiple_of(2);
        open.left -= 1;
        let marker = *buf.get(at)?;
        let inner = match marker {
            0xa0..=0xbf | 0xd9..=0xdb => {
                at = behind_string(buf, at, marker)?;
                continue;
            }
            _ if is_key => return None,
            0x80..=0x9f => Some((marker < 0x90, u64::from(marker & 0x0f), 1)),
            0xdc | 0xde => Some((marker == 0xde, number::<2>(buf, at)?, 3)),
            0xdd | 0xdf => Some((marker == 0xdf, number::<4>(buf, at)?, 5)),
            _ => None,
        };
        let Some((is_map, count, head)) = inner else {
            at = behind_scalar(buf, at, marker)?;
            continue;
        };
        if outer.len() >= MAX_DEPTH {
            return None;
        }
        let left = if is_map { 2 * count } else { count };
        outer.push(std::mem::replace(&mut open, Open { is_map, left }));
        at += head;
    }
}

fn behind_string(buf: &[u8], at: usize, marker: u8) -> Option<usize> {
    let (head, length) = match marker {
        0xd9 => (2, number::<1>(buf, at)?),
        0xda => (3, number::<2>(buf, at)?),
        0xdb => (5, number::<4>(buf, at)?),
        _ => (1, u64::from(marker & 0x1f)),
    };
    let end = (at + head).checked_add(usize::try_from(length).ok()?)?;
    (end <= buf.len()).then_some(end)
}

fn behind_scalar(buf: &[u8], at: usize, marker: u8) -> Option<usize> {
    let size = match marker {
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => 1,
        0xcc | 0xd0 => 2,
        0xcd | 0xd1 => 3,
        0xce | 0xd2 => 5,
        0xcf | 0xd3 => 9,
        0xca => {
            let float = f32::from_bits(number::<4>(buf, at)? as u32);
            float.is_finite().then_some(5)?
        }
        0xcb => {
            let float = f64::from_bits(number::<8>(buf, at)?);
            float.is_finite().then_some(9)?
        }
        // Raw bytes, extensions, and the byte that means nothing.
        _ => return None,
    };
    (size <= buf.len() - at).then_some(at + size)
}

/// The big-endian number of `N` bytes behind the marker at `at`.
fn number<const N: usize>(buf: &[u8], at: usize) -> Option<u64> {
    let bytes: &[u8; N] = buf.get(at + 1..)?.first_chunk()?;
    Some(
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}
