//! Which socket a connection has at its other end.

mod diag;
mod table;

use std::net::SocketAddr;

/// The inode of the socket that is bound to `own` and connected to `other`.
pub(super) fn inode(own: SocketAddr, other: SocketAddr) -> Option<u64> {
    // A sandbox may have the tables only.
    diag::inode(own, other).unwrap_or_else(|_| table::inode(own, other))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn both_ways_find_the_same_socket_and_none_where_there_is_none() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(loopback) else {
                eprintln!("skipped: this machine has no {loopback}");
                continue;
            };
            let there = listener.local_addr().unwrap();
            let stream = TcpStream::connect(there).unwrap();
            let here = stream.local_addr().unwrap();
            let by_table = table::inode(here, there);
            assert!(by_table.is_some());
            match diag::inode(here, there) {
                Ok(by_diag) => assert_eq!(by_diag, by_table),
                Err(error) => eprintln!("skipped: no sock_diag here: {error}"),
            }
            assert_eq!(inode(here, there), by_table);
            // The other end is another socket.
            assert_ne!(inode(there, here), by_table);
            // Only somebody who listens is there.
            assert_eq!(inode(there, SocketAddr::new(here.ip(), 1)), None);
            drop((stream, listener));
            let nobody = SocketAddr::new(here.ip(), 1);
            assert_eq!(inode(nobody, there), None);
        }
    }
}
