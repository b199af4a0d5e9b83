"""Prints what runs have left in a metadata database of Airflow 3.3.2, whoever wrote it.

Arguments: the database (a SQLite file or a URL of PostgreSQL), and a JSON list of pairs of Dag id and run id. The answer has an object for each pair.
"""

import json
import sqlite3
import sys


def columns(names):
    return ", ".join(names.split())


def from_json(column):
    # SQLite keeps a number that stands alone in a JSON column as a number.
    return json.loads(column) if isinstance(column, str) else column


class Reader:
    def __init__(self, path):
        self.postgres = path.startswith("postgresql://")
        if self.postgres:
            import psycopg2.extras

            connection = psycopg2.connect(path)
            # As SQLite has it: JSON is text.
            psycopg2.extras.register_default_json(connection, loads=str)
            psycopg2.extras.register_default_jsonb(connection, loads=str)
            self.database = connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
        else:
            self.database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
            self.database.row_factory = sqlite3.Row

    def rows(self, query, *arguments):
        if self.postgres:
            self.database.execute(query.replace("?", "%s"), arguments)
            return [dict(row) for row in self.database.fetchall()]
        return [dict(row) for row in self.database.execute(query, arguments)]

    def outcome(self, dag_id, run_id):
        run = (dag_id, run_id)
        of_run = "WHERE dag_id = ? AND run_id = ?"
        by_instance = "ORDER BY task_id, map_index"
        [dag_run] = self.rows(f"SELECT state FROM dag_run {of_run}", *run)
        instances, names = {}, {}
        wanted = columns("id task_id map_index state try_number max_tries rendered_map_index")
        for row in self.rows(f"SELECT {wanted} FROM task_instance {of_run} {by_instance}", *run):
            index = row["map_index"]
            name = row["task_id"] if index < 0 else f"{row['task_id']}[{index}]"
            names[row["task_id"], index] = name
            instances[name] = instance = {
                key: row[key] for key in ("state", "try_number", "max_tries", "rendered_map_index")
            }
            instance["earlier_tries"] = []
            query = "SELECT count(*) AS count FROM task_reschedule WHERE ti_id = ?"
            # How often depends on how long the scheduler takes.
            instance["was_rescheduled"] = self.rows(query, row["id"])[0]["count"] > 0

        def put(table, more, add):
            for row in self.rows(f"SELECT task_id, map_index, {columns(more)} FROM {table} {of_run}", *run):
                add(instances[names[row["task_id"], row["map_index"]]], row)

        def earlier(instance, row):
            keys = ("try_number", "state", "retry_reason", "retry_delay_override")
            instance["earlier_tries"].append({key: row[key] for key in keys})

        def xcom(instance, row):
            instance.setdefault("xcoms", {})[row["key"]] = from_json(row["value"])

        def state(instance, row):
            stored = {"value": from_json(row["value"]), "expires": row["expires_at"] is not None}
            instance.setdefault("task_state", {})[row["key"]] = stored

        def rendered(instance, row):
            instance["rendered_fields"] = from_json(row["rendered_fields"])

        put("task_instance_history", "try_number state retry_reason retry_delay_override", earlier)
        put("xcom", "key value", xcom)
        put("task_state_store", "key value expires_at", state)
        put("rendered_task_instance_fields", "rendered_fields", rendered)
        return {
            "state": dag_run["state"],
            "task_instances": instances,
            "asset_events": self.events(run),
            "asset_state": self.asset_state(run),
        }

    def events(self, run):
        events = self.rows(
            "SELECT event.id, event.source_task_id AS task, asset.name, asset.uri, event.extra, event.partition_key "
            "FROM asset_event AS event JOIN asset ON asset.id = event.asset_id "
            "WHERE event.source_dag_id = ? AND event.source_run_id = ? "
            "ORDER BY event.source_task_id, asset.name, event.partition_key, CAST(event.extra AS TEXT)",
            *run,
        )
        for event in events:
            event["extra"] = from_json(event["extra"])
            event["aliases"] = [
                row["name"]
                for row in self.rows(
                    "SELECT alias.name FROM asset_alias_asset_event AS through "
                    "JOIN asset_alias AS alias ON alias.id = through.alias_id WHERE through.event_id = ? ORDER BY alias.name",
                    event.pop("id"),
                )
            ]
        return events

    def asset_state(self, run):
        states = self.rows(
            "SELECT asset.name, state.key, state.value, state.last_updated_by_kind AS kind, "
            "state.last_updated_by_task_id AS task FROM asset_state_store AS state JOIN asset ON asset.id = state.asset_id "
            "WHERE state.last_updated_by_dag_id = ? AND state.last_updated_by_run_id = ? ORDER BY asset.name, state.key",
            *run,
        )
        for state in states:
            state["value"] = from_json(state["value"])
        return states


def main():
    reader = Reader(sys.argv[1])
    print(json.dumps([reader.outcome(*run) for run in json.loads(sys.argv[2])]))


if __name__ == "__main__":
    main()
