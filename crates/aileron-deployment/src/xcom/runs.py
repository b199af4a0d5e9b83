"""The newest runs of a Dag: one SELECT."""

# All columns, as Airflow 2 has an execution date where Airflow 3 has a logical date.
SELECT = "SELECT r.* FROM dag_run r WHERE r.dag_id = :dag_id ORDER BY r.id DESC{limit}"


def probe(request, database):
    database = database()
    wanted = {name: value for name, value in request.items() if value is not None}
    statement = SELECT.format(limit=" LIMIT :limit" if "limit" in wanted else "")
    for row in database.rows(statement, wanted, wanted.get("limit", 10**9) > 1000):
        date = row.get("logical_date", row.get("execution_date"))
        yield [
            row["run_id"],
            row["run_type"],
            row["state"],
            timestamp(date),
            timestamp(row["start_date"]),
            timestamp(row["end_date"]),
        ]
