//! Orders example.

fn main() {}
