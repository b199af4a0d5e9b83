//! Sockets in the tables that are there for people to read. The kernel walks through all slots for all connections of the machine
//! to write one: that takes milliseconds.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The inode of the socket that is bound to `own` and connected to `other`.
pub(super) fn inode(own: SocketAddr, other: SocketAddr) -> Option<u64> {
    // A program may use an IPv6 socket for an IPv4 address.
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .find_map(|table| {
            let table = fs::read_to_string(table).ok()?;
            table
                .lines()
                .skip(1)
                .find_map(|row| inode_of_row(row, own, other))
        })
}

/// A row is `slot local remote state queues timer retransmits uid timeout inode ..`.
fn inode_of_row(row: &str, own: SocketAddr, other: SocketAddr) -> Option<u64> {
    let mut columns = row.split_ascii_whitespace().skip(1);
    let is = |column: Option<&str>, wanted| column.and_then(address) == Some(wanted);
    if !is(columns.next(), own) || !is(columns.next(), other) {
        return None;
    }
    columns.nth(6)?.parse().ok().filter(|inode| *inode != 0)
}

/// `0100007F:1F90` is 127.0.0.1:8080: words of four bytes in the byte order of the machine.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| {
        let text = ip.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(text, 16).ok()?.to_ne_bytes())
    };
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for at in 0..4 {
                bytes[at * 4..at * 4 + 4].copy_from_slice(&word(at)?);
            }
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_both_families() {
        let wanted: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        if cfg!(target_endian = "little") {
            assert_eq!(address("0100007F:1F90"), Some(wanted));
            let mapped = "0000000000000000FFFF00000100007F:1F90";
            assert_eq!(address(mapped), Some(wanted));
        }
        for text in [
            "",
            ":",
            "01:1",
            "0100007F",
            "GGGGGGGG:1F90",
            "0100007F:FFFFF",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
