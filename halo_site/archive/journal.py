"""The journal of a restore: what is moved where, written before the first move."""

from pathlib import Path
from typing import Literal

from halo_site.archive.exceptions import RestoreUnfinished
from halo_site.archive.manifest import Part
from halo_site.datadir.paths import data_dir

# In the folder of a former state, under names that nothing in a data directory has:
RECORD = ".halo-kept.json"  # the exchange that put it there
DONE = ".halo-undone.json"  # the same once that was undone
INCOMING = ".halo-incoming"  # the new state, until it is in place
ROWS = ".halo-rows"  # the rows of a PostgreSQL database
FACTS = "facts.json"  # in a folder of rows: which they are


class Move(Part):
    """``target`` goes to ``kept`` if it is there, and ``incoming`` to ``target`` if there is one."""

    target: str
    kept: str
    incoming: str | None


class Rows(Part):
    """The rows of a PostgreSQL database before and after, in folders; None where there were no tables."""

    kept: str | None
    incoming: str | None


class Exchange(Part):
    """One exchange of two states; ``folder`` takes the former one, ``source`` is where the new one lies."""

    id: str
    verb: Literal["restore", "undo_restore"]
    summary: str
    at_ms: int
    folder: str
    source: str
    stays: tuple[str, ...]
    moves: tuple[Move, ...]
    rows: Rows | None = None
    before_directory: str
    phase: Literal["out", "in"] = "out"

    @property
    def words(self) -> str:
        """What it is, as part of a sentence."""
        what = f"the restore of {self.summary}"
        return what if self.verb == "restore" else f"the undoing of {what}"


def journal() -> Path:
    return data_dir().backups / "restore.json"


def unfinished() -> Exchange | None:
    """The exchange that was interrupted, if one was. Raises `RestoreUnfinished` for a damaged journal."""
    try:
        return Exchange.model_validate_json(journal().read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise RestoreUnfinished(
            f"{journal()} cannot be read, so an interrupted restore cannot be finished by itself. "
            f"The former state lies in {data_dir().backups}/before-restore-…"
        ) from error


def refuse_unfinished_restore() -> None:
    """Raise `RestoreUnfinished` while a restore stands half-way: no command may work on that."""
    exchange = unfinished()
    if exchange is not None:
        raise RestoreUnfinished(
            f"A restore was interrupted ({exchange.words}). Finish it: python3 manage.py restore --resume; "
            "or go back: python3 manage.py restore --undo"
        )
