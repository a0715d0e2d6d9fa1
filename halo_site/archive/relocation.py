"""Stored paths into the data directory, which must follow it to another place.

Spaces find their folders by themselves (`halo_site.datadir.spaces`). Columns with paths are registered by
the packages that own them, so that this one knows none of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PathColumn:
    """A text column that may hold an absolute path below the data directory."""

    table: str
    column: str


_columns: list[PathColumn] = []


def register_path_column(table: str, column: str) -> None:
    """Let a restore rewrite the paths in this column; called once, when Django is ready."""
    if PathColumn(table, column) not in _columns:
        _columns.append(PathColumn(table, column))


def path_columns() -> tuple[PathColumn, ...]:
    return tuple(_columns)


def statements(before: str, after: str, sign: str) -> Iterator[tuple[str, list[str | int]]]:
    """SQL and its values for a data directory that lay at ``before`` and lies at ``after``.

    ``sign`` is the database's placeholder. Nothing where the place is the same.
    """
    for known in path_columns() if before != after else ():
        column, start = f'"{known.column}"', f"{before.rstrip('/')}/"
        yield (
            f'UPDATE "{known.table}" SET {column} = {sign} || substr({column}, {len(start) + 1}) '  # noqa: S608
            f"WHERE substr({column}, 1, {len(start)}) = {sign}",
            [f"{after.rstrip('/')}/", start],
        )
