//! The AFBNDL01 bundle container and its manifest.

pub mod manifest;
