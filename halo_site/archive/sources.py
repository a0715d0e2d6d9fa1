"""What a backup needs of a database, whichever it is."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from halo_site.archive.manifest import DatabaseFacts
from halo_site.archive.postgres import PostgresSource
from halo_site.archive.sqlite import SqliteSource


class Source(Protocol):
    """The database of this installation, on connections of its own."""

    def held(self) -> AbstractContextManager[None]:
        """Nobody writes to the database within. Raises `WritersBusy`."""

    def pin(self) -> None:
        """From now on `facts` and `dump` see the database as it is at this moment, whoever writes."""

    def facts(self) -> DatabaseFacts:
        """Versions and tables, as pinned."""

    def dump(self, folder: Path) -> None:
        """Write the pinned database into ``folder``. Raises `OSError`."""

    def close(self) -> None:
        """Let go of everything."""


def source_of(connection: Any) -> Source:
    """The source for a Django connection."""
    return SqliteSource(connection) if connection.vendor == "sqlite" else PostgresSource(connection)
