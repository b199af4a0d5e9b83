//! The attribute macros of Aileron.
