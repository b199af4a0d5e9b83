"""What Airflow makes of connections, connection URIs, asset URIs and a configuration file.

Reads one JSON object from standard input and writes one; each list of the answer has the order of its list in the question.
"""

import json
import logging
import sys

from airflow.sdk import Asset, Connection
from airflow.sdk.configuration import conf

logging.disable(logging.CRITICAL)


def read(uri):
    try:
        connection = Connection(conn_id="c", uri=uri)
    except Exception as error:
        return {"refused": str(error)}
    fields = ["conn_type", "host", "schema", "login", "password", "port", "extra"]
    return {name: getattr(connection, name) for name in fields}


question = json.load(sys.stdin)
answer = {
    "uris": [Connection(conn_id="c", **fields).get_uri() for fields in question["connections"]],
    "connections": [read(uri) for uri in question["uris"]],
    "assets": [Asset(name="a", uri=uri).uri for uri in question["assets"]],
    "options": [conf.get(section, key, fallback=None) for section, key in question["options"]],
}
json.dump(answer, sys.stdout)
