"""Looks at the tables of a database, whatever made them: their schema, rows for them, their rows."""

import json
from typing import Any

RECORDS = ("django_migrations", "_migrations")

POSTGRES_SCHEMA = {
    "columns": """
        SELECT table_name || '.' || column_name, data_type, is_nullable, column_default, identity_generation
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": """
        SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
}
SQLITE_SCHEMA = {"objects": "SELECT name, type, tbl_name, sql FROM sqlite_master"}


def schema_of(connection: Any) -> dict[str, Any]:
    """By name: columns with type, default and nullability, indexes, constraints, as the database has them."""
    questions = SQLITE_SCHEMA if connection.vendor == "sqlite" else POSTGRES_SCHEMA
    found = {}
    with connection.cursor() as cursor:
        for kind, sql in questions.items():
            cursor.execute(sql)
            found |= {f"{kind} {name}": facts for name, *facts in cursor.fetchall()}
    return found


def fill(connection: Any) -> None:
    """Three rows into every table but for the records of migrations, past every model."""
    with connection.cursor() as cursor:
        for table in _parents_first(connection, cursor):
            for number in range(3):
                _insert(connection, cursor, table, number)


def rows_of(connection: Any) -> dict[str, list[dict[str, Any]]]:
    """Table → its rows, sorted."""
    found = {}
    with connection.cursor() as cursor:
        for table in _tables(connection, cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            rows = [{n: _plain(v) for n, v in zip(names, row, strict=True)} for row in cursor.fetchall()]
            found[table] = sorted(rows, key=repr)
    return found


def lost(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Tables of which a row, or a value in a column that is still there, is not what it was."""
    return [table for table, rows in before.items() if not _kept(rows, after.get(table))]


def _kept(rows: list[dict[str, Any]], now: list[dict[str, Any]] | None) -> bool:
    if now is None or len(now) != len(rows):
        return False
    shared = now[0].keys() if now else ()
    return sorted(repr({k: r[k] for k in sorted(r) if k in shared}) for r in rows) == sorted(
        repr({k: r[k] for k in sorted(r) if k in rows[0]}) for r in now
    )


def _tables(connection: Any, cursor: Any) -> list[str]:
    """The tables that hold rows of their own: not those of a full text index, which triggers keep."""
    derived = _of_virtual_tables(cursor) if connection.vendor == "sqlite" else set()
    names = connection.introspection.table_names(cursor)
    return [name for name in names if name not in RECORDS and name not in derived]


def _of_virtual_tables(cursor: Any) -> set[str]:
    cursor.execute("SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')")
    return {row[0] for row in cursor.fetchall()}


def _parents_first(connection: Any, cursor: Any) -> list[str]:
    parents = {
        table: {other for _column, other in connection.introspection.get_relations(cursor, table).values()}
        - {table}
        for table in _tables(connection, cursor)
    }
    ordered: list[str] = []
    while parents:
        ready = sorted(table for table, wanted in parents.items() if wanted <= set(ordered))
        assert ready, f"tables that need each other: {sorted(parents)}"
        ordered += ready
        parents = {table: wanted for table, wanted in parents.items() if table not in ordered}
    return ordered


def _insert(connection: Any, cursor: Any, table: str, number: int) -> None:
    relations = connection.introspection.get_relations(cursor, table)
    values = {}
    for column, kind, may_be_null in _columns(connection, cursor, table):
        if may_be_null and number == 1:
            continue
        if column in relations:
            other_column, other = relations[column]
            kinds = {name: its_kind for name, its_kind, _null in _columns(connection, cursor, other)}
            values[column] = _value(other_column, kinds[other_column], number)
        else:
            values[column] = _value(column, kind, number)
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(["%s"] * len(values))
    cursor.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', [*values.values()])


def _columns(connection: Any, cursor: Any, table: str) -> list[tuple[str, str, bool]]:
    described = connection.introspection.get_table_description(cursor, table)
    return [
        (column.name, connection.introspection.get_field_type(column.type_code, column), column.null_ok)
        for column in described
    ]


def _value(column: str, kind: str, number: int) -> Any:
    """A value of that kind; those of three rows differ wherever three values exist."""
    if kind == "BooleanField":
        return number % 2 == 0
    if kind == "JSONField":
        return json.dumps({"row": number})
    if kind == "BinaryField":
        return bytes([0, 255, number])
    if kind == "DateField":
        return f"2026-01-0{1 + number}"
    if kind == "DateTimeField":
        return f"2026-01-0{1 + number} 10:00:00+00:00"
    if kind == "DecimalField":
        return f"{number}.5"
    if kind in ("BigIntegerField", "BigAutoField"):
        return 1_700_000_000_000 + number
    if kind in ("IntegerField", "AutoField"):
        return 1 + number
    assert kind in ("TextField", "CharField"), f"{column}: nobody said what to write into a {kind}"
    return f"{column} {number}"


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
