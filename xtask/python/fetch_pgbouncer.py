"""Unpacks PgBouncer from Debian's packages, without installing them: nothing but Python's standard library is needed.

Usage: fetch_pgbouncer.py TARGET

The packages and their digests are fixed. A mirror keeps only current packages; AILERON_DEBIAN_MIRRORS can name others, in
one word separated by spaces.
"""

import hashlib
import io
import os
import platform
import sys
import tarfile
import urllib.request

TIMEOUT_SECONDS = 60
MIRRORS = "http://deb.debian.org/debian http://deb.debian.org/debian-security http://archive.debian.org/debian"

# Debian 12. The libraries are those that a machine may lack.
PACKAGES = {
    "x86_64": {
        "pool/main/p/pgbouncer/pgbouncer_1.18.0-1+deb12u1_amd64.deb":
            "b8468c31f94596da0967b1a27980a0a036268eb8e53d3e647651bd7b82b6f65e",
        "pool/main/c/c-ares/libc-ares2_1.18.1-3_amd64.deb":
            "087fd5c2ac883202e1786ab45617cdab7f77bc7f060d58cca177ddf6b6c3fa73",
    },
}


def download(path, digest):
    problems = []
    for mirror in os.environ.get("AILERON_DEBIAN_MIRRORS", MIRRORS).split():
        url = f"{mirror.rstrip('/')}/{path}"
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
                content = response.read()
        except OSError as problem:
            problems.append(f"{url}: {problem}")
            continue
        if hashlib.sha256(content).hexdigest() == digest:
            return content
        problems.append(f"{url}: another file, its SHA-256 differs")
    sys.exit("\n".join(problems))


def members(archive):
    """Name and content of each file in an archive of the kind `ar`."""
    position = len(b"!<arch>\n")
    while position + 60 <= len(archive):
        header = archive[position : position + 60]
        size = int(header[48:58])
        yield header[:16].decode().strip().rstrip("/"), archive[position + 60 : position + 60 + size]
        # Each begins at an even place.
        position += 60 + size + size % 2


def unpack(package, target):
    for name, content in members(package):
        if name.startswith("data.tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as files:
                files.extractall(target, filter="data")


def main():
    (target,) = sys.argv[1:]
    machine = platform.machine()
    if machine not in PACKAGES:
        sys.exit(f"no package of PgBouncer is pinned for {machine}")
    for path, digest in PACKAGES[machine].items():
        unpack(download(path, digest), target)
    libraries = os.path.join(target, "usr", "lib", f"{machine}-linux-gnu")
    os.symlink(os.path.relpath(libraries, target), os.path.join(target, "libraries"))


if __name__ == "__main__":
    main()
