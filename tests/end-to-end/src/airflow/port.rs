//! Finding a port that nobody uses.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};

/// Below the ports that Linux hands out by itself: an outgoing connection cannot take a chosen port before it is used.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A TCP port of the loopback interface that is free now.
pub(crate) fn free() -> Result<u16> {
    // Test processes that run at the same time start looking at different places.
    let offset = std::process::id().wrapping_mul(101) as u16;
    (0..COUNT)
        .map(|_| FIRST + offset.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .context("no free port between 20000 and 29999")
}
