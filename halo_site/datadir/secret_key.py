"""The key that signs sessions and links: generated once, kept in the data directory."""

import os
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from halo_site.datadir.paths import data_dir

SHORTEST = 32  # characters


def stored_key(root: Path) -> str:
    """The key in the data directory ``root``, or an empty text where there is none yet. Reads only.

    Raises ImproperlyConfigured for a file that cannot be read or holds no key: a new one in its place would
    sign everybody out and hide the damage.
    """
    path = root / "secret_key"
    try:
        key = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ImproperlyConfigured(
            f"{path} cannot be read: {reason}. Make it readable for this user."
        ) from error
    if len(key) < SHORTEST:
        raise ImproperlyConfigured(
            f"{path} holds no key. Restore it, or delete it: then everybody signs in again."
        )
    return key


def store_secret_key() -> None:
    """Write this process's key to ``secret_key`` (0600) if there is none yet, and use the one that is there.

    Does nothing when ``HALO_SECRET_KEY`` gives the key. Of two first starts at once, one file wins.
    """
    if settings.HALO_SECRET_KEY_GIVEN:
        return
    path = data_dir().secret_key
    if not path.exists():
        own = data_dir().temp / f"secret_key-{os.getpid()}"
        try:
            descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(settings.SECRET_KEY)
                file.flush()
                os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(own, path)  # fails where another process was first, and never shows half a key
        finally:
            own.unlink(missing_ok=True)
    settings.SECRET_KEY = stored_key(data_dir().root)
