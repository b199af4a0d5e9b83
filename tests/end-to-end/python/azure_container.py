"""Makes a container in an Azure Blob Storage whose URL ends with the name of the account, as Azurite's does.

Usage: azure_container.py URL KEY CONTAINER
"""

import base64
import email.utils
import hashlib
import hmac
import sys
import urllib.parse
import urllib.request


def make(url, key, container):
    path = urllib.parse.urlsplit(url).path
    headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": "2023-11-03"}
    # "Authorize with Shared Key": the method, eleven headers that are empty here, those of Azure, and what is asked of what.
    signed = ["PUT", *[""] * 11, *(f"{name}:{value}" for name, value in headers.items())]
    signed += [f"{path}{path}/{container}", "restype:container"]
    digest = hmac.digest(base64.b64decode(key), "\n".join(signed).encode(), hashlib.sha256)
    headers["authorization"] = f"SharedKey {path.strip('/')}:{base64.b64encode(digest).decode()}"
    request = urllib.request.Request(f"{url}/{container}?restype=container", method="PUT", headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(request).close()


make(*sys.argv[1:])
