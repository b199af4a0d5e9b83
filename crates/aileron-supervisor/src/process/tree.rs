//! To whom a connection belongs.
//!
//! A port of the loopback interface can be connected to by every process of the machine. Before a connection is used, its
//! other end is looked up: it must be a socket of the task's process, or of a process that this one started.
//!
//! On Linux the kernel says which socket it is, and `/proc/PID/fd` who has it. Elsewhere nothing is looked up, and the first
//! connection is taken.

use std::net::SocketAddr;

#[cfg(target_os = "linux")]
use super::socket;

/// What is known about the owner of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The process or one of its descendants.
    Task,
    /// Nobody of them, for now: a process that is just being started may not be seen yet.
    Stranger,
}

/// Whether the process `root` or a descendant holds the socket that is bound to `peer` and connected to `local`.
#[cfg(not(target_os = "linux"))]
pub(crate) fn owner(_root: u32, _peer: SocketAddr, _local: SocketAddr) -> Owner {
    Owner::Task
}

/// Whether the process `root` or a descendant holds the socket that is bound to `peer` and connected to `local`.
#[cfg(target_os = "linux")]
pub(crate) fn owner(root: u32, peer: SocketAddr, local: SocketAddr) -> Owner {
    let found = socket::inode(peer, local).is_some_and(|inode| {
        linux::holds(root, inode)
            || linux::descendants(root)
                .into_iter()
                .any(|process| linux::holds(process, inode))
    });
    if found { Owner::Task } else { Owner::Stranger }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::HashMap;
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;

    /// Whether the process has the socket open.
    pub(super) fn holds(process: u32, inode: u64) -> bool {
        let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else {
            return false;
        };
        let wanted = format!("socket:[{inode}]");
        open.flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|target| target.as_os_str().as_bytes() == wanted.as_bytes())
    }

    /// The processes that `root` started, and those that these started.
    pub(super) fn descendants(root: u32) -> Vec<u32> {
        let parents = parents();
        let is_below = |mut process: u32| {
            // Ids are used again, so what is read one after the other could form a ring.
            for _ in 0..parents.len() {
                match parents.get(&process) {
                    Some(parent) if *parent == root => return true,
                    Some(parent) => process = *parent,
                    None => return false,
                }
            }
            false
        };
        parents
            .keys()
            .copied()
            .filter(|process| is_below(*process))
            .collect()
    }

    fn parents() -> HashMap<u32, u32> {
        let Ok(processes) = fs::read_dir("/proc") else {
            return HashMap::new();
        };
        processes
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|process| Some((process, parent(process)?)))
            .collect()
    }

    fn parent(process: u32) -> Option<u32> {
        let stat = fs::read(format!("/proc/{process}/stat")).ok()?;
        // The name in parentheses may hold anything.
        let behind = memchr::memrchr(b')', &stat)? + 1;
        let text = std::str::from_utf8(&stat[behind..]).ok()?;
        text.split_ascii_whitespace().nth(1)?.parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use std::net::{SocketAddr, TcpListener, TcpStream};
        use std::process::{Command, id};

        use super::super::{Owner, owner};
        use super::*;

        #[test]
        fn a_connection_belongs_to_who_made_it_and_to_those_above() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let local = listener.local_addr().unwrap();
            let stream = TcpStream::connect(local).unwrap();
            let peer = stream.local_addr().unwrap();
            assert_eq!(owner(id(), peer, local), Owner::Task);
            assert_eq!(owner(parent(id()).unwrap(), peer, local), Owner::Task);
            let mut other = Command::new("sleep").arg("60").spawn().unwrap();
            assert_eq!(owner(other.id(), peer, local), Owner::Stranger);
            assert!(descendants(id()).contains(&other.id()));
            other.kill().unwrap();
            other.wait().unwrap();
            let unknown: SocketAddr = "127.0.0.1:1".parse().unwrap();
            assert_eq!(owner(id(), unknown, local), Owner::Stranger);
        }
    }
}
