"""The triggers by which the database itself refuses to change or to take away a line of the audit log.

They are no lock against whoever owns the database: an owner can drop them. The doctor says when they are not
there. On SQLite they also refuse `REPLACE`, which deletes without a delete trigger. PostgreSQL's `TRUNCATE`
fires none: a restore, which replaces all tables at once, is what it is for.
"""

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
REFUSE = f"""
    CREATE FUNCTION halo_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
POSTGRES = {
    NAMES[0]: f"BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION halo_audit_refuse()",
    NAMES[1]: f"BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION halo_audit_refuse()",
}


def making(vendor: str) -> list[str]:
    """The statements that make the triggers."""
    before = [] if vendor == "sqlite" else [REFUSE]
    return before + [f"CREATE TRIGGER {name} {words}" for name, words in _triggers(vendor).items()]


def dropping(vendor: str) -> list[str]:
    """The statements that take them away again: for the way back of their migration."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in SQLITE]
    names = [f"DROP TRIGGER IF EXISTS {name} ON {TABLE}" for name in POSTGRES]
    return [*names, "DROP FUNCTION IF EXISTS halo_audit_refuse()"]


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
    return [name for name in _triggers(connection.vendor) if name not in found]


def _triggers(vendor: str) -> dict[str, str]:
    return SQLITE if vendor == "sqlite" else POSTGRES
