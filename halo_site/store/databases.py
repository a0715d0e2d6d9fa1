"""Django's database settings, from a path or from ``DATABASE_URL``."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from halo_site.env import EnvironmentRefused

BUSY_SECONDS = 5
# WAL is set once by `migrate` and stays in the file; a foreign file must not be changed by merely opening it.
SQLITE_PRAGMAS = "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"


def sqlite_database(path: Path) -> dict[str, Any]:
    """SQLite as we use it: IMMEDIATE transactions, a busy timeout, persistent connections."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": BUSY_SECONDS,
            "transaction_mode": "IMMEDIATE",
            "init_command": SQLITE_PRAGMAS,
        },
    }


def database_from(url: str) -> dict[str, Any]:
    """The settings for ``postgresql://user:password@host:port/name?option=…`` or ``sqlite:///path``.

    Raises `EnvironmentRefused` for anything else; the password is not repeated in the message.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise EnvironmentRefused("DATABASE_URL", "…", "it is not a URL") from error
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme == "sqlite" and name:
        return sqlite_database(Path(name if name.startswith("/") else f"/{name}"))
    if parts.scheme not in {"postgres", "postgresql"} or not name:
        wanted = "use postgresql://user:password@host:5432/name or sqlite:////path/halo.db"
        raise EnvironmentRefused("DATABASE_URL", f"{parts.scheme}://…", wanted)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": port or "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def use_write_ahead_log(connection: Any) -> None:
    """Turn a file database to WAL, which it then stays in: readers never wait for a writer."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
