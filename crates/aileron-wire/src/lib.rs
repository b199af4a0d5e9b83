//! The coordinator protocol: frames, messages, schema versions.
