"""Gets the uv executable from the Python package index with nothing but Python's standard library.

Usage: fetch_uv.py VERSION TARGET

For a Python that cannot make environments with pip, as Debian's without python3-venv.
"""

import hashlib
import html.parser
import io
import os
import platform
import sys
import urllib.parse
import urllib.request
import zipfile

TIMEOUT_SECONDS = 60


class Links(html.parser.HTMLParser):
    """The files of an index page. HTML is the form that every package index speaks."""

    def __init__(self, page):
        super().__init__()
        self.urls = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "a" and (url := dict(attributes).get("href")):
            self.urls.append(url)


def get(url):
    request = urllib.request.Request(url, headers={"Accept": "text/html, */*", "User-Agent": "aileron-xtask"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        return response.read()


def fits(name, version):
    """Whether a file of the index is the wheel of this version for this machine."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    system = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    return name.startswith(f"uv-{version}-py3-none-") and name.endswith(".whl") and system in name and machine in name


def main():
    version, target = sys.argv[1:]
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"
    page = f"{index.rstrip('/')}/uv/"
    for link in Links(get(page).decode()).urls:
        # `.../uv-0.1.0-py3-none-any.whl#sha256=...`
        url, _, fragment = urllib.parse.urljoin(page, link).partition("#")
        name = urllib.parse.unquote(url.rpartition("/")[2])
        if fits(name, version):
            break
    else:
        sys.exit(f"{page} has no wheel of uv {version} for {platform.system()} on {platform.machine()}")
    content = get(url)
    if fragment != f"sha256={hashlib.sha256(content).hexdigest()}":
        sys.exit(f"{name} is not what the index says it is: its SHA-256 differs")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        executable = archive.read(f"uv-{version}.data/scripts/uv")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(executable)
    os.chmod(target, 0o755)


if __name__ == "__main__":
    main()
