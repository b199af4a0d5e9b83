"""Prints an RSA key as a JSON object: `private`, PKCS #8 as PEM, and `public`, PKCS #1 as DER in base64."""

import base64
import json

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
public = key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
print(json.dumps({"private": private.decode(), "public": base64.b64encode(public).decode()}))
