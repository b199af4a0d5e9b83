//! Building and packing this workspace's own bundles.
