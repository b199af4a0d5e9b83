"""Bundles made without Aileron's code: `bundle_assemble.py DIR` writes good and broken ones and prints what each is.

The layout is written down a second time here on purpose, so that a misreading in the Rust code cannot hide in its own tests.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import struct
import sys

import yaml

BINARY = b"#!/bin/sh\nexit 0\n"
SOURCE = "fn main() { /* \u00e9 */ }\n".encode()
METADATA = {
    "airflow_bundle_metadata_version": "1.0",
    "sdk": {"language": "rust", "version": "0.0.1", "supervisor_schema_version": "2026-06-16"},
    "source": "main.rs",
    "dags": {"by_hand": {"tasks": ["one", "two"]}, "on": {"tasks": []}},
    "unknown": {"key": [1, 2]},
}


def trailer(source: int, metadata: int, digest: bytes, version: int = 1, reserved: bytes = bytes(12)) -> bytes:
    return struct.pack("<III", source, metadata, version) + digest + reserved + b"AFBNDL01"


def bundle(metadata: bytes | None = None, **changes) -> bytes:
    metadata = yaml.safe_dump(METADATA).encode() if metadata is None else metadata
    fields = {"source": len(SOURCE), "metadata": len(metadata), "digest": hashlib.sha256(BINARY).digest()}
    return BINARY + SOURCE + metadata + trailer(**(fields | changes))


def broken() -> dict[str, bytes]:
    good = bundle()
    return {
        "cut_short": good[:-1],
        "start_missing": good[5:],
        "never_packed": BINARY * 10,
        "empty": b"",
        "unknown_version": bundle(version=2),
        "reserved_bytes": bundle(reserved=b"\1" + bytes(11)),
        "past_the_start": bundle(source=0xFFFFFFFF),
        "no_binary": SOURCE + trailer(len(SOURCE), 0, hashlib.sha256(b"").digest()),
        "other_digest": bundle(digest=bytes(32)),
        "changed_binary": b"%" + good[1:],
        "metadata_not_utf8": bundle(metadata=b"dags: \xff"),
        "metadata_not_yaml": bundle(metadata=b"{dags: ["),
        "metadata_a_list": bundle(metadata=b"- dags"),
        "metadata_empty": bundle(metadata=b""),
    }


def main(directory: pathlib.Path) -> None:
    files = {"good": bundle()} | broken()
    for name, content in files.items():
        # One directory each: the coordinator searches directories.
        path = directory / name / "bundle"
        path.parent.mkdir()
        path.write_bytes(content)
        path.chmod(0o755)
    print(json.dumps({"good": METADATA, "source": SOURCE.decode(), "broken": sorted(broken())}))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
