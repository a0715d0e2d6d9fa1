"""Whose tables a migration touches, by the SQL that it executes."""

import re

from tests.contracts.databases import Statements
from tests.contracts.tables import RECORDS

_NAME = r"[\"`\[]?(?:new__)?(?P<table>\w+)"  # SQLite changes a table by way of a new one: new__<table>
_MADE = re.compile(rf"^\s*CREATE (?:VIRTUAL )?TABLE (?:IF NOT EXISTS )?{_NAME}", re.IGNORECASE)
_TOUCHED = (
    _MADE,
    re.compile(rf"^\s*(?:ALTER|DROP) TABLE (?:IF EXISTS )?(?:ONLY )?{_NAME}", re.IGNORECASE),
    re.compile(rf"^\s*CREATE (?:UNIQUE )?INDEX .*? ON {_NAME}", re.IGNORECASE | re.DOTALL),
    re.compile(rf"^\s*CREATE TRIGGER .*? ON {_NAME}", re.IGNORECASE | re.DOTALL),
    re.compile(
        rf"^\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM|TRUNCATE(?: TABLE)?) {_NAME}", re.IGNORECASE
    ),
)


def owners(statements: Statements) -> dict[str, str]:
    """Table → the namespace that made it."""
    made: dict[str, str] = {}
    for namespace, sql in statements:
        if match := _MADE.match(sql):
            made.setdefault(match["table"], namespace)
    return made


def foreign_touches(statements: Statements) -> list[str]:
    """Statements of one namespace about a table of another."""
    made = owners(statements)
    return [
        f"{namespace}: {sql}"
        for namespace, sql in statements
        for pattern in _TOUCHED
        if (match := pattern.match(sql))
        and match["table"] not in RECORDS
        and made.get(match["table"], namespace) != namespace
    ]
