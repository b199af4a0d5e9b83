"""What every probe runs in.

It reads the request, opens the metadata database for reading only, and prints one JSON object for each line. It needs
Python 3.8 or newer; the database needs SQLAlchemy 1.4 or newer. Nothing is written anywhere, and what names the
database, its users or their passwords never leaves this process.
"""

import base64
import json
import os
import re
import sys
import time

# Whatever else is printed in here goes to standard error: standard output has nothing but our lines.
_LINES = os.fdopen(os.dup(1), "w", encoding="ascii", newline="\n")
os.dup2(2, 1)

VARIABLES = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__SQL_ALCHEMY_CONN")

_secrets = set()
_names = set()


class Refused(Exception):
    """A failure of a kind that the other side knows."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def scrub(text):
    """The text without anything that names the database or who may use it."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    for name in sorted(_names, key=len, reverse=True):
        text = re.sub(r"(?<![\w.-])" + re.escape(name) + r"(?![\w-])", "***", text)
    text = re.sub(r"://[^\s/@]*@", "://***@", text)
    text = re.sub(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])", "***", text)
    return re.sub(r"\([0-9a-fA-F]*:[0-9a-fA-F:]+\)", "(***)", text)


def send(line):
    json.dump(line, _LINES, separators=(",", ":"))
    _LINES.write("\n")


def connection_string(source):
    """Where the database is: what the environment says, or Airflow itself when it is asked to."""
    if source == "airflow":
        try:
            from airflow.configuration import conf
        except ImportError:
            raise Refused("missing-variable", "there is no Airflow to ask for [database] sql_alchemy_conn") from None
        return conf.get("database", "sql_alchemy_conn")
    for name in VARIABLES:
        if os.environ.get(name):
            return _expanded(os.environ[name])
        if os.environ.get(name + "_CMD"):
            return _output_of(name + "_CMD")
        if os.environ.get(name + "_SECRET"):
            raise Refused(
                "missing-variable",
                name + "_SECRET is set, and only Airflow itself can ask a secrets backend",
            )
    raise Refused("missing-variable", "neither " + " nor ".join(VARIABLES) + " is set")


def _expanded(text):
    """As Airflow does: environment variables and ~, until nothing is left to expand."""
    while True:
        expanded = os.path.expanduser(os.path.expandvars(text))
        if expanded == text:
            return text
        text = expanded


def _output_of(variable):
    """As Airflow does: the command is split as a shell does, and run without one."""
    import shlex
    import subprocess

    command = shlex.split(_expanded(os.environ[variable]))
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.SubprocessError) as error:
        raise Refused("missing-variable", "the command of " + variable + " failed: " + type(error).__name__) from None
    if done.returncode != 0 or not done.stdout.strip():
        raise Refused("missing-variable", "the command of " + variable + " ended with status %d" % done.returncode)
    return done.stdout.decode().strip()


class Database:
    """The metadata database, in one transaction that reads only and has a time limit for each statement."""

    def __init__(self, text, timeout_ms):
        _secrets.add(text)
        import sqlalchemy

        # SQLAlchemy 1.4 and 2 know only one of the names that were used.
        text = re.sub(r"^postgres(?=[:+])", "postgresql", text)
        url = sqlalchemy.engine.make_url(text)
        self._hide(text, url)
        self.dialect = url.get_backend_name()
        self._sqlalchemy = sqlalchemy
        timeout_ms = int(timeout_ms)
        # When a row came last: the time that somebody takes to read them does not count for the limit.
        self._last_row = [time.monotonic()]
        options = {"poolclass": sqlalchemy.pool.NullPool, "hide_parameters": True}
        if url.get_driver_name() in ("psycopg2", "psycopg"):
            # SQLAlchemy would ask for a type that nobody has, in a statement of its own.
            options["use_native_hstore"] = False
        if self.dialect == "sqlite":
            options["creator"] = lambda: _sqlite(url.database, timeout_ms, self._last_row)
        self._connection = sqlalchemy.create_engine(url, **options).connect()
        if self.dialect == "postgresql":
            self._connection = self._connection.execution_options(postgresql_readonly=True)
            self._say("SET LOCAL statement_timeout = %d" % timeout_ms)
        elif self.dialect in ("mysql", "mariadb"):
            self._say("SET SESSION TRANSACTION READ ONLY")
            if self._connection.dialect.is_mariadb:
                # In seconds; MySQL's own name is not known there.
                self._say("SET SESSION max_statement_time = %.3f" % (timeout_ms / 1000))
            else:
                self._say("SET SESSION max_execution_time = %d" % timeout_ms)
        elif self.dialect != "sqlite":
            raise Refused("database", "it is of a kind that is not read: " + self.dialect)

    @staticmethod
    def _hide(text, url):
        _secrets.add(text)
        # The password as it stands in the URL may be quoted.
        authority = text.partition("://")[2].rpartition("@")[0]
        _secrets.update(part for part in (authority, authority.partition(":")[2], str(url.password or "")) if part)
        names = [url.username, url.host]
        if url.get_backend_name() != "sqlite":
            names.append(url.database)
        for key, value in url.query.items():
            if key not in ("sslmode", "charset"):
                names.extend([value] if isinstance(value, str) else value)
        _names.update(name for name in names if name)

    def _say(self, statement):
        self._connection.execute(self._sqlalchemy.text(statement))

    def rows(self, statement, parameters, stream=False):
        """The rows of a SELECT, each as a dict. Names and values of callers are bound, never part of the text."""
        connection = self._connection
        if stream:
            connection = connection.execution_options(stream_results=True, max_row_buffer=200)
        for row in connection.execute(self._sqlalchemy.text(statement), parameters).mappings():
            yield dict(row)
            self._last_row[0] = time.monotonic()


def _sqlite(path, timeout_ms, last_row):
    """A connection that can only read, and never makes a file."""
    import sqlite3
    import urllib.parse

    if not path or not os.path.exists(path):
        raise Refused("database", "the SQLite file of the connection string does not exist here")
    connection = sqlite3.connect("file:" + urllib.parse.quote(path) + "?mode=ro", uri=True, timeout=timeout_ms / 1000)
    connection.set_progress_handler(lambda: time.monotonic() - last_row[0] > timeout_ms / 1000, 10000)
    return connection


def timestamp(value):
    """A time of the database as RFC 3339. Where the database has no zones, Airflow stores UTC."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.replace(" ", "T") + "Z"
    return value.isoformat() + ("Z" if value.tzinfo is None else "")


def _failure(error):
    """The kind of an error, and what may be said about it."""
    if isinstance(error, Refused):
        return error.kind, str(error)
    if isinstance(error, ImportError):
        return "import", "%s cannot be imported" % (error.name or "a module")
    original = getattr(error, "orig", None) or error
    code = getattr(original, "pgcode", None) or getattr(original, "sqlstate", None)
    number = (getattr(original, "args", None) or (None,))[0]
    if code == "57014" or number in ("interrupted", 3024):
        return "timeout", "the statement took too long, and the database ended it"
    kind = "database" if type(error).__module__.startswith("sqlalchemy") else "probe"
    return kind, type(original).__name__ + ": " + scrub(str(original)).strip()


def main(probe, document):
    """Runs a probe on a request, and says how it ended."""
    request = json.loads(base64.b64decode(document))

    def database():
        return Database(connection_string(request["connection"]), request["statement_timeout_ms"])

    count = 0
    try:
        for row in probe(request["request"], database):
            send({"row": row})
            count += 1
            if count % 100 == 0:
                _LINES.flush()
    except BrokenPipeError:
        os._exit(1)
    except Exception as error:
        kind, message = _failure(error)
        send({"failed": {"kind": kind, "message": message}})
        _LINES.flush()
        sys.exit(3)
    send({"end": count})
    _LINES.flush()
