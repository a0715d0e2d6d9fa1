"""Installations that tests back up and restore: a directory and a database each, on SQLite and PostgreSQL."""

import json
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from django.db import connection

from halo_site.store.guard import read_only
from tests.processes import environment, everything, manage

SQLITE = connection.vendor == "sqlite"
Rows = list[tuple[Any, ...]]


class Site:
    """One installation; ``url`` is its DATABASE_URL, empty for the SQLite file of its directory."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder, self.url = folder, url

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return manage(self.folder, *arguments, **self.variables)

    def run(self, *arguments: str) -> str:
        """What a command prints; the test fails where the command does."""
        result = self.manage(*arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def refused(self, *arguments: str) -> str:
        """The one line with which a command refuses."""
        result = self.manage(*arguments)
        assert result.returncode == 1, result.stdout
        assert "Traceback" not in result.stderr
        return result.stderr

    @property
    def variables(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url} if self.url else {}

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.folder, DJANGO_SETTINGS_MODULE="halo_site.settings", **self.variables)

    def ask(self, sql: str) -> Rows:
        if self.url:
            import psycopg

            with psycopg.connect(self.url) as database:
                return list(database.execute(sql.encode()))
        with read_only(self.folder / "halo.db", "mode=ro") as cursor:
            return list(cursor.execute(sql))

    def execute(self, sql: str) -> None:
        if self.url:
            import psycopg

            with psycopg.connect(self.url) as database:
                database.execute(sql.encode())
        else:
            with closing(sqlite3.connect(self.folder / "halo.db")) as file, file:
                file.execute(sql)

    def backup(self, *arguments: str) -> Path:
        """Make a backup in ``backups/`` and return it."""
        self.run("backup", *arguments)
        return self.backups[-1]

    @property
    def backups(self) -> list[Path]:
        return sorted((self.folder / "backups").glob("halo-2*.tar.gz"))

    @property
    def connection(self) -> Any:
        """What backup and restore need of a Django connection, for tests within this process."""
        assert not self.url
        return SimpleNamespace(
            vendor="sqlite", settings_dict={"NAME": self.folder / "halo.db"}, close=lambda: None
        )


def state(site: Site) -> dict[str, object]:
    """Files and rows that a restore exchanges, without what restoring itself adds."""
    files = {
        name: content
        for name, content in everything(site.folder).items()
        if not name.startswith(("temp", "backups", "trash", "halo.db", "secret"))
    }
    rows = site.ask("SELECT verb, object_id FROM halo_audit_log WHERE object_type = 'test' ORDER BY id")
    users = site.ask("SELECT username, password FROM auth_user ORDER BY id")
    revisions = site.ask("SELECT place, path, sha256 FROM memory_revisions ORDER BY id")
    return {**files, "rows": rows, "users": users, "revisions": revisions}


def note(site: Site, word: str) -> None:
    """Change files and rows so that this state differs from every other one."""
    site.run("memory_write", "--as", "user", "--scope", "user", "--mode", "append", "--content", word)
    (site.folder / "config.json").write_text(json.dumps({"version": 1, "test": word}))
    site.execute(
        "INSERT INTO halo_audit_log (ts, actor, verb, object_type, object_id, summary)"
        f" VALUES (1, 'test', 'note', 'test', '{word}', '')"
    )


def postgres_url(name: str) -> str:
    facts = connection.settings_dict
    user, password = quote(facts["USER"]), quote(facts["PASSWORD"])
    return f"postgresql://{user}:{password}@{facts['HOST']}:{facts['PORT']}/{name}"


@contextmanager
def new_database(like: str = "") -> Iterator[str]:
    """The URL of a PostgreSQL database for the time of the block, empty or a copy; "" stands for SQLite."""
    if SQLITE:
        yield ""
        return
    import psycopg

    name = f"halo_archive_{uuid.uuid4().hex}"
    template = f" TEMPLATE {like.rpartition('/')[2]}" if like else ""
    with closing(psycopg.connect(postgres_url("postgres"), autocommit=True)) as server:
        server.execute(f"CREATE DATABASE {name}{template}".encode())
        try:
            yield postgres_url(name)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
