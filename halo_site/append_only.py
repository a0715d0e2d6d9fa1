"""The triggers by which the database itself refuses to change or to take away a line of the audit log.

They are no lock against whoever owns the database: an owner can drop them. The doctor says when they are not
there. On SQLite they also refuse `REPLACE`, which deletes without a delete trigger; on PostgreSQL `TRUNCATE`,
which fires none of those for rows. A restore, which replaces all tables at once, is let through.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TABLE = "halo_audit_log"
SENTENCE = "Lines of the audit log are only ever added; none is changed or taken away."
NAMES = ("halo_audit_kept_update", "halo_audit_kept_delete", "halo_audit_kept_insert")
SAME = f"SELECT 1 FROM {TABLE} WHERE id = NEW.id"  # noqa: S608 - names of ours
SQLITE = {
    NAMES[0]: f"BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END",
    NAMES[1]: f"BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END",
    NAMES[2]: f"BEFORE INSERT ON {TABLE} WHEN EXISTS ({SAME}) BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END",
}
# A restore drops tables and leaves functions, so it may be there
REFUSE = f"""
    CREATE OR REPLACE FUNCTION halo_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
POSTGRES = {
    NAMES[0]: f"BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION halo_audit_refuse()",
    NAMES[1]: f"BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION halo_audit_refuse()",
}

# Of PostgreSQL alone, and of a migration of its own: SQLite empties a table by DELETE
TRUNCATE = "halo_audit_kept_truncate"
MAKE_TRUNCATE = (
    f"CREATE TRIGGER {TRUNCATE} BEFORE TRUNCATE ON {TABLE} "
    "FOR EACH STATEMENT EXECUTE FUNCTION halo_audit_refuse()"
)
DROP_TRUNCATE = f"DROP TRIGGER IF EXISTS {TRUNCATE} ON {TABLE}"


def making(vendor: str) -> list[str]:
    """The statements that make the triggers for rows."""
    triggers = SQLITE if vendor == "sqlite" else POSTGRES
    before = [] if vendor == "sqlite" else [REFUSE]
    return before + [f"CREATE TRIGGER {name} {words}" for name, words in triggers.items()]


def dropping(vendor: str) -> list[str]:
    """The statements that take them away again: for the way back of their migration."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in SQLITE]
    names = [f"DROP TRIGGER IF EXISTS {name} ON {TABLE}" for name in POSTGRES]
    return [*names, "DROP FUNCTION IF EXISTS halo_audit_refuse()"]


@contextmanager
def emptied_by_restore(cursor: Any) -> Iterator[None]:
    """Let PostgreSQL truncate the table meanwhile. For a restore only, within its transaction."""
    cursor.execute(
        "SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgname = %s", [TABLE, TRUNCATE]
    )
    is_there = cursor.fetchone() is not None  # not in a database of an older version
    if is_there:
        cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER {TRUNCATE}")
    yield
    if is_there:
        cursor.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER {TRUNCATE}")


def missing(connection: Any) -> list[str]:
    """The triggers that should be there and are not, or are switched off."""
    if connection.vendor == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
    else:
        sql = (
            "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) "
            "AND NOT tgisinternal AND tgenabled <> 'D'"
        )
    with connection.cursor() as cursor:
        cursor.execute(sql, [TABLE])
        found = {name for (name,) in cursor.fetchall()}
    wanted = list(SQLITE) if connection.vendor == "sqlite" else [*POSTGRES, TRUNCATE]
    return [name for name in wanted if name not in found]
