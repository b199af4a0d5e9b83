//! One socket, asked of the kernel by its addresses: `sock_diag(7)`.

use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_sys::{Socket, SocketAddr as KernelAddress, protocols::NETLINK_SOCK_DIAG};
use rustix::io::Errno;

/// More than an answer without extensions takes.
const LARGEST_ANSWER: usize = 4096;

/// Any socket with these addresses.
const NO_COOKIE: [u8; 8] = [0xff; 8];

/// The inode of the socket that is bound to `own` and connected to `other`; `None` when there is none.
///
/// # Errors
/// When this kernel, or what stands for one, does not answer such questions.
pub(super) fn inode(own: SocketAddr, other: SocketAddr) -> io::Result<Option<u64>> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&KernelAddress::new(0, 0))?;
    let mut request = NetlinkMessage::from(SockDiagMessage::InetRequest(InetRequest {
        family: match own.ip() {
            IpAddr::V4(_) => AF_INET,
            IpAddr::V6(_) => AF_INET6,
        },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id: SocketId {
            source_port: own.port(),
            destination_port: other.port(),
            source_address: own.ip(),
            destination_address: other.ip(),
            interface_id: 0,
            cookie: NO_COOKIE,
        },
    }));
    request.header.flags = NLM_F_REQUEST;
    request.finalize();
    let mut bytes = vec![0; request.buffer_len()];
    request.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    let mut answer = Vec::with_capacity(LARGEST_ANSWER);
    socket.recv(&mut answer, 0)?;
    read(&answer, other)
}

fn read(answer: &[u8], other: SocketAddr) -> io::Result<Option<u64>> {
    let strange = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let answer = NetlinkMessage::<SockDiagMessage>::deserialize(answer)
        .map_err(|error| strange(&error.to_string()))?;
    match answer.payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => {
            // Where nobody is connected, who listens there is an answer too.
            let connected = found.header.socket_id.destination_port == other.port();
            Ok(Some(u64::from(found.header.inode)).filter(|inode| connected && *inode != 0))
        }
        NetlinkPayload::Error(error) => match error.to_io() {
            error if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) => Ok(None),
            error => Err(error),
        },
        _ => Err(strange("an answer to another question")),
    }
}
