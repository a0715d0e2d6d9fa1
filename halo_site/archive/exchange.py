"""Puts a new state in the place of the present one, so that a crash leaves one of the two within reach.

What is to be moved stands in a journal (``backups/restore.json``) before the first move. Each move is one
rename, done in either direction by whoever finds the journal: `finish` goes on to the new state, `revert`
back to the old one. A move that was made already is seen by what lies where. What a stranger put in the way
meanwhile is set aside, and no folder is removed that holds more than our own leftovers.
"""

import logging
import os
import shutil
from pathlib import Path
from typing import Any

from django.db import transaction

from halo_site.archive import postgres
from halo_site.archive.journal import DONE, FACTS, RECORD, Exchange, journal
from halo_site.archive.manifest import DatabaseFacts
from halo_site.archive.relocation import statements
from halo_site.datadir.files import write_atomically
from halo_site.datadir.paths import data_dir

logger = logging.getLogger(__name__)

MARK = """
    INSERT INTO halo_audit_log (ts, actor, verb, object_type, object_id, summary)
    VALUES ({0}, {0}, {0}, {0}, {0}, {0})
"""


def finish(exchange: Exchange, connection: Any) -> None:
    """Go to the new state, from wherever the exchange stands. Raises `OSError` and Django's Error."""
    _note(exchange)
    if exchange.phase == "out":
        for move in exchange.moves:
            if os.path.lexists(move.target) and not os.path.lexists(move.kept):
                os.rename(move.target, move.kept)  # noqa: PTH104 - a link is moved, never followed
        exchange = exchange.model_copy(update={"phase": "in"})
        _note(exchange)
    for move in exchange.moves:
        if move.incoming and os.path.lexists(move.incoming):
            _put(move.incoming, move.target, exchange)
    if exchange.rows and not is_marked(connection, exchange):
        replace_rows(connection, exchange.rows.incoming, exchange)
    _close(exchange)


def revert(exchange: Exchange, connection: Any) -> None:
    """Go back to the former state, from wherever the exchange stands."""
    if exchange.rows and is_marked(connection, exchange):
        replace_rows(connection, exchange.rows.kept, None)
    if exchange.phase == "in":
        for move in exchange.moves:
            if move.incoming and os.path.lexists(move.target) and not os.path.lexists(move.incoming):
                os.rename(move.target, move.incoming)  # noqa: PTH104
        exchange = exchange.model_copy(update={"phase": "out"})
        _note(exchange)
    for move in exchange.moves:
        if os.path.lexists(move.kept):
            _put(move.kept, move.target, exchange)
    if Path(exchange.source, DONE).exists():
        Path(exchange.source, DONE).rename(Path(exchange.source, RECORD))
    _wait_for_disk()
    journal().unlink()
    if exchange.verb == "restore":  # of an undo the new state is a former one, which stays
        for move in exchange.moves:
            if move.incoming and Path(move.incoming).is_file():
                Path(move.incoming).unlink()
    remove_if_ours(Path(exchange.folder))


def remove_if_ours(folder: Path) -> None:
    """Remove a folder of a state from which everything was moved away: only names of our own are left."""
    if folder.is_dir() and all(path.name.startswith(".halo-") for path in folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)


def _put(path: str, target: str, exchange: Exchange) -> None:
    """Rename ``path`` to ``target``, which nobody has anything at; else that is set aside and named."""
    if os.path.lexists(target):
        found = Path(f"{target}.found-{exchange.id}")
        if found.parent == data_dir().root:
            found = data_dir().backups / found.name
        os.rename(target, found)  # noqa: PTH104
        logger.warning("%s was made while a restore was half-way; it is now %s", target, found)
    os.rename(path, target)  # noqa: PTH104


def _note(exchange: Exchange) -> None:
    """Write the journal, after everything that came before it is on the disk."""
    _wait_for_disk()
    write_atomically(journal(), exchange.model_dump_json(indent=1).encode() + b"\n")


def _close(exchange: Exchange) -> None:
    """Everything is in place: keep the record beside the former state, and end the exchange."""
    _wait_for_disk()
    if exchange.verb == "restore":
        write_atomically(Path(exchange.folder, RECORD), exchange.model_dump_json(indent=1).encode() + b"\n")
    elif Path(exchange.source, RECORD).exists():
        Path(exchange.source, RECORD).rename(Path(exchange.source, DONE))
    journal().unlink()
    if exchange.verb == "restore":
        shutil.rmtree(exchange.source, ignore_errors=True)
    else:
        remove_if_ours(Path(exchange.source))


def _wait_for_disk() -> None:
    os.sync()  # folders of several places at once; this is once in a blue moon


def is_marked(connection: Any, exchange: Exchange) -> bool:
    """Whether the rows of the new state are in the database."""
    if "halo_audit_log" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM halo_audit_log WHERE object_type = 'backup' AND object_id = %s AND verb = %s",
            [exchange.id, exchange.verb],
        )
        return cursor.fetchone() is not None


def replace_rows(connection: Any, stored: str | None, exchange: Exchange | None) -> None:
    """Replace all rows in one transaction; those of a new state are marked. None: there were no tables."""
    with transaction.atomic(using=connection.alias, durable=True):
        if stored is None:
            postgres.drop(connection)
            return
        facts = DatabaseFacts.model_validate_json(Path(stored, FACTS).read_bytes())
        postgres.load(connection, Path(stored), facts)
        if exchange is not None:
            with connection.cursor() as cursor:
                adjust(cursor, exchange, "%s")


def adjust(cursor: Any, exchange: Exchange, sign: str) -> None:
    """Let stored paths follow to this place, and write the audit line; ``sign`` is the placeholder."""
    for sql, values in statements(exchange.before_directory, str(data_dir().root), sign):
        cursor.execute(sql, values)
    line = [exchange.at_ms, "command:restore", exchange.verb, "backup", exchange.id, exchange.summary]
    cursor.execute(MARK.format(sign), line)
