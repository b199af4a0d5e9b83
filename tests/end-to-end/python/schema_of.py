"""Prints what a SQLite file says about its own schema, as JSON."""

import json
import re
import sqlite3
import sys


def rows(connection, pragma, name):
    return [list(row) for row in connection.execute(f'PRAGMA {pragma}("{name}")')]


def table(connection, name, text):
    # Automatic indexes have no name of their own, and foreign keys only a position.
    indexes = {}
    for _, index, unique, origin, partial in rows(connection, "index_list", name):
        columns = rows(connection, "index_xinfo", index)
        indexes[index] = [unique, origin, partial, columns]
    return {
        "columns": rows(connection, "table_xinfo", name),
        "indexes": indexes,
        "foreign_keys": rows(connection, "foreign_key_list", name),
        "text": re.sub(r"\s+", "", text).lower(),
    }


def main():
    connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    master = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    schema = {
        "tables": {name: table(connection, name, text) for kind, name, text in master if kind == "table"},
        "indexes": {name: text for kind, name, text in master if kind == "index"},
        "others": [name for kind, name, _ in master if kind not in ("table", "index")],
        "rows": {},
    }
    for name in schema["tables"]:
        times = {column[1] for column in rows(connection, "table_xinfo", name) if column[2] == "TIMESTAMP"}
        cursor = connection.execute(f'SELECT * FROM "{name}"')
        columns = [column[0] for column in cursor.description]
        content = [[None if c in times else v for c, v in zip(columns, row)] for row in cursor]
        if content:
            schema["rows"][name] = content
    print(json.dumps(schema))


main()
